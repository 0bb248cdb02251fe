"""`python -m router` as a process: it starts, answers, takes up a new supergraph and stops in order."""

import asyncio
import json
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from router.__main__ import main
from tests.factories.ports import free_port
from tests.fakes.http_server import serving
from tests.fakes.shop import Shop

ROOT = Path(__file__).parents[3]


@asynccontextmanager
async def served(supergraph: Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """A router process that answers, and its address."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "router",
        "serve",
        "--supergraph",
        str(supergraph),
        "--port",
        str(port),
        cwd=ROOT,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        async with asyncio.timeout(30), aiohttp.ClientSession() as session:
            while not await _is_ready(session, url):
                assert process.returncode is None
                await asyncio.sleep(0.02)
        yield process, url
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _is_ready(session: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with session.get(f"{url}/readyz") as response:
            return response.status == 200
    except aiohttp.ClientError:
        return False


async def ask(session: aiohttp.ClientSession, url: str, query: str) -> Any:
    async with session.post(f"{url}/graphql", json={"query": query}) as response:
        return await response.json()


async def test_it_answers_takes_up_a_new_supergraph_and_finishes_what_it_began(tmp_path: Path) -> None:
    shop = Shop()
    products, reviews = shop.products_subgraph(), shop.reviews_subgraph()
    async with (
        serving(products.app()) as first,
        serving(reviews.app()) as second,
        aiohttp.ClientSession() as session,
    ):
        supergraph = tmp_path / "supergraph.graphql"
        text = shop.supergraph(f"{first.url}/graphql", f"{second.url}/graphql")
        supergraph.write_text(text)
        async with served(supergraph) as (process, url):
            assert await ask(session, url, '{ echo(text: "x") }') == {"data": {"echo": "x"}}

            supergraph.write_text(text.replace("  echo(text", "  said(text"))
            async with asyncio.timeout(10):
                while "errors" not in await ask(session, url, '{ echo(text: "x") }'):
                    await asyncio.sleep(0.02)

            slow = asyncio.create_task(ask(session, url, "{ wait }"))
            async with asyncio.timeout(5):
                while not any("wait" in call.document for call in products.calls):
                    await asyncio.sleep(0.005)
            process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(10):
                while await _is_ready(session, url):
                    await asyncio.sleep(0.02)
            shop.may_answer.set()

            assert await slow == {"data": {"wait": "waited"}}
            async with asyncio.timeout(10):
                await process.wait()


async def test_open_streams_and_sockets_are_ended_and_do_not_hold_up_the_end(tmp_path: Path) -> None:
    shop = Shop()
    products, reviews = shop.products_subgraph(), shop.reviews_subgraph()
    async with (
        serving(products.app()) as first,
        serving(reviews.app()) as second,
        aiohttp.ClientSession() as session,
    ):
        supergraph = tmp_path / "supergraph.graphql"
        supergraph.write_text(shop.supergraph(f"{first.url}/graphql", f"{second.url}/graphql"))
        async with served(supergraph) as (process, url):
            body = {"query": "subscription { reviewAdded { id } }"}
            accept = {"accept": "multipart/mixed;subscriptionSpec=1.0"}
            async with (
                session.post(f"{url}/graphql", json=body, headers=accept) as response,
                session.ws_connect(f"{url}/graphql", protocols=["graphql-transport-ws"]) as socket_,
            ):
                await socket_.send_json({"type": "connection_init"})
                assert await socket_.receive_json() == {"type": "connection_ack"}
                async with asyncio.timeout(10):
                    while not shop.added:
                        await asyncio.sleep(0.005)
                process.send_signal(signal.SIGTERM)
                text = await response.read()
                closing = await socket_.receive(timeout=20)
                assert (closing.type, closing.data) == (aiohttp.WSMsgType.CLOSE, 1001)
            async with asyncio.timeout(20):
                assert await process.wait() in (0, -signal.SIGTERM)

    assert b'"code":"SHUTTING_DOWN"' in text
    assert text.endswith(b"\r\n--graphql--\r\n")


@pytest.mark.parametrize("name", ["missing.graphql", "broken.graphql", "odd.graphql"])
def test_a_supergraph_that_cannot_be_used_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    (tmp_path / "broken.graphql").write_text("type Query { a: Int }")
    at_odds = Shop().supergraph().replace('@join__type(graph: REVIEWS, key: "id")', "")
    (tmp_path / "odd.graphql").write_text(at_odds)

    code = main(["serve", "--supergraph", str(tmp_path / name), "--port", str(free_port())])

    assert code == 1
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


@pytest.fixture
def supergraph(tmp_path: Path) -> str:
    path = tmp_path / "supergraph.graphql"
    path.write_text(Shop().supergraph())
    return str(path)


def test_a_taken_port_is_named(supergraph: str, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code = main(["serve", "--supergraph", supergraph, "--port", str(port)])

    assert code == 1
    assert capsys.readouterr().err.strip() == f"Port {port} on 127.0.0.1 is taken by another program."


def test_a_plan_is_explained_as_text_and_as_json(supergraph: str, capsys: pytest.CaptureFixture[str]) -> None:
    query = "{ products { reviews { id } } }"

    assert main(["explain", "--supergraph", supergraph, query]) == 0
    assert "fetch 1 from reviews" in capsys.readouterr().out
    assert main(["explain", "--supergraph", supergraph, "--format", "json", query]) == 0
    assert len(json.loads(capsys.readouterr().out)["fetches"]) == 2


def test_what_cannot_be_planned_says_why(supergraph: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "--supergraph", supergraph, "{ nonsense }"]) == 1
    assert capsys.readouterr().err.startswith("GRAPHQL_VALIDATION_FAILED: ")


def test_a_supergraph_is_checked(supergraph: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--supergraph", supergraph]) == 0
    assert capsys.readouterr().out.endswith("is a supergraph of products, reviews.\n")
