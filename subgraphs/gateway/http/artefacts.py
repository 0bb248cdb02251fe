"""The active supergraph for routers that have no registry inside."""

from uuid import UUID

from common.access.artefacts import MEDIA_TYPE
from common.graphql.subgraph import Document, InternalReading
from subgraphs.gateway.service.artefacts import Artefacts

PATH = "/internal/artefacts/supergraph/{graph}"
PLATFORM = "platform"


def artefact_reading(artefacts: Artefacts) -> dict[str, InternalReading]:
    """GET /internal/artefacts/supergraph/<uuid or platform>?variant=: the signed artefact that is active."""

    async def supergraph(values: dict[str, str], known: str | None) -> Document | None:
        graph = None if values["graph"] == PLATFORM else _uuid(values["graph"])
        if graph is None and values["graph"] != PLATFORM:
            return None
        found = await artefacts.active(graph, values.get("variant", ""), known=known)
        return None if found is None else Document(tag=found.tag, body=found.text, media_type=MEDIA_TYPE)

    return {PATH: supergraph}


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
