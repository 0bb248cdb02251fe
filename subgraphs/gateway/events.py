"""Facts the gateway domain publishes: ids, numbers and names only, never schemas."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from common.events.envelope import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class _GraphFact(Event):
    """Something happened to a graph; ordered per graph."""

    organisation_id: UUID
    graph_id: UUID
    supergraph_id: UUID
    number: int
    is_platform: bool

    @property
    def key(self) -> str:
        """Facts about one graph arrive in order."""
        return str(self.graph_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class SupergraphPublished(_GraphFact):
    """A graph has a new supergraph; `subgraphs` and `contracts` are the names of what changed."""

    topic: ClassVar[str] = "gateway.supergraph.published"
    subgraphs: tuple[str, ...]
    contracts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SupergraphActivated(_GraphFact):
    """Routers use another supergraph from now on; `how` is publish, activate or rollback."""

    topic: ClassVar[str] = "gateway.supergraph.activated"
    serial: int
    how: str
