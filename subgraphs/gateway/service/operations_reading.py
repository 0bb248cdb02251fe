"""Clients, what they registered and how it is used, for those who may see it."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from common.access.scopes import require_scope
from common.clock import Clock
from common.db.pages import CursorCodec, Page, PageRequest
from common.db.session import UnitOfWork
from common.errors import InvalidInput
from common.operations.documents import is_client_name, is_client_version
from subgraphs.gateway.models import (
    Client,
    ClientDocument,
    ClientVersion,
    Operation,
    OperationChange,
    Safelist,
)
from subgraphs.gateway.policies import READ_OPERATIONS
from subgraphs.gateway.repository.clients import ClientRepository, SafelistRepository
from subgraphs.gateway.repository.documents import DocumentRepository, OperationFilter
from subgraphs.gateway.repository.usage import UsageKey, UsageRepository, UsageTotal
from subgraphs.gateway.service.graphs import MOST_TEXT
from subgraphs.gateway.service.manifest import clean_digests

MOST_DIGESTS = 10_000
_MOST_DAYS = 366


def since_days(clock: Clock, days: int) -> datetime:
    """The whole hour so many days ago; raises InvalidInput."""
    if not 1 <= days <= _MOST_DAYS:
        raise InvalidInput(f"Give 1 to {_MOST_DAYS} days.")
    return (clock.now() - timedelta(days=days)).replace(minute=0, second=0, microsecond=0)


class OperationsReading:
    """What is known of registered operations in the organisation the caller acts in."""

    def __init__(self, work: UnitOfWork) -> None:
        require_scope(work.principal, READ_OPERATIONS)
        self._principal = work.principal
        self._safelists = SafelistRepository(work.session)
        self._clients = ClientRepository(work.session)
        self._documents = DocumentRepository(work.session)
        self._usage = UsageRepository(work.session)

    async def safelists(self, graph_ids: Sequence[UUID]) -> dict[UUID, Safelist]:
        """What holds for all clients of graphs."""
        return await self._safelists.of_graphs(self._principal, graph_ids)

    async def change_pages(
        self, graph_ids: Sequence[UUID], request: PageRequest, cursors: CursorCodec
    ) -> dict[UUID, Page[OperationChange]]:
        """A page of what was changed in each graph, the newest first."""
        return await self._safelists.change_pages(self._principal, graph_ids, request, cursors)

    async def clients(self, ids: Sequence[UUID]) -> dict[UUID, Client]:
        """Clients by id."""
        return await self._clients.by_ids(self._principal, ids)

    async def clients_named(self, keys: Sequence[tuple[UUID, str]]) -> dict[tuple[UUID, str], Client]:
        """Clients by graph and name."""
        possible = [key for key in keys if is_client_name(key[1])]
        return await self._clients.by_names(self._principal, possible)

    async def client_pages(
        self, graph_ids: Sequence[UUID], request: PageRequest, cursors: CursorCodec
    ) -> dict[UUID, Page[Client]]:
        """A page of the clients of each graph, by name."""
        return await self._clients.pages(self._principal, graph_ids, request, cursors)

    async def applications_of(self, client_ids: Sequence[UUID]) -> dict[UUID, tuple[UUID, ...]]:
        """The AI applications of each client."""
        return await self._clients.applications_of(self._principal, client_ids)

    async def versions(self, ids: Sequence[UUID]) -> dict[UUID, ClientVersion]:
        """Versions of clients by id."""
        return await self._clients.versions_by_ids(self._principal, ids)

    async def versions_named(self, keys: Sequence[tuple[UUID, str]]) -> dict[tuple[UUID, str], ClientVersion]:
        """Versions by client and name."""
        possible = [key for key in keys if is_client_version(key[1])]
        return await self._clients.versions_by_names(self._principal, possible)

    async def version_pages(
        self, client_ids: Sequence[UUID], request: PageRequest, cursors: CursorCodec
    ) -> dict[UUID, Page[ClientVersion]]:
        """A page of the versions of each client, the newest first."""
        return await self._clients.version_pages(self._principal, client_ids, request, cursors)

    async def document_page(
        self, version_id: UUID, request: PageRequest, cursors: CursorCodec
    ) -> Page[ClientDocument]:
        """What a version registered, by id."""
        return await self._documents.document_page(self._principal, version_id, request, cursors)

    async def texts(self, keys: Sequence[tuple[UUID, str]]) -> dict[tuple[UUID, str], str]:
        """Texts by graph and digest; raises TooMuchText."""
        return await self._documents.texts(self._principal, keys, MOST_TEXT)

    async def missing(self, graph_id: UUID, digests: Sequence[str]) -> tuple[str, ...]:
        """Those of the digests for which the graph has no text."""
        wanted = clean_digests(digests, MOST_DIGESTS)
        known = await self._documents.known(graph_id, wanted)
        return tuple(digest for digest in wanted if digest not in known)

    async def operations(self, ids: Sequence[UUID]) -> dict[UUID, Operation]:
        """Operations by id."""
        return await self._documents.operations_by_ids(self._principal, ids)

    async def operation_page(
        self, graph_id: UUID, which: OperationFilter, request: PageRequest, cursors: CursorCodec
    ) -> Page[Operation]:
        """Operations of a graph, the newest first."""
        if which.client is not None and not is_client_name(which.client):
            return Page(items=(), cursors=(), has_next=False, has_previous=False, total=0)
        return await self._documents.operation_page(self._principal, graph_id, which, request, cursors)

    async def registered_by(
        self, keys: Sequence[tuple[UUID, str]]
    ) -> dict[tuple[UUID, str], tuple[str, ...]]:
        """Who has each document (graph and digest) registered."""
        return await self._documents.registered_by(self._principal, keys)

    async def usage(self, keys: Sequence[UsageKey]) -> Mapping[UsageKey, UsageTotal]:
        """What was done with operations."""
        return await self._usage.totals(self._principal, _possible(keys))

    async def usage_by_client(self, keys: Sequence[UsageKey]) -> Mapping[UsageKey, tuple[UsageTotal, ...]]:
        """The same by client version."""
        return await self._usage.by_client(self._principal, _possible(keys))

    async def version_usage(
        self, keys: Sequence[tuple[UUID, str, str]], since: datetime
    ) -> dict[tuple[UUID, str, str], UsageTotal]:
        """What client versions (graph, client, version) did."""
        return await self._usage.used_versions(self._principal, keys, since)


def _possible(keys: Sequence[UsageKey]) -> list[UsageKey]:
    """Those that ask for clients which can have been seen."""
    return [key for key in keys if key.client is None or key.client.isprintable()]
