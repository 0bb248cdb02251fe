"""What browsers are told about pages of other origins."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from router.settings import RouterSettings, SettingRefused, with_environment
from tests.integration.router.conftest import SETTINGS, Platform, started

APP, OTHER = "https://app.example.com", "https://evil.example"
ASKS = {"access-control-request-method": "POST", "access-control-request-headers": "authorization"}


@pytest.fixture
async def listing() -> AsyncIterator[Platform]:
    """One origin is listed."""
    settings = replace(SETTINGS, cors_origins=frozenset({APP}), forwarded_headers=frozenset({"x-tenant"}))
    async for each in started(settings, over_http=False):
        yield each


@pytest.fixture
async def open_to_all() -> AsyncIterator[Platform]:
    """One origin is listed, and so is everybody."""
    settings = replace(SETTINGS, cors_origins=frozenset({APP, "*"}))
    async for each in started(settings, over_http=False):
        yield each


def told(headers: dict[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items() if name.lower().startswith("access-")}


async def test_a_listed_page_may_ask_and_read_with_cookies(listing: Platform) -> None:
    preflight = await listing.send("OPTIONS", headers={"origin": APP, **ASKS})
    answer = await listing.ask("{ __typename }", {"origin": APP})
    refusal = await listing.ask("{", {"origin": APP})

    assert preflight.status == 200
    assert preflight.headers["access-control-allow-methods"] == "GET, POST"
    assert preflight.headers["access-control-max-age"] == "7200"
    allowed = preflight.headers["access-control-allow-headers"].split(", ")
    assert {"authorization", "content-type", "x-tenant"} <= set(allowed)
    for each in (preflight, answer, refusal):
        assert each.headers["access-control-allow-origin"] == APP
        assert each.headers["access-control-allow-credentials"] == "true"
        assert "origin" in each.headers["vary"]
    assert answer.headers.getall("vary") == ["accept, accept-encoding, origin"]
    assert not listing.products.calls


@pytest.mark.parametrize("origin", [OTHER, "null", f"{APP}.evil.example", "http://app.example.com", "*", ""])
async def test_another_page_is_told_nothing(listing: Platform, origin: str) -> None:
    preflight = await listing.send("OPTIONS", headers={"origin": origin, **ASKS})
    answer = await listing.ask("{ __typename }", {"origin": origin})

    assert preflight.status == 403
    assert told(preflight.headers) == told(answer.headers) == {}
    assert answer.status == 200  # it is the browser that keeps it from the page
    assert "origin" in answer.headers["vary"]


async def test_programs_are_told_nothing(listing: Platform) -> None:
    assert told((await listing.ask("{ __typename }")).headers) == {}


async def test_everybody_may_read_but_not_with_cookies(open_to_all: Platform) -> None:
    preflight = await open_to_all.send("OPTIONS", headers={"origin": OTHER, **ASKS})
    answer = await open_to_all.ask("{ __typename }", {"origin": OTHER})
    listed = await open_to_all.ask("{ __typename }", {"origin": APP})

    for each in (preflight, answer):
        assert each.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in each.headers
    assert listed.headers["access-control-allow-credentials"] == "true"


async def test_events_reach_listed_pages(listing: Platform) -> None:
    query = '{ echo(text: "x") }'
    answer = await listing.ask(query, {"origin": APP, "accept": "text/event-stream"})

    assert answer.headers["access-control-allow-origin"] == APP


@pytest.mark.parametrize("method", ["OPTIONS", "POST"])
async def test_nothing_is_open_by_default(in_production: Platform, method: str) -> None:
    answer = await in_production.send(
        method, headers={"origin": APP, **ASKS}, json={"query": "{ __typename }"}
    )

    assert told(answer.headers) == {}
    assert answer.status == (405 if method == "OPTIONS" else 200)


async def test_answers_are_for_pages_of_the_same_origin(in_production: Platform) -> None:
    answer = await in_production.ask("{ __typename }")

    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert answer.headers["cache-control"] == "no-store"


def test_origins_are_read_from_the_environment() -> None:
    variable = {"ATRIUM_ROUTER_CORS_ORIGINS": "https://a.example, http://localhost:3000,*"}

    settings = with_environment(RouterSettings(), variable)

    assert settings.cors_origins == {"https://a.example", "http://localhost:3000", "*"}


@pytest.mark.parametrize(
    "text",
    ["a.example", "null", "https://a.example/", "https://*.example", "https://u@a.example", "ftp://a"],
)
def test_what_no_browser_would_name_is_refused(text: str) -> None:
    with pytest.raises(SettingRefused):
        with_environment(RouterSettings(), {"ATRIUM_ROUTER_CORS_ORIGINS": text})
