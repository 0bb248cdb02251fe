"""Clients, operations and usage by key, many keys in one statement."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from common.db.pages import Page, PageRequest
from common.db.session import UnitOfWork
from common.graphql.loaders import GroupedLoader, KeyedLoader
from subgraphs.gateway import models
from subgraphs.gateway.graphql.loaders import PageOf
from subgraphs.gateway.repository.usage import UsageKey, UsageTotal
from subgraphs.gateway.service.operations_reading import OperationsReading


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionPageOf:
    """Which page of which client's versions."""

    client_id: UUID
    page: PageRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionUsageOf:
    """What a client version did since then."""

    graph_id: UUID
    client: str
    version: str
    since: datetime


class SafelistsByGraphId(KeyedLoader[UUID, models.Safelist]):
    """What holds for all clients of a graph."""

    async def fetch(self, work: UnitOfWork, keys: Sequence[UUID]) -> Mapping[UUID, models.Safelist]:
        """One statement."""
        return await OperationsReading(work).safelists(keys)


class ClientsById(KeyedLoader[UUID, models.Client]):
    """A client."""

    async def fetch(self, work: UnitOfWork, keys: Sequence[UUID]) -> Mapping[UUID, models.Client]:
        """One statement."""
        return await OperationsReading(work).clients(keys)


class ClientsByName(KeyedLoader[tuple[UUID, str], models.Client]):
    """A client of a graph by its name."""

    async def fetch(
        self, work: UnitOfWork, keys: Sequence[tuple[UUID, str]]
    ) -> Mapping[tuple[UUID, str], models.Client]:
        """One statement."""
        return await OperationsReading(work).clients_named(keys)


class ClientPages(KeyedLoader[PageOf, Page[models.Client]]):
    """A page of the clients of a graph."""

    async def fetch(self, work: UnitOfWork, keys: Sequence[PageOf]) -> Mapping[PageOf, Page[models.Client]]:
        """One statement for each kind of page that is asked for, mostly one."""
        reading, found = OperationsReading(work), dict[PageOf, Page[models.Client]]()
        for page in dict.fromkeys(key.page for key in keys):
            ids = [key.graph_id for key in keys if key.page == page]
            for id, rows in (await reading.client_pages(ids, page, self.context.cursors)).items():
                found[PageOf(graph_id=id, page=page)] = rows
        return found


class ChangePages(KeyedLoader[PageOf, Page[models.OperationChange]]):
    """A page of what was changed in the registered operations of a graph."""

    async def fetch(
        self, work: UnitOfWork, keys: Sequence[PageOf]
    ) -> Mapping[PageOf, Page[models.OperationChange]]:
        """One statement for each kind of page that is asked for, mostly one."""
        reading, found = OperationsReading(work), dict[PageOf, Page[models.OperationChange]]()
        for page in dict.fromkeys(key.page for key in keys):
            ids = [key.graph_id for key in keys if key.page == page]
            for id, rows in (await reading.change_pages(ids, page, self.context.cursors)).items():
                found[PageOf(graph_id=id, page=page)] = rows
        return found


class ApplicationsByClientId(GroupedLoader[UUID, UUID]):
    """The ids of the AI applications of a client."""

    async def fetch(self, work: UnitOfWork, keys: Sequence[UUID]) -> Mapping[UUID, Sequence[UUID]]:
        """One statement."""
        return await OperationsReading(work).applications_of(keys)


class VersionsById(KeyedLoader[UUID, models.ClientVersion]):
    """A version of a client."""

    async def fetch(self, work: UnitOfWork, keys: Sequence[UUID]) -> Mapping[UUID, models.ClientVersion]:
        """One statement."""
        return await OperationsReading(work).versions(keys)


class VersionsByName(KeyedLoader[tuple[UUID, str], models.ClientVersion]):
    """A version of a client by its name."""

    async def fetch(
        self, work: UnitOfWork, keys: Sequence[tuple[UUID, str]]
    ) -> Mapping[tuple[UUID, str], models.ClientVersion]:
        """One statement."""
        return await OperationsReading(work).versions_named(keys)


class VersionPages(KeyedLoader[VersionPageOf, Page[models.ClientVersion]]):
    """A page of the versions of a client."""

    async def fetch(
        self, work: UnitOfWork, keys: Sequence[VersionPageOf]
    ) -> Mapping[VersionPageOf, Page[models.ClientVersion]]:
        """One statement for each kind of page that is asked for, mostly one."""
        reading, found = OperationsReading(work), dict[VersionPageOf, Page[models.ClientVersion]]()
        for page in dict.fromkeys(key.page for key in keys):
            ids = [key.client_id for key in keys if key.page == page]
            for id, rows in (await reading.version_pages(ids, page, self.context.cursors)).items():
                found[VersionPageOf(client_id=id, page=page)] = rows
        return found


class VersionUsage(KeyedLoader[VersionUsageOf, UsageTotal]):
    """What a client version did."""

    async def fetch(
        self, work: UnitOfWork, keys: Sequence[VersionUsageOf]
    ) -> Mapping[VersionUsageOf, UsageTotal]:
        """One statement for each span of time that is asked for, mostly one."""
        reading, found = OperationsReading(work), dict[VersionUsageOf, UsageTotal]()
        for since in dict.fromkeys(key.since for key in keys):
            wanted = {(key.graph_id, key.client, key.version): key for key in keys if key.since == since}
            for place, total in (await reading.version_usage(list(wanted), since)).items():
                found[wanted[place]] = total
        return found


class DocumentTexts(KeyedLoader[tuple[UUID, str], str]):
    """The text of a document by graph and digest."""

    async def fetch(
        self, work: UnitOfWork, keys: Sequence[tuple[UUID, str]]
    ) -> Mapping[tuple[UUID, str], str]:
        """One statement."""
        return await OperationsReading(work).texts(keys)


class OperationsById(KeyedLoader[UUID, models.Operation]):
    """An operation."""

    async def fetch(self, work: UnitOfWork, keys: Sequence[UUID]) -> Mapping[UUID, models.Operation]:
        """One statement."""
        return await OperationsReading(work).operations(keys)


class RegisteredBy(GroupedLoader[tuple[UUID, str], str]):
    """The names of the clients that have a document registered, by graph and digest."""

    async def fetch(
        self, work: UnitOfWork, keys: Sequence[tuple[UUID, str]]
    ) -> Mapping[tuple[UUID, str], Sequence[str]]:
        """One statement."""
        return await OperationsReading(work).registered_by(keys)


class OperationTotals(KeyedLoader[UsageKey, UsageTotal]):
    """What was done with an operation."""

    async def fetch(self, work: UnitOfWork, keys: Sequence[UsageKey]) -> Mapping[UsageKey, UsageTotal]:
        """One statement for each span of time and client that is asked for, mostly one."""
        return await OperationsReading(work).usage(keys)


class OperationClients(GroupedLoader[UsageKey, UsageTotal]):
    """The same by client version."""

    async def fetch(
        self, work: UnitOfWork, keys: Sequence[UsageKey]
    ) -> Mapping[UsageKey, Sequence[UsageTotal]]:
        """One statement for each span of time and client that is asked for, mostly one."""
        return await OperationsReading(work).usage_by_client(keys)
