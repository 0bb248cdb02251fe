"""The platform's own graph: one, the first organisation's; its own schemas belong to the platform."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from common.access.signing import generate_key
from common.clock import SystemClock
from common.db.session import Database
from common.ids import to_global_id, uuid7
from common.resources import Resources
from common.settings import APP_LOGIN, login_url
from migrations.upgrade import upgrade_async
from subgraphs.gateway.app import build_subgraph
from subgraphs.gateway.errors import SchemaDoesNotCompose
from subgraphs.gateway.providers.protocol import SubgraphText
from subgraphs.gateway.service.artefacts import Artefacts
from subgraphs.gateway.service.parts import GatewayParts
from subgraphs.gateway.service.platform import PlatformGraph, acting_for
from subgraphs.gateway.service.platform_schema import publish_own
from tests.factories.graphs import data_of, mutation, sdl
from tests.fakes.composer import FixedComposer
from tests.integration.conftest import APP_PASSWORD, opened_database

pytestmark = pytest.mark.stores

CLOCK = SystemClock()
AUTH = SubgraphText(name="auth", url="http://auth", sdl="auth 1")
USERS = SubgraphText(name="users", url="http://users", sdl="users 1")


@pytest.fixture
async def alone(empty_database_url: str) -> AsyncIterator[Database]:
    """A database of the test's own: an installation has one platform graph."""
    await upgrade_async(empty_database_url, app_password=APP_PASSWORD)
    async with opened_database(login_url(empty_database_url, APP_LOGIN, APP_PASSWORD)) as database:
        yield database


@pytest.fixture
def own(alone: Database, parts: GatewayParts) -> GatewayParts:
    """The domain's parts on that database."""
    return replace(parts, composer=FixedComposer(), artefacts=Artefacts(alone, generate_key()))


class Installation:
    """What an operator does."""

    def __init__(self, database: Database, resources: Resources, parts: GatewayParts) -> None:
        self._executor = build_subgraph(replace(resources, database=database), parts).executor
        self.principal = acting_for(UUID(int=0))

    async def do(self, verb: str, **input: Any) -> dict[str, Any]:
        """The payload of a mutation."""
        answer = await self._executor.execute(mutation(verb), {"input": input}, principal=self.principal)
        payload: dict[str, Any] = data_of(answer)[verb]
        return payload


@pytest.fixture
async def operator(alone: Database, resources: Resources, own: GatewayParts) -> tuple[Installation, str]:
    """The organisation that runs the installation, and its graph."""
    organisation = uuid7()
    await PlatformGraph(alone).found(organisation, CLOCK)
    graph = await PlatformGraph(alone).current()
    assert graph is not None
    made = Installation(alone, resources, own)
    made.principal = acting_for(organisation)
    return made, to_global_id("Graph", graph.id)


async def active_text(parts: GatewayParts) -> str:
    """What routers of the platform read."""
    found = await parts.artefacts.active(None)
    assert found is not None
    assert found.text is not None
    return found.text.decode().partition("\n")[2]


async def test_the_first_organisation_has_it_for_good(alone: Database) -> None:
    first, second = uuid4(), uuid4()
    assert await PlatformGraph(alone).current() is None

    for organisation in (first, second, first):
        await PlatformGraph(alone).found(organisation, CLOCK)

    graph = await PlatformGraph(alone).current()
    assert graph is not None
    assert (graph.organization_id, graph.is_platform, graph.name) == (first, True, "atrium")


async def test_without_it_nothing_is_published(alone: Database, own: GatewayParts) -> None:
    assert await publish_own(alone, CLOCK, own, [AUTH]) is None
    assert await own.artefacts.platform_owner() is None


async def test_own_schemas_are_published_once_and_again_when_they_change(
    alone: Database, own: GatewayParts, operator: tuple[Installation, str]
) -> None:
    first = await publish_own(alone, CLOCK, own, [AUTH, USERS])
    same = await publish_own(alone, CLOCK, own, [AUTH, USERS])
    newer = await publish_own(alone, CLOCK, own, [AUTH, replace(USERS, sdl="users 2")])

    assert first is not None
    assert same is not None
    assert newer is not None
    assert [each.supergraph.number for each in (first, same, newer) if each.supergraph] == [1, 1, 2]
    assert [each.is_new for each in (first, same, newer)] == [True, False, True]
    assert [version.name for version in newer.versions] == ["users"]
    assert newer.activation is not None
    assert (newer.activation.author_kind, newer.activation.author_label) == ("system", "platform")
    assert await own.artefacts.platform_owner() == operator[0].principal.organisation_id


async def test_a_rolled_back_publication_stays_so_when_own_schemas_change(
    alone: Database, own: GatewayParts, operator: tuple[Installation, str]
) -> None:
    installation, graph = operator
    await publish_own(alone, CLOCK, own, [AUTH])
    extra = {"graphId": graph, "name": "extra", "url": "http://extra", "sdl": sdl("extra")}
    assert (await installation.do("subgraphPublish", **extra, activate=True))["isNew"]
    assert await active_text(own) == "# auth extra"
    await installation.do("supergraphRollback", graphId=graph)

    unchanged = await publish_own(alone, CLOCK, own, [AUTH])
    assert await active_text(own) == "# auth"
    await publish_own(alone, CLOCK, own, [replace(AUTH, sdl="auth 2")])

    assert unchanged is not None
    assert unchanged.is_new is False
    assert await active_text(own) == "# auth"


async def test_own_schemas_that_do_not_fit_leave_what_is_active(
    alone: Database, own: GatewayParts, operator: tuple[Installation, str]
) -> None:
    await publish_own(alone, CLOCK, own, [AUTH])

    with pytest.raises(SchemaDoesNotCompose):
        await publish_own(alone, CLOCK, own, [replace(AUTH, sdl="wrong")])

    assert await active_text(own) == "# auth"


async def test_names_of_own_schemas_are_the_platforms(
    alone: Database, own: GatewayParts, operator: tuple[Installation, str]
) -> None:
    installation, graph = operator
    await publish_own(alone, CLOCK, own, [AUTH, USERS])

    taken = await installation.do(
        "subgraphPublish", graphId=graph, name="auth", url="http://evil", sdl=sdl("a"), activate=True
    )
    retired = await installation.do("subgraphRetire", graphId=graph, name="users", activate=True)
    named = await installation.do("graphCreate", name="atrium")

    codes = [error["code"] for payload in (taken, retired, named) for error in payload["errors"]]
    assert codes == ["SUBGRAPH_RESERVED", "SUBGRAPH_RESERVED", "GRAPH_NAME_TAKEN"]
    assert await active_text(own) == "# auth users"


async def test_in_a_graph_of_their_own_everybody_may_use_these_names(
    alone: Database, own: GatewayParts, operator: tuple[Installation, str]
) -> None:
    installation, _ = operator
    graph = (await installation.do("graphCreate", name="shop"))["graph"]["id"]

    made = await installation.do(
        "subgraphPublish", graphId=graph, name="auth", url="http://auth", sdl=sdl("a"), activate=True
    )

    assert made["errors"] == []
