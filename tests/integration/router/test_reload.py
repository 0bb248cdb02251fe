"""A new supergraph under load: no request fails, none sees half of it, and the old one is let go."""

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from router.app import RouterApp, Surroundings, build_app
from router.settings import RouterSettings
from router.snapshot.build import build_snapshot
from router.snapshot.load import FileSource
from tests.fakes.http_server import HttpServer, serving
from tests.fakes.shop import Shop


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def supergraph(tmp_path: Path, shop: Shop) -> Path:
    path = tmp_path / "supergraph.graphql"
    path.write_text(shop.supergraph())
    return path


@pytest.fixture
async def running(supergraph: Path, shop: Shop) -> AsyncIterator[tuple[RouterApp, HttpServer]]:
    subgraphs = {"products": shop.products_subgraph(), "reviews": shop.reviews_subgraph()}
    settings = RouterSettings(reload_seconds=0.005)
    app = build_app(settings, FileSource(supergraph), Surroundings(subgraphs=subgraphs))
    async with serving(app) as server:
        yield app, server


async def test_swaps_under_load_fail_no_request(
    running: tuple[RouterApp, HttpServer], supergraph: Path, shop: Shop
) -> None:
    app, server = running
    seen: set[str] = set()
    is_over = False

    async def ask(session: aiohttp.ClientSession) -> int:
        asked = 0
        while not is_over:
            query = {"query": f"{{ products {{ name reviews {{ text }} }} a{asked % 7}: __typename }}"}
            async with session.post(f"{server.url}/graphql", json=query) as response:
                answer = await response.json()
            assert response.status == 200
            assert "errors" not in answer
            asked += 1
        return asked

    async with aiohttp.ClientSession() as session:
        asking = [asyncio.create_task(ask(session)) for _ in range(8)]
        async with asyncio.timeout(60):
            for number in range(10):
                before = app.router.snapshots.current.id
                supergraph.write_text(shop.supergraph(f"http://{number}"))
                while app.router.snapshots.current.id == before:
                    await asyncio.sleep(0.001)
                seen.add(app.router.snapshots.current.id)
        is_over = True
        counts = await asyncio.gather(*asking)

    assert len(seen) == 10
    assert min(counts) > 0


async def test_a_subscription_survives_a_swap(
    running: tuple[RouterApp, HttpServer], supergraph: Path, shop: Shop
) -> None:
    app, server = running
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{server.url}/graphql", protocols=["graphql-transport-ws"]) as socket,
    ):
        await socket.send_json({"type": "connection_init"})
        await socket.receive_json()
        payload = {"query": "subscription { reviewAdded { text product { name } } }"}
        await socket.send_json({"id": "1", "type": "subscribe", "payload": payload})
        async with asyncio.timeout(5):
            while not shop.added:
                await asyncio.sleep(0.001)
        app.router.snapshots.swap(build_snapshot(shop.supergraph("http://new")))

        mutation = {"query": 'mutation { review(product: "2", text: "After") { id } }'}
        async with session.post(f"{server.url}/graphql", json=mutation) as response:
            assert response.status == 200

        event = (await socket.receive_json())["payload"]["data"]["reviewAdded"]
        assert event == {"text": "After", "product": {"name": "Desk"}}


async def test_the_old_supergraph_is_let_go(
    running: tuple[RouterApp, HttpServer], supergraph: Path, shop: Shop
) -> None:
    app, server = running
    query = {"query": "{ products { name } }"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{server.url}/graphql", json=query) as response,
    ):
        await response.read()
    schema = weakref.ref(app.router.snapshots.current.schema)

    app.router.snapshots.swap(build_snapshot(shop.supergraph("http://new")))

    async with asyncio.timeout(10):
        while schema() is not None:
            gc.collect()
            await asyncio.sleep(0.01)
