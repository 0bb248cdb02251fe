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


@dataclass(frozen=True, slots=True, kw_only=True)
class _OperationsFact(Event):
    """The registered operations of a graph changed; `serial` counts these changes."""

    organisation_id: UUID
    graph_id: UUID
    is_platform: bool
    serial: int

    @property
    def key(self) -> str:
        """Facts about one graph arrive in order."""
        return str(self.graph_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationsPublished(_OperationsFact):
    """A client version registered so many documents."""

    topic: ClassVar[str] = "gateway.operations.published"
    client: str
    client_version: str
    documents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationsRetired(_OperationsFact):
    """So many ids of a client are served no more; `versions` is empty if single documents were retired."""

    topic: ClassVar[str] = "gateway.operations.retired"
    client: str
    versions: tuple[str, ...]
    documents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientModeSet(_OperationsFact):
    """How strictly a client is kept to its operations; `client` empty: every one without a mode of its own.

    `mode` is off, log, known or id; empty if the graph's default holds from now on.
    """

    topic: ClassVar[str] = "gateway.client.mode_set"
    client: str
    mode: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientApplicationsSet(_OperationsFact):
    """Which AI applications' keys are a client."""

    topic: ClassVar[str] = "gateway.client.applications_set"
    client: str
    application_ids: tuple[UUID, ...]


OPERATIONS_TOPICS = frozenset(
    {
        OperationsPublished.topic,
        OperationsRetired.topic,
        ClientModeSet.topic,
        ClientApplicationsSet.topic,
    }
)
"""After each of these routers have another artefact to read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoliciesChanged(Event):
    """An organisation set or deleted a limit or rule: `what` is rate_limit or ip_rule, `name` says which."""

    topic: ClassVar[str] = "gateway.policies.changed"
    organisation_id: UUID
    serial: int
    what: str
    name: str
    is_set: bool

    @property
    def key(self) -> str:
        """Facts about one organisation's policies arrive in order."""
        return str(self.organisation_id)
