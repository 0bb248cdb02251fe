"""`atrium serve router --registry` as a process: it follows what is activated, and nothing else moves it."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from common.access.signing import generate_key, private_key_to_text, public_key_to_text
from common.ids import uuid7
from tests.factories.ports import free_port
from tests.fakes.http_server import HttpServer, serving
from tests.fakes.registry import Registry
from tests.fakes.shop import Shop

ATRIUM = Path(sys.executable).with_name("atrium")
ECHO = '{ echo(text: "x") }'


@dataclass(kw_only=True)
class Running:
    """One router process, from outside."""

    process: asyncio.subprocess.Process
    url: str
    log: Path
    session: aiohttp.ClientSession

    async def ask(self, query: str = ECHO) -> tuple[int, Any]:
        """Status and body of an operation."""
        async with self.session.post(f"{self.url}/graphql", json={"query": query}) as response:
            return response.status, await response.json()

    async def answers(self, query: str, data: Any) -> None:
        """Return when it does; fail when it never does."""
        await self.until(lambda: self._is_answered(query, data))

    async def until(self, holds: Callable[[], Awaitable[bool]]) -> None:
        """Wait for it, for a minute: a busy machine takes long to start Python."""
        try:
            async with asyncio.timeout(60):
                while not await holds():
                    await asyncio.sleep(0.01)
        except TimeoutError:
            raise AssertionError(self.log.read_text()) from None

    async def is_ready(self) -> bool:
        """It has a supergraph."""
        async with self.session.get(f"{self.url}/readyz") as response:
            return response.status == 200

    async def loads(self, outcome: str) -> float:
        """How often looking for a supergraph went so."""
        return await self._metric(f'atrium_router_supergraph_loads_total{{outcome="{outcome}"}}')

    async def serial(self) -> float:
        """The serial in use."""
        return await self._metric("atrium_router_supergraph_serial")

    async def _metric(self, name: str) -> float:
        async with self.session.get(f"{self.url}/metrics") as response:
            found = re.search(rf"^{re.escape(name)} (\S+)$", await response.text(), re.MULTILINE)
        assert found is not None
        return float(found[1])

    async def _is_answered(self, query: str, data: Any) -> bool:
        return await self.ask(query) == (200, {"data": data})


@dataclass(kw_only=True)
class World:
    """A registry, the shop behind its supergraphs, and what a router is told."""

    registry: Registry
    server: HttpServer
    folder: Path
    environment: dict[str, str]
    sdl: Callable[[int], str]
    started: int = field(default=0)

    @asynccontextmanager
    async def router(self, *options: str, is_ready: bool = True) -> AsyncIterator[Running]:
        """A router process that follows the registry; stopped in order at the end."""
        self.started += 1
        log, port = self.folder / f"router-{self.started}.log", free_port()
        arguments = ["serve", "router", "--registry", self.server.url, "--port", str(port), *options]
        with log.open("wb") as errors:
            process = await asyncio.create_subprocess_exec(
                str(ATRIUM), *arguments, stdout=errors, stderr=errors, env=self.environment
            )
        try:
            async with aiohttp.ClientSession() as session:
                running = Running(process=process, url=f"http://127.0.0.1:{port}", log=log, session=session)
                await _listens(running)
                if is_ready:
                    await running.until(running.is_ready)
                yield running
            process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(60):
                await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


async def _listens(running: Running) -> None:
    async def is_alive() -> bool:
        assert running.process.returncode is None, running.log.read_text()
        try:
            async with running.session.get(f"{running.url}/healthz") as response:
                return response.status == 200
        except aiohttp.ClientError:
            return False

    await running.until(is_alive)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """Nothing is active yet. `sdl(n)` adds a field `new<n>`."""
    shop, router, registry = Shop(), generate_key(), Registry()
    registry.routers = (router.public_key(),)
    products, reviews = shop.products_subgraph(), shop.reviews_subgraph()
    async with (
        serving(products.app()) as first,
        serving(reviews.app()) as second,
        serving(registry.app()) as server,
    ):
        text = shop.supergraph(f"{first.url}/graphql", f"{second.url}/graphql")

        def sdl(number: int) -> str:
            return (
                text.replace(
                    "type Query @join",
                    f"type New{number} @join__type(graph: PRODUCTS) {{ a: Int }}\ntype Query @join",
                    1,
                )
                if number
                else text
            )

        own = {
            "ATRIUM_ROUTER_KEY": private_key_to_text(router),
            "ATRIUM_ARTEFACT_PUBLIC_KEYS": public_key_to_text(registry.key.public_key()),
            "ATRIUM_ROUTER_RELOAD_SECONDS": "0.02",
            "ATRIUM_ROUTER_METRICS": "yes",
            "ATRIUM_ENV": "development",
            "ATRIUM_DATA_FOLDER": str(tmp_path / "data"),
        }
        foreign = ("ATRIUM_", "DATABASE_URL", "REDIS_URL")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
        yield World(registry=registry, server=server, folder=tmp_path, environment=kept | own, sdl=sdl)
        shop.may_answer.set()


def has_type(number: int) -> str:
    """Asks whether the supergraph of this number is the one in use."""
    return f'{{ __type(name: "New{number}") {{ name }} }}'


def named(number: int) -> dict[str, Any]:
    """It is."""
    return {"__type": {"name": f"New{number}"}}


async def test_twenty_activations_under_load_fail_no_request(world: World) -> None:
    world.registry.activate(world.sdl(0))
    async with world.router() as router:
        is_over, asked = False, [0] * 6

        async def load(asker: int) -> None:
            while not is_over:
                query = f"{{ products {{ name reviews {{ text }} }} a{asked[asker] % 5}: __typename }}"
                status, body = await router.ask(query)
                assert (status, "errors" in body) == (200, False), body
                asked[asker] += 1

        asking = [asyncio.create_task(load(asker)) for asker in range(len(asked))]
        for number in range(1, 21):
            world.registry.activate(world.sdl(number))
            await router.answers(has_type(number), named(number))
        is_over = True
        await asyncio.gather(*asking)

        assert min(asked) > 0
        assert sum(asked) > 20
        assert (await router.loads("used"), await router.serial()) == (21, 21)
        assert router.process.returncode is None


async def test_what_is_active_is_asked_for_by_its_tag(world: World) -> None:
    world.registry.activate(world.sdl(0))
    async with world.router() as router:
        await router.until(_later(lambda: len(world.registry.statuses) > 20))

        assert list(world.registry.statuses).count(200) == 1
        assert set(world.registry.statuses) == {200, 304}
        assert await router.loads("used") == 1


async def test_the_last_good_copy_serves_a_router_that_starts_while_the_registry_is_away(
    world: World,
) -> None:
    world.registry.activate(world.sdl(1))
    async with world.router() as router:
        await router.answers(has_type(1), named(1))
    await world.server.stop()

    async with world.router() as router:
        await router.answers(has_type(1), named(1))
        await router.answers(ECHO, {"echo": "x"})
        assert "the last good copy serves" in router.log.read_text()
        await world.server.start()
        world.registry.activate(world.sdl(2))
        await router.answers(has_type(2), named(2))


async def test_a_spoilt_copy_is_said_and_waited_without(world: World) -> None:
    graph = ("--graph", str(world.registry.graph))
    world.registry.activate(world.sdl(1))
    async with world.router(*graph) as router:
        await router.answers(has_type(1), named(1))
    (copy,) = (world.folder / "data" / "supergraphs").iterdir()
    copy.write_bytes(copy.read_bytes()[:-7])
    world.registry.is_away = True

    async with world.router(*graph, is_ready=False) as router:
        status, body = await router.ask()
        assert (status, body["errors"][0]["extensions"]["code"]) == (503, "NOT_READY")
        assert not await router.is_ready()
        assert (
            "The artefact is not to be trusted: the text was changed or cut short" in router.log.read_text()
        )
        world.registry.is_away = False
        await router.answers(has_type(1), named(1))


async def test_bad_artefacts_change_nothing_and_are_said_and_counted(world: World) -> None:
    sdl, signed = world.sdl(9), world.registry.signed
    bad = {
        "no known key": signed(sdl, serial=9, key=generate_key()),
        "is not to be trusted: the first line": b"x" * 5_000 + sdl.encode(),
        "changed or cut short": signed(sdl, serial=9)[:-1],
        "Its serial is 1": signed(sdl, serial=1),
        "It is another text under the serial in use": signed(sdl, serial=2),
        "It is signed for the graph": signed(sdl, serial=9, graph=uuid7()),
        "It is signed for the variant 'app'": signed(sdl, serial=9, variant="app"),
    }
    for number in (0, 1):
        world.registry.activate(world.sdl(number))
    async with world.router("--graph", str(world.registry.graph)) as router:
        for said, text in bad.items():
            before = await router.loads("refused")
            world.registry.hand_out(text, "", tag='"bad"')
            await router.until(_async(lambda: router.loads("refused"), before + 3))

            assert await router.ask(has_type(1)) == (200, {"data": named(1)})
            assert await router.ask(has_type(9)) == (200, {"data": {"__type": None}})
            assert router.log.read_text().count(said) == 1
        world.registry.activate(world.sdl(2))
        await router.answers(has_type(2), named(2))


async def test_a_signed_text_that_is_no_supergraph_changes_nothing_and_is_fetched_once(world: World) -> None:
    world.registry.activate(world.sdl(1))
    async with world.router() as router:
        world.registry.statuses.clear()
        world.registry.activate("type Query { a: Int }")
        await router.until(_async(lambda: router.loads("unusable"), 1))
        await router.until(_later(lambda: len(world.registry.statuses) > 10))

        assert list(world.registry.statuses).count(200) == 1
        assert await router.loads("unusable") == 1
        assert await router.ask(has_type(1)) == (200, {"data": named(1)})
        world.registry.activate(world.sdl(1))
        await router.until(_async(router.serial, 3))


async def test_an_answer_without_an_end_is_cut_off_and_none_at_all_holds_up_no_request(world: World) -> None:
    world.registry.activate(world.sdl(1))
    async with world.router() as router:
        world.registry.is_endless = True
        await router.until(_async(lambda: router.loads("unavailable"), 1))

        assert "answered with more than" in router.log.read_text()
        assert await router.ask(has_type(1)) == (200, {"data": named(1)})
        world.registry.is_endless = False
        world.registry.activate(world.sdl(2))
        await router.answers(has_type(2), named(2))
        world.registry.hangs = True
        for _ in range(50):
            assert await router.ask() == (200, {"data": {"echo": "x"}})


async def test_a_router_serves_the_variant_it_was_told(world: World) -> None:
    world.registry.activate(world.sdl(1))
    world.registry.activate(world.sdl(2), variant="app")
    async with world.router("--variant", "app") as router:
        await router.answers(has_type(2), named(2))
        world.registry.activate(world.sdl(3))
        world.registry.activate(world.sdl(4), variant="app")
        await router.answers(has_type(4), named(4))
        assert await router.ask(has_type(3)) == (200, {"data": {"__type": None}})


async def test_a_variant_that_is_not_active_is_not_stood_in_for(world: World) -> None:
    async with world.router("--variant", "app", is_ready=False) as router:
        await router.until(_async(lambda: router.loads("unavailable"), 2))

        assert (await router.ask())[0] == 503


async def test_the_platforms_own_supergraph_serves_until_one_is_active(world: World) -> None:
    async with world.router() as router:
        await router.answers(
            '{ __type(name: "Organization") { name } }', {"__type": {"name": "Organization"}}
        )
        world.registry.activate(world.sdl(1))
        await router.answers(has_type(1), named(1))


async def test_a_router_whose_key_the_registry_does_not_know_learns_nothing(world: World) -> None:
    world.registry.activate(world.sdl(1))
    world.registry.routers = (generate_key().public_key(),)
    async with world.router() as router:
        assert "The registry answered with the HTTP status 401." in router.log.read_text()
        assert await router.ask(has_type(1)) == (200, {"data": {"__type": None}})


def _later(holds: Callable[[], bool]) -> Callable[[], Awaitable[bool]]:
    async def ask() -> bool:
        return holds()

    return ask


def _async(value: Callable[[], Awaitable[float]], least: float) -> Callable[[], Awaitable[bool]]:
    async def ask() -> bool:
        return await value() >= least

    return ask
