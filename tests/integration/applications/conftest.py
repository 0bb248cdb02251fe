"""The applications subgraph over the session's stores."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from common.access.principal import Principal
from common.clock import SystemClock
from common.db.event_log import DatabaseEventLog
from common.db.pages import CursorCodec
from common.db.session import Database
from common.events.bus import redis_bus
from common.events.hub import Hub
from common.graphql.executor import Answer
from common.graphql.subgraph import Subgraph
from common.resources import Resources
from subgraphs.applications.app import build_parts, build_subgraph
from subgraphs.applications.service.parts import ApplicationsParts
from subgraphs.applications.settings import ApplicationsSettings

Ask = Callable[..., Awaitable[Answer]]


@pytest.fixture(scope="session")
async def hub(database: Database, redis_url: str) -> AsyncIterator[Hub]:
    bus = redis_bus(redis_url)
    await bus.open()
    hub = Hub(bus, DatabaseEventLog(database))
    await hub.open()
    yield hub
    await hub.close()
    await bus.close()


@pytest.fixture
def resources(database: Database, hub: Hub) -> Resources:
    return Resources(database=database, hub=hub, clock=SystemClock(), cursors=CursorCodec("tests"))


@pytest.fixture
def subgraph(resources: Resources) -> Subgraph[ApplicationsParts]:
    return build_subgraph(resources, build_parts(ApplicationsSettings(environments_per_application=5)))


@pytest.fixture
def ask(subgraph: Subgraph[ApplicationsParts]) -> Ask:
    """Ask the subgraph something as somebody."""

    async def ask(principal: Principal, document: str, **variables: Any) -> Answer:
        return await subgraph.executor.execute(document, variables, principal=principal)

    return ask
