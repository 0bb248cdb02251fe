"""Subgraph and router are killed, as processes, under two hundred subscriptions: nobody misses an event."""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from schema.compose import Subgraph, compose
from tests.factories.ports import free_port
from tests.fakes.ticking import SDL

ROOT = Path(__file__).parents[3]
CLIENTS = 200
LANES = 20  # clients of one lane share a source
TICK = 0.2
PLENTY = 60.0
TRANSPORTS = ("ws", "sse", "multipart", "callback")


@dataclass
class Process:
    """One that can be killed, and started again at the same port."""

    arguments: tuple[str, ...]
    port: int
    environment: Mapping[str, str] = field(default_factory=dict)
    process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Return when it accepts connections."""
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", *self.arguments, cwd=ROOT, env={**os.environ, **self.environment}
        )
        async with asyncio.timeout(PLENTY):
            while not await self._is_there():
                assert self.process.returncode is None
                await asyncio.sleep(0.02)

    async def kill(self) -> None:
        """End it without a word."""
        assert self.process is not None
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()

    async def _is_there(self) -> bool:
        try:
            _, writing = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return False
        writing.close()
        return True


@dataclass
class World:
    """A subgraph, the router in front of it, and a client session."""

    subgraph: Process
    router: Process
    session: aiohttp.ClientSession


@asynccontextmanager
async def world_in(folder: Path) -> AsyncIterator[World]:
    """One process that is a subgraph for each transport."""
    port, own_port = free_port(), free_port()
    subgraph = Process(("tests.fakes.ticking", str(port), str(time.time()), str(TICK)), port)
    url = f"{subgraph.url}/graphql"
    subgraphs = [Subgraph(name=name, url=url, sdl=SDL.replace("ticked", name)) for name in TRANSPORTS]
    supergraph = folder / "supergraph.graphql"
    supergraph.write_text(compose(subgraphs).supergraph_sdl)
    arguments = ("router", "serve", "--supergraph", str(supergraph), "--port", str(own_port))
    sources = [{"subgraph": name, "transport": name} for name in TRANSPORTS]
    router = Process(
        arguments,
        own_port,
        {
            "ATRIUM_ROUTER_SUBSCRIPTION_SOURCES": json.dumps(sources),
            "ATRIUM_ROUTER_SUBSCRIPTION_CALLBACK_URL": f"http://127.0.0.1:{own_port}",
            "ATRIUM_ROUTER_SUBSCRIPTION_HEARTBEAT_SECONDS": "0.5",
            "ATRIUM_ROUTER_SUBSCRIPTION_RECONNECT_SECONDS": "60",
        },
    )
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:
        try:
            await subgraph.start()
            await router.start()
            yield World(subgraph, router, session)
        finally:
            await router.kill()
            await subgraph.kill()


@dataclass
class Client:
    """Listens, comes back when it is cut off, and checks that one tick follows the other."""

    world: World
    number: int
    first: int | None = None
    last: int | None = None
    opened: int = 0
    problems: list[Any] = field(default_factory=list)

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            with suppress(aiohttp.ClientError, OSError, asyncio.IncompleteReadError):
                await (self._by_socket() if self.number % 2 else self._by_events())
            await asyncio.sleep(0.05)

    def _payload(self) -> dict[str, Any]:
        name = TRANSPORTS[self.number // 2 % 4]
        query = f"subscription ($lane: Int!) {{ ticked: {name}(lane: $lane) }}"
        payload: dict[str, Any] = {"query": query, "variables": {"lane": self.number % LANES}}
        if self.last is not None and self.number % 2:
            payload["extensions"] = {"lastEventId": str(self.last)}
        return payload

    async def _by_events(self) -> None:
        headers = {"accept": "text/event-stream"}
        if self.last is not None:
            headers["last-event-id"] = str(self.last)
        url = f"{self.world.router.url}/graphql"
        async with self.world.session.post(url, json=self._payload(), headers=headers) as response:
            if response.status != 200:
                return  # not ready yet
            self.opened += 1
            async for line in response.content:
                if line.startswith(b"data: "):
                    self._note(json.loads(line.removeprefix(b"data: ")))

    async def _by_socket(self) -> None:
        url = f"{self.world.router.url}/graphql"
        async with self.world.session.ws_connect(url, protocols=["graphql-transport-ws"]) as socket:
            await socket.send_json({"type": "connection_init"})
            await socket.send_json({"id": "1", "type": "subscribe", "payload": self._payload()})
            self.opened += 1
            async for message in socket:
                received = message.json()
                if received["type"] == "next":
                    self._note(received["payload"])
                elif received["type"] in ("error", "complete"):
                    self.problems.append(received)

    def _note(self, response: dict[str, Any]) -> None:
        if "errors" in response:
            self.problems.append(response)
            return
        tick = response["data"]["ticked"]
        if self.last is not None and tick != self.last + 1:
            self.problems.append((self.last, tick))
        if response["extensions"]["eventId"] != str(tick):
            self.problems.append(response)
        self.first = tick if self.first is None else self.first
        self.last = tick


@asynccontextmanager
async def listening(world: World) -> AsyncIterator[list[Client]]:
    """All clients, each of which has heard something."""
    clients = [Client(world, number) for number in range(CLIENTS)]
    tasks = [asyncio.create_task(client.run()) for client in clients]
    try:
        await until_all_heard(clients, 1)
        yield clients
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def until_all_heard(clients: list[Client], tick: int) -> None:
    async with asyncio.timeout(PLENTY):
        while any((client.last or 0) < tick for client in clients):
            assert [client.problems for client in clients if client.problems] == []
            await asyncio.sleep(0.02)


def newest(clients: list[Client]) -> int:
    return max(client.last or 0 for client in clients)


async def test_who_is_killed_under_subscriptions_costs_no_event(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world, listening(world) as clients:
        await world.subgraph.kill()
        died_at = newest(clients)
        await world.subgraph.start()
        await until_all_heard(clients, died_at + 5)
        # No client has noticed anything.
        assert {client.opened for client in clients} == {1}

        await world.router.kill()
        died_at = newest(clients)
        await world.router.start()
        await until_all_heard(clients, died_at + 5)
        # Each came back behind what it had seen last.
        assert min(client.opened for client in clients) > 1
        assert all(client.problems == [] for client in clients)
