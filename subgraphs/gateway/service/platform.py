"""The platform's own graph: it belongs to the organisation that was founded first."""

from dataclasses import dataclass
from uuid import UUID

from common.access.principal import Principal, PrincipalKind
from common.clock import Clock
from common.db.session import Database
from common.ids import uuid7
from subgraphs.gateway.models import PLATFORM_GRAPH, Graph
from subgraphs.gateway.policies import (
    ACTIVATE,
    PROTECT,
    PUBLISH,
    PUBLISH_OPERATIONS,
    READ,
    READ_OPERATIONS,
)
from subgraphs.gateway.repository.graphs import GraphRepository

_JOB = "platform_graph"


@dataclass(frozen=True, slots=True)
class PlatformGraph:
    """Finds and founds it for trusted code: commands and the start of the platform."""

    database: Database

    async def found(self, organisation_id: UUID, clock: Clock) -> None:
        """Give the platform's graph to an organisation, unless some organisation has it."""
        graph = Graph(
            id=uuid7(),
            organization_id=organisation_id,
            name=PLATFORM_GRAPH,
            is_platform=True,
            created_at=clock.now(),
        )
        async with self.database.unit_of_work_for_system(domain="gateway", job=_JOB) as work:
            await GraphRepository(work.session).insert_platform_for_system(graph)

    async def current(self) -> Graph | None:
        """The platform's graph; None before an organisation is founded."""
        async with self.database.unit_of_work_for_system(domain="gateway", job=_JOB) as work:
            return await GraphRepository(work.session).platform_for_system()


def acting_for(organisation_id: UUID) -> Principal:
    """The platform itself, acting on the graphs of one organisation."""
    return Principal(
        kind=PrincipalKind.SYSTEM,
        organisation_id=organisation_id,
        scopes=frozenset({READ, PUBLISH, ACTIVATE, READ_OPERATIONS, PUBLISH_OPERATIONS, PROTECT}),
    )
