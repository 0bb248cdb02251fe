"""The users subgraph over the session's stores."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from common.access.principal import Principal
from common.clock import SystemClock
from common.db.event_log import DatabaseEventLog
from common.db.pages import CursorCodec
from common.db.session import Database
from common.events.bus import Bus, redis_bus
from common.events.hub import Hub
from common.graphql.executor import Answer
from common.graphql.subgraph import Subgraph
from common.mail import Mail
from common.resources import Resources
from subgraphs.users.app import build_parts, build_subgraph
from subgraphs.users.service.parts import UsersParts
from subgraphs.users.settings import UsersSettings

Ask = Callable[..., Awaitable[Answer]]


class KeptMail:
    """Keeps what was sent, for tests to read."""

    def __init__(self) -> None:
        self.sent: list[Mail] = []

    async def send(self, mail: Mail) -> None:
        """Keep the message."""
        self.sent.append(mail)


@pytest.fixture(scope="session")
async def bus(redis_url: str) -> AsyncIterator[Bus]:
    bus = redis_bus(redis_url)
    await bus.open()
    yield bus
    await bus.close()


@pytest.fixture(scope="session")
async def hub(database: Database, bus: Bus) -> AsyncIterator[Hub]:
    hub = Hub(bus, DatabaseEventLog(database))
    await hub.open()
    yield hub
    await hub.close()


@pytest.fixture
def resources(database: Database, hub: Hub) -> Resources:
    return Resources(database=database, hub=hub, clock=SystemClock(), cursors=CursorCodec("tests"))


@pytest.fixture
def mailer() -> KeptMail:
    return KeptMail()


@pytest.fixture
def parts(mailer: KeptMail) -> UsersParts:
    return build_parts(UsersSettings(), secret="a platform secret for tests, long enough", mailer=mailer)


@pytest.fixture
def subgraph(resources: Resources, parts: UsersParts) -> Subgraph[UsersParts]:
    return build_subgraph(resources, parts)


@pytest.fixture
def ask(subgraph: Subgraph[UsersParts]) -> Ask:
    """Ask the subgraph something as somebody."""

    async def ask(principal: Principal, document: str, **variables: Any) -> Answer:
        return await subgraph.executor.execute(document, variables, principal=principal)

    return ask
