"""Redis and PostgreSQL die under subscriptions: who comes back behind the last event misses none."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from atrium.demo_people import ORGANISATIONS, PASSWORD
from common.graphql.event_ids import position_of
from tests.e2e.running import Platform, started

pytestmark = pytest.mark.platform

OWNER = ORGANISATIONS[0].people[0].email
CLIENTS = 40
PLENTY = 90.0
LISTEN = "subscription { userChanged { kind user { name } } }"
RENAME = """mutation ($input: UserUpdateInput!) {
  userUpdate(input: $input) { user { name } errors { __typename message } }
}"""


@dataclass
class Client:
    """Listens, over a socket or by events, and comes back behind what it has seen."""

    address: str
    session: aiohttp.ClientSession
    token: str
    by_socket: bool
    heard: list[tuple[str, str]] = field(default_factory=list)
    opened: int = 0

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            with suppress(aiohttp.ClientError, OSError, TimeoutError):
                await (self._socket() if self.by_socket else self._events())
            await asyncio.sleep(0.1)

    def _payload(self) -> dict[str, Any]:
        payload: dict[str, Any] = {"query": LISTEN}
        if self.heard:
            payload["extensions"] = {"lastEventId": self.heard[-1][0]}
        return payload

    async def _events(self) -> None:
        headers = {"accept": "text/event-stream", "authorization": f"Bearer {self.token}"}
        url = f"{self.address}/graphql"
        async with self.session.post(url, json=self._payload(), headers=headers) as response:
            if response.status != 200:
                return
            self.opened += 1
            async for line in response.content:
                if line.startswith(b"data: ") and not self._note(json.loads(line[6:])):
                    return

    async def _socket(self) -> None:
        url = f"{self.address}/graphql"
        async with self.session.ws_connect(url, protocols=["graphql-transport-ws"]) as socket:
            bearer = {"authorization": f"Bearer {self.token}"}
            await socket.send_json({"type": "connection_init", "payload": bearer})
            await socket.send_json({"id": "1", "type": "subscribe", "payload": self._payload()})
            self.opened += 1
            async for message in socket:
                received = message.json()
                if received["type"] in ("error", "complete"):
                    return
                if received["type"] == "next" and not self._note(received["payload"]):
                    return

    def _note(self, response: dict[str, Any]) -> bool:
        """Whether it was an event."""
        if response.get("errors") or not response.get("data"):
            return False
        name = response["data"]["userChanged"]["user"]["name"]
        self.heard.append((response["extensions"]["eventId"], name))
        return True


@dataclass
class Renaming:
    """Changes a name, again and again until it is done."""

    platform: Platform
    session: aiohttp.ClientSession
    token: str
    user_id: str
    done: list[str] = field(default_factory=list)

    async def to(self, name: str) -> None:
        """Ask until it was answered without an error."""
        async with asyncio.timeout(PLENTY):
            while not await self._asked(name):
                await asyncio.sleep(0.1)
        self.done.append(name)

    async def _asked(self, name: str) -> bool:
        body = {"query": RENAME, "variables": {"input": {"id": self.user_id, "name": name}}}
        headers = {"authorization": f"Bearer {self.token}"}
        try:
            async with self.session.post(
                f"{self.platform.address}/graphql", json=body, headers=headers
            ) as response:
                answer = await response.json()
        except (aiohttp.ClientError, OSError):
            return False
        return "errors" not in answer and not answer["data"]["userUpdate"]["errors"]


@asynccontextmanager
async def listening(renaming: Renaming) -> AsyncIterator[list[Client]]:
    """All clients, each of which has heard something."""
    clients = [
        Client(renaming.platform.address, renaming.session, renaming.token, number % 2 == 0)
        for number in range(CLIENTS)
    ]
    tasks = [asyncio.create_task(client.run()) for client in clients]
    try:
        number = 0
        async with asyncio.timeout(PLENTY):
            while not all(client.heard for client in clients):
                number += 1
                await renaming.to(f"First {number}")
                await asyncio.sleep(0.2)
        yield clients
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def until_heard(clients: list[Client], name: str) -> None:
    async with asyncio.timeout(PLENTY):
        while not all(client.heard[-1][1] == name for client in clients):
            await asyncio.sleep(0.05)


def kill(platform: Platform, store: str) -> None:
    [server] = [
        pid
        for pid, program in platform.processes().items()
        if os.path.basename(program).startswith(store) and _parent_of(pid) == platform.process.pid
    ]
    os.kill(server, signal.SIGKILL)


def _parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


async def test_stores_die_under_subscriptions_and_no_event_is_missed(tmp_path: Path) -> None:
    with started(tmp_path / "data") as platform:
        token = platform.sign_in(OWNER, PASSWORD)
        viewer = platform.graphql("{ viewer { id } }", token=token).data["viewer"]["id"]
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            renaming = Renaming(platform, session, token, viewer)
            async with listening(renaming) as clients:
                for store in ("redis", "postgres"):
                    opened = sum(client.opened for client in clients)
                    kill(platform, store)
                    for number in range(5):
                        await renaming.to(f"Without {store} {number}")
                    await until_heard(clients, f"Without {store} 4")
                    if store == "redis":  # it only wakes: nobody notices that it is away
                        assert sum(client.opened for client in clients) == opened
                await renaming.to("Last")
                await until_heard(clients, "Last")
            everything = await replayed(renaming, clients)

    assert len(set(everything)) == len(everything) >= 11  # each change that was answered, and perhaps others
    for client in clients:
        heard = [id for id, _ in client.heard]
        begun = everything.index(heard[0])
        assert heard == everything[begun : begun + len(heard)]


async def replayed(renaming: Renaming, clients: list[Client]) -> list[str]:
    """Ids of all events between the first and the last that anybody heard, as the log has them."""
    ids = sorted({id for client in clients for id, _ in client.heard}, key=position_of)
    client = Client(renaming.platform.address, renaming.session, renaming.token, True, [(ids[0], "")])
    task = asyncio.create_task(client.run())
    async with asyncio.timeout(PLENTY):
        while position_of(client.heard[-1][0]) < position_of(ids[-1]):
            await asyncio.sleep(0.05)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return [id for id, _ in client.heard]
