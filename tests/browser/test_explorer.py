"""A person opens the endpoint in a browser, runs a query and sees the answer."""

from collections.abc import Iterator

import pytest
from playwright.async_api import Page, Request, async_playwright

from atrium.demo_people import ORGANISATIONS, PASSWORD
from tests.browser.run import CHROMIUM
from tests.e2e.running import Platform, started

pytestmark = pytest.mark.browser

QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """The whole platform, started as a person starts it."""
    with started(tmp_path_factory.mktemp("browser") / "data") as platform:
        yield platform


async def test_the_explorer_runs_a_query_and_shows_the_answer(platform: Platform) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        page = await browser.new_page()
        foreign: list[str] = []
        problems: list[str] = []

        def note_request(request: Request) -> None:
            if not request.url.startswith((platform.address, "data:", "blob:")):
                foreign.append(request.url)

        page.on("request", note_request)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)

        await page.goto(f"{platform.address}/graphql")
        owner = ORGANISATIONS[0].people[0]
        query = (
            f'mutation Enter {{ signIn(input: {{email: "{owner.email}", password: "{PASSWORD}"}}) '
            "{ __typename ... on SignedIn { expiresAt } } }"
        )
        await write_query(page, query)
        # GraphiQL has read the new text when the tab carries the operation's name.
        await page.get_by_role("tab").get_by_text("Enter").wait_for()
        await page.keyboard.press("Control+Enter")

        answer = page.locator(".result-window")
        await answer.get_by_text('"SignedIn"').wait_for()
        assert foreign == []
        assert problems == []
        await browser.close()


async def write_query(page: Page, text: str) -> None:
    """Replace what stands in the query editor."""
    editor = page.locator(".graphiql-query-editor .monaco-editor").first
    await editor.wait_for()
    await editor.click()
    await page.keyboard.press("Control+A")
    await page.keyboard.press("Delete")
    await page.keyboard.insert_text(text)
