"""Clients of a graph: how strictly they are kept to their operations, and what of these is retired."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from common.clock import Clock
from common.db.session import UnitOfWork
from common.errors import InvalidInput, NotFound
from common.operations.documents import SafelistMode, is_client_name, is_client_version, is_document_id
from subgraphs.gateway.errors import ApplicationBoundElsewhere, TooManyInGraph
from subgraphs.gateway.models import Client, ClientVersion, Graph
from subgraphs.gateway.policies import require_protect, require_publish_operations
from subgraphs.gateway.repository.clients import ClientRepository
from subgraphs.gateway.repository.documents import DocumentRepository
from subgraphs.gateway.repository.graphs import GraphRepository
from subgraphs.gateway.repository.usage import UsageRepository
from subgraphs.gateway.service.authors import Purpose
from subgraphs.gateway.service.manifest import clean_client, digest_of_documents
from subgraphs.gateway.service.operation_changes import OperationChanges, found_client
from subgraphs.gateway.settings import GatewaySettings

_MOST_APPLICATIONS = 100
_MOST_AT_ONCE = 1_000
_MOST_DAYS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Retirement:
    """What of a client shall be served no more.

    Exactly one of: versions by name, documents by id, versions that nobody used for so many days.
    """

    client: str
    versions: tuple[str, ...] = ()
    document_ids: tuple[str, ...] = ()
    unused_days: int | None = None

    def __post_init__(self) -> None:
        given = [bool(self.versions), bool(self.document_ids), self.unused_days is not None]
        if sum(given) != 1:
            raise InvalidInput("Give either versions, or ids of documents, or a number of days.")
        if max(len(self.versions), len(self.document_ids)) > _MOST_AT_ONCE:
            raise InvalidInput(f"Give at most {_MOST_AT_ONCE} at once.")
        if not all(is_document_id(id) for id in self.document_ids):
            raise InvalidInput("This is no id of a document.", path=("input", "documentIds"))
        if self.unused_days is not None and not 1 <= self.unused_days <= _MOST_DAYS:
            raise InvalidInput(f"Give 1 to {_MOST_DAYS} days.", path=("input", "unusedDays"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Retired:
    """What came of it; `documents` is how many ids the client cannot ask for any more."""

    graph: Graph
    client: Client
    versions: tuple[ClientVersion, ...]
    documents: int


class ClientService:
    """Changes clients of graphs of the organisation the caller acts in."""

    def __init__(self, work: UnitOfWork, clock: Clock, settings: GatewaySettings) -> None:
        self._work = work
        self._graphs = GraphRepository(work.session)
        self._clients = ClientRepository(work.session)
        self._documents = DocumentRepository(work.session)
        self._usage = UsageRepository(work.session)
        self._clock = clock
        self._settings = settings

    async def set_mode(
        self, graph_id: UUID, name: str | None, mode: SafelistMode | None, purpose: Purpose
    ) -> tuple[Graph, Client | None]:
        """Choose a mode for a client, or for all without one of their own; nothing happens if it holds."""
        require_protect(self._work.principal)
        graph = await self._graph(graph_id)
        changes = await OperationChanges.of(self._work, graph, self._clock)
        wanted = None if mode is None else mode.value
        if name is None:
            if wanted is None:
                raise InvalidInput("The default mode cannot be left out.", path=("input", "mode"))
            if changes.safelist.default_mode != wanted:
                changes.safelist.default_mode = wanted
                await changes.mode_set(None, wanted, purpose.cleaned())
            return graph, None
        client = await self._client(graph, changes, name)
        if client.mode != wanted:
            client.mode = wanted
            await changes.mode_set(client, wanted, purpose.cleaned())
        return graph, client

    async def set_applications(
        self, graph_id: UUID, name: str, application_ids: Sequence[UUID], purpose: Purpose
    ) -> tuple[Graph, Client]:
        """Say which AI applications' keys are a client."""
        require_protect(self._work.principal)
        wanted = frozenset(application_ids)
        if len(wanted) > _MOST_APPLICATIONS:
            raise TooManyInGraph("applications of a client", _MOST_APPLICATIONS)
        graph = await self._graph(graph_id)
        changes = await OperationChanges.of(self._work, graph, self._clock)
        client = await self._client(graph, changes, name)
        other = await self._clients.bound_elsewhere(client, wanted)
        if other is not None:
            raise ApplicationBoundElsewhere(other)
        bound = await self._clients.applications_of(self._work.principal, [client.id])
        if frozenset(bound.get(client.id, ())) != wanted:
            await self._clients.bind(client, wanted)
            await changes.applications_set(client, wanted, purpose.cleaned())
        return graph, client

    async def retire(self, graph_id: UUID, wish: Retirement, purpose: Purpose) -> Retired:
        """Serve no more what is named; what is retired already stays so."""
        require_publish_operations(self._work.principal)
        graph = await self._graph(graph_id)
        changes = await OperationChanges.of(self._work, graph, self._clock)
        client = None
        if is_client_name(wish.client):
            client = await found_client(self._clients, graph, wish.client)
        if client is None:
            raise NotFound("client", wish.client, path=("input", "client"))
        before = await self._documents.served(client.id)
        if wish.document_ids:
            versions = await self._retire_documents(client, wish.document_ids)
            names: tuple[str, ...] = ()
        else:
            versions = await self._retire_versions(client, wish)
            names = tuple(version.name for version in versions)
        gone = len(before.keys() - (await self._documents.served(client.id)).keys())
        if versions:
            await changes.retired(client, names, gone, purpose.cleaned())
        return Retired(graph=graph, client=client, versions=versions, documents=gone)

    async def _retire_versions(self, client: Client, wish: Retirement) -> tuple[ClientVersion, ...]:
        live = await self._clients.live_versions(client.id)
        if wish.unused_days is not None:
            chosen = await self._unused(client, live, timedelta(days=wish.unused_days))
        else:
            keys = [(client.id, name) for name in wish.versions]
            possible = [key for key in keys if is_client_version(key[1])]
            known = await self._clients.versions_by_names(self._work.principal, possible)
            for key in keys:
                if key not in known:
                    raise NotFound("version", key[1], path=("input", "versions"))
            chosen = [version for version in live if version.name in wish.versions]
        for version in chosen:
            version.retired_at = self._clock.now()
        await self._work.session.flush()
        return tuple(chosen)

    async def _unused(
        self, client: Client, live: Sequence[ClientVersion], span: timedelta
    ) -> list[ClientVersion]:
        """Versions that were published before then and that nobody has sent since."""
        if span > self._settings.usage_kept:
            raise InvalidInput(
                f"Usage is kept for {self._settings.usage_kept.days} days only.", path=("input", "unusedDays")
            )
        since = self._clock.now() - span
        used = await self._usage.versions_used(client.graph_id, client.name, since)
        if not used:  # nobody may be asking, or nobody counting: that is not the same
            raise InvalidInput(
                "No usage of this client was recorded in that time at all: name the versions to retire.",
                path=("input", "unusedDays"),
            )
        return [one for one in live if one.published_at < since and one.name not in used]

    async def _retire_documents(self, client: Client, ids: tuple[str, ...]) -> tuple[ClientVersion, ...]:
        """The versions that had them; what they have now is another manifest."""
        holders = await self._documents.versions_with(client.id, ids)
        versions = [one for one in await self._clients.live_versions(client.id) if one.id in holders]
        known = await self._documents.served(client.id, ids)
        for id in ids:
            if id not in known:
                raise NotFound("document", id, path=("input", "documentIds"))
        await self._documents.unregister([version.id for version in versions], ids)
        for version in versions:
            left = await self._documents.of_version(version.id)
            version.documents, version.sha256 = len(left), digest_of_documents(left)
        await self._work.session.flush()
        return tuple(versions)

    async def _graph(self, graph_id: UUID) -> Graph:
        graph = (await self._graphs.by_ids(self._work.principal, [graph_id])).get(graph_id)
        if graph is None:
            raise NotFound("graph", graph_id, path=("input", "graphId"))
        return graph

    async def _client(self, graph: Graph, changes: OperationChanges, name: str) -> Client:
        """The client with this name; a mode may be chosen before anything is published."""
        client = await found_client(self._clients, graph, clean_client(name))
        if client is not None:
            return client
        if await self._clients.count(graph.id) >= self._settings.clients_per_graph:
            raise TooManyInGraph("clients of a graph", self._settings.clients_per_graph)
        return await changes.new_client(name)
