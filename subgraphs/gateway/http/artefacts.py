"""What routers that have no registry inside read: the active supergraph, operations, policies."""

from typing import Protocol
from uuid import UUID

from common.access.artefacts import MEDIA_TYPE
from common.graphql.subgraph import Document, InternalReading
from subgraphs.gateway.service.artefacts import ActiveArtefact

SUPERGRAPH_PATH = "/internal/artefacts/supergraph/{graph}"
OPERATIONS_PATH = "/internal/artefacts/operations/{graph}"
POLICIES_PATH = "/internal/artefacts/policies/{graph}"
PLATFORM = "platform"


class Handing(Protocol):
    """Hands out one kind of artefact."""

    async def active(
        self, graph: UUID | None, variant: str = "", *, known: str | None = None
    ) -> ActiveArtefact | None:
        """What is active for a graph, None being the platform's own; None if nothing is."""
        ...


def artefact_readings(
    supergraphs: Handing, operations: Handing, policies: Handing
) -> dict[str, InternalReading]:
    """GET /internal/artefacts/<kind>/<uuid or platform>: the signed artefact that is active.

    Supergraphs have variants (`?variant=`).
    """
    return {
        SUPERGRAPH_PATH: _reading(supergraphs),
        OPERATIONS_PATH: _reading(operations),
        POLICIES_PATH: _reading(policies),
    }


def _reading(artefacts: Handing) -> InternalReading:
    async def read(values: dict[str, str], known: str | None) -> Document | None:
        graph = None if values["graph"] == PLATFORM else _uuid(values["graph"])
        if graph is None and values["graph"] != PLATFORM:
            return None
        found = await artefacts.active(graph, values.get("variant", ""), known=known)
        return None if found is None else Document(tag=found.tag, body=found.text, media_type=MEDIA_TYPE)

    return read


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
