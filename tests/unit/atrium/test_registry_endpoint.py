"""A registry elsewhere: whatever answers there, a command ends with one clear line."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from aiohttp import web

from atrium.failure import Failed
from atrium.registry import Registry, RegistryRefused
from atrium.registry_endpoint import AtEndpoint

GRAPH = {"data": {"graph": {"id": "R3JhcGg", "name": "shop"}}}


class Platform:
    """Answers what it is told to, and remembers what it was asked."""

    def __init__(self) -> None:
        self.answers: list[web.Response] = []
        self.asked: list[Mapping[str, Any]] = []
        self.keys: list[str | None] = []

    async def answer(self, request: web.Request) -> web.Response:
        """The next answer."""
        self.asked.append(await request.json())
        self.keys.append(request.headers.get("authorization"))
        return self.answers.pop(0)


@pytest.fixture
async def platform() -> AsyncIterator[tuple[Platform, str]]:
    """An endpoint and its address."""
    made = Platform()
    app = web.Application()
    app.router.add_post("/graphql", made.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    yield made, f"http://{host}:{port}/graphql"
    await runner.cleanup()


def reach(url: str, api_key: str | None = "atr_key") -> AtEndpoint:
    return AtEndpoint(url=url, api_key=api_key, graph="shop")


async def read(registry: Registry) -> Mapping[str, Any]:
    return await registry.read("name")


async def test_a_graph_is_found_by_name_and_read_with_the_key(platform: tuple[Platform, str]) -> None:
    elsewhere, url = platform
    elsewhere.answers = [web.json_response(GRAPH), web.json_response(GRAPH)]

    assert await reach(url).open(read) == {"id": "R3JhcGg", "name": "shop"}

    assert [asked["variables"] for asked in elsewhere.asked] == [{"name": "shop"}, {"id": "R3JhcGg"}]
    assert elsewhere.keys == ["Bearer atr_key"] * 2


async def test_errors_in_a_payload_and_above_are_refusals(platform: tuple[Platform, str]) -> None:
    elsewhere, url = platform
    refused = {"errors": [{"code": "SCHEMA_DOES_NOT_COMPOSE", "message": "no"}]}
    above = {"errors": [{"message": "who?", "extensions": {"code": "UNAUTHENTICATED"}}]}
    elsewhere.answers = [
        web.json_response(GRAPH),
        web.json_response({"data": {"subgraphRetire": refused}}),
        web.json_response(above, status=401),
    ]

    with pytest.raises(RegistryRefused) as in_payload:
        await reach(url).open(lambda registry: registry.change("subgraphRetire", "isNew", name="a"))
    with pytest.raises(RegistryRefused) as on_top:
        await reach(url).open(read)

    assert in_payload.value.errors == refused["errors"]
    assert on_top.value.errors == [{"code": "UNAUTHENTICATED", "message": "who?"}]


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        (b"<html>", 502, "answered 502 without JSON"),
        (b"", 200, "answered 200 without JSON"),
        (b"[]", 200, "not one of GraphQL"),
        (b"{}", 200, "not one of GraphQL"),
        (b'{"data": null}', 200, "not one of GraphQL"),
        (b'{"errors": ["no"]}', 200, "not one of GraphQL"),
        (b'{"errors": "no"}', 200, "not one of GraphQL"),
        (b'{"data": {}}', 200, "There is no graph 'shop'"),
        (b'{"data": {"graph": null}}', 200, "There is no graph 'shop'"),
        (b" " * 65 * 1024 * 1024, 200, "larger than"),
    ],
)
async def test_anything_else_is_said_in_a_sentence(
    platform: tuple[Platform, str], body: bytes, status: int, message: str
) -> None:
    elsewhere, url = platform
    elsewhere.answers = [web.Response(body=body, status=status)]

    with pytest.raises(Failed, match=message):
        await reach(url).open(read)


async def test_nobody_is_sent_elsewhere_with_the_schema(platform: tuple[Platform, str]) -> None:
    elsewhere, url = platform
    elsewhere.answers = [web.Response(status=307, headers={"location": url})]

    with pytest.raises(Failed, match="answered 307: it is elsewhere"):
        await reach(url).open(read)

    assert len(elsewhere.asked) == 1


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/graphql", "http://a_b/", "https://[::1]:1/"])
async def test_addresses_that_lead_nowhere(url: str) -> None:
    with pytest.raises(Failed, match="cannot be asked"):
        await reach(url).open(read)


@pytest.mark.parametrize(
    "url", ["nonsense", "http://", "ftp://a", "file:///etc/passwd", "http://me:hidden@a/", "http://[a/"]
)
async def test_what_is_no_address_is_not_asked_and_not_shown(url: str) -> None:
    with pytest.raises(Failed, match="has to be an http:// or https:// URL") as failed:
        await reach(url).open(read)
    assert "hidden" not in str(failed.value)


@pytest.mark.parametrize(
    ("url", "api_key", "warns"),
    [
        ("http://elsewhere.invalid/graphql", "atr_key", True),
        ("HTTP://elsewhere.invalid/graphql", "atr_key", True),
        ("http://elsewhere.invalid/graphql", None, False),
        ("https://elsewhere.invalid/graphql", "atr_key", False),
        ("http://127.0.0.1:1/graphql", "atr_key", False),
        ("http://[::1]:1/graphql", "atr_key", False),
    ],
)
async def test_a_key_that_travels_unencrypted_is_warned_of(
    url: str, api_key: str | None, warns: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(Failed):
        await reach(url, api_key).open(read)

    said = capsys.readouterr()
    assert ("unencrypted" in said.err) is warns
    assert said.out == ""
    assert "atr_key" not in said.err
