"""What a router serves besides the graph: health, pass-through, explorer."""

import asyncio
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import aiohttp
import pytest

from router.app import Surroundings, build_app
from router.artefacts.reader import SourceUnavailable
from router.http.explorer import Explorer
from router.settings import RouterSettings
from router.snapshot.build import Snapshot
from router.snapshot.load import FileSource, TextSource
from tests.fakes.http_server import serving
from tests.fakes.shop import Shop
from tests.integration.router.conftest import SETTINGS, Platform, started


async def test_alive_and_ready(in_production: Platform) -> None:
    alive, ready = await in_production.send("GET", "/healthz"), await in_production.send("GET", "/readyz")

    assert (alive.status, alive.body) == (200, {"status": "alive"})
    assert (ready.status, ready.body) == (200, {"status": "ready"})


class Away:
    """A source whose supergraph never comes."""

    may_come_later = True
    serial = 0

    async def load(self) -> Snapshot | None:
        return None


async def test_a_router_without_a_supergraph_is_alive_but_not_ready() -> None:
    app = build_app(RouterSettings(), Away())
    async with serving(app) as server, aiohttp.ClientSession() as session:
        async with session.get(f"{server.url}/readyz") as ready:
            assert (ready.status, await ready.json()) == (
                503,
                {"status": "not ready", "missing": ["supergraph"]},
            )
        async with session.get(f"{server.url}/healthz") as alive:
            assert alive.status == 200
        async with session.post(f"{server.url}/graphql", json={"query": "{ __typename }"}) as answer:
            assert answer.status == 503
            assert (await answer.json())["errors"][0]["extensions"]["code"] == "NOT_READY"


async def test_whatever_a_process_needs_is_part_of_ready() -> None:
    async def broken() -> bool:
        raise ConnectionError

    async def fine() -> bool:
        return True

    surroundings = Surroundings(ready={"postgresql": broken, "redis": fine})
    app = build_app(RouterSettings(), TextSource(Shop().supergraph()), surroundings)
    async with (
        serving(app) as server,
        aiohttp.ClientSession() as session,
        session.get(f"{server.url}/readyz") as ready,
    ):
        assert (await ready.json())["missing"] == ["postgresql"]


async def test_a_configured_prefix_reaches_the_subgraphs_own_http(platform: Platform) -> None:
    answer = await platform.send(
        "POST",
        "/.well-known/keys?a=b%20c",
        data=b"hello",
        headers={"atrium-identity": "forged", "x-request-id": "r-9"},
    )

    assert answer.status == 200
    assert answer.headers["etag"] == '"1"'
    assert answer.headers["x-request-id"] == "r-9"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert (answer.body["path"], answer.body["query"]) == ("/.well-known/keys", "a=b%20c")
    assert answer.body["body"] == "hello"
    assert "atrium-identity" not in answer.body["headers"]


async def test_only_the_refresh_cookie_passes_a_prefix(platform: Platform) -> None:
    cookies = {"cookie": "session=secret; __Host-atrium-refresh=r1"}

    answer = await platform.send("GET", "/.well-known/keys", headers=cookies)

    assert answer.body["headers"]["cookie"] == "__Host-atrium-refresh=r1"
    [set_cookie] = answer.headers.getall("set-cookie")
    assert set_cookie.startswith("__Host-atrium-refresh=r2; ")


@pytest.mark.parametrize("over_http", [True, False])
async def test_no_cookie_passes_a_prefix_of_a_subgraph_that_owns_none(over_http: bool) -> None:
    settings = replace(SETTINGS, cookie_subgraphs=frozenset({"reviews"}))
    async for platform in started(settings, over_http=over_http):
        answer = await platform.send(
            "GET", "/.well-known/keys", headers={"cookie": "__Host-atrium-refresh=r1"}
        )

        assert answer.status == 200
        assert "cookie" not in answer.body["headers"]
        assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "path",
    ["/.well-known/keysx", "/.well-known", "/.well-known/keys/../secret", "/.well-known/keys/%2e%2e/x"],
)
async def test_only_the_prefix_itself_is_passed_through(over_http: Platform, path: str) -> None:
    reader_path = path.encode()

    reader, writer = await asyncio.open_connection("127.0.0.1", over_http.server.port)
    writer.write(b"GET %s HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n" % reader_path)
    status_line = await reader.readline()
    writer.close()

    assert b" 404 " in status_line


async def test_bodies_for_passthrough_are_limited_too(platform: Platform) -> None:
    answer = await platform.send("POST", "/.well-known/keys", data=BytesIO(b"x" * 1_048_577))

    assert (answer.status, answer.codes) == (413, ["PAYLOAD_TOO_LARGE"])


async def test_a_dead_subgraph_behind_a_prefix_is_a_bad_gateway(over_http: Platform) -> None:
    await over_http.servers["products"].stop()

    answer = await over_http.send("GET", "/.well-known/keys")

    assert (answer.status, answer.body) == (502, "products could not be reached.")


async def test_a_browser_that_opens_the_graph_gets_a_page_with_a_strict_policy(platform: Platform) -> None:
    answer = await platform.send(
        "GET", headers={"accept": "text/html,application/xhtml+xml,*/*;q=0.8", "sec-fetch-site": "none"}
    )

    assert "<html" in answer.body.lower()
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "http:" not in policy
    assert answer.headers["x-frame-options"] == "DENY"


async def test_a_missing_build_says_what_to_do(tmp_path: Path) -> None:
    page = Explorer(tmp_path / "nothing").page("r-1")

    assert page.status_code == 503
    assert b"make setup" in bytes(page.body)


async def test_scripts_of_the_explorer_are_served_from_the_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html><html></html>")
    (tmp_path / "assets" / "index-1.js").write_text("1")
    monkeypatch.setattr("router.app.Explorer", lambda: Explorer(tmp_path))
    async for platform in started(SETTINGS, over_http=False):
        page = await platform.send("GET", headers={"accept": "text/html"})
        script = await platform.send("GET", "/explorer-assets/assets/index-1.js")
        outside = await platform.send("GET", "/explorer-assets/%2e%2e/%2e%2e/app.py")

        assert (page.status, script.status, outside.status) == (200, 200, 404)
        assert script.headers["content-type"].startswith("text/javascript")
        assert "immutable" in script.headers["cache-control"]


async def test_metrics_are_shown_when_wanted() -> None:
    async for platform in started(replace(SETTINGS, metrics=True), over_http=False):
        await platform.ask('{ echo(text: "x") }')
        await platform.ask("{ nonsense }")

        shown = (await platform.send("GET", "/metrics")).body

        assert 'atrium_router_stage_duration_seconds_count{stage="request"} 2.0' in shown
        assert 'atrium_router_stage_duration_seconds_count{stage="execute"} 1.0' in shown
        refused = 'atrium_router_refused_total{code="GRAPHQL_VALIDATION_FAILED",stage="validate"} 1.0'
        assert refused in shown
        assert 'atrium_router_cache_entries{cache="plan"} 1.0' in shown
        assert 'atrium_router_circuit_open{subgraph="reviews"} 0.0' in shown
        assert "atrium_router_open_sockets 0.0" in shown
        fetches = 'atrium_router_fetch_duration_seconds_count{outcome="ok",subgraph="products"} 1.0'
        assert fetches in shown


def test_a_text_that_cannot_be_read_is_said_to_be_unavailable(tmp_path: Path) -> None:

    with pytest.raises(SourceUnavailable, match="missing"):
        FileSource(tmp_path / "missing.graphql").read_if_changed()
