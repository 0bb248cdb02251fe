"""Clients of a graph, what they registered, and how operations are used, as the graph shows them."""

from datetime import datetime
from typing import Annotated

import strawberry

from common.access.scopes import require_scope
from common.graphql.connections import After, Connection, First, connection_of, page_request
from common.graphql.entities import Node, global_id, local_id
from common.graphql.scalars import BigInt
from subgraphs.gateway import models
from subgraphs.gateway.graphql.authors import Application, SchemaAuthor
from subgraphs.gateway.graphql.enums import ChangeKind, SafelistMode
from subgraphs.gateway.graphql.info import Info
from subgraphs.gateway.graphql.loaders import PageOf
from subgraphs.gateway.graphql.operation_loaders import (
    ApplicationsByClientId,
    ChangePages,
    ClientPages,
    ClientsById,
    ClientsByName,
    DocumentTexts,
    OperationClients,
    OperationsById,
    OperationTotals,
    RegisteredBy,
    SafelistsByGraphId,
    VersionPageOf,
    VersionPages,
    VersionsById,
    VersionsByName,
    VersionUsage,
    VersionUsageOf,
)
from subgraphs.gateway.policies import READ_OPERATIONS
from subgraphs.gateway.repository.documents import OperationFilter
from subgraphs.gateway.repository.usage import UsageKey, UsageTotal
from subgraphs.gateway.service.operations_reading import OperationsReading, since_days

Days = Annotated[int, strawberry.argument(description="Counted back from now, 1 to 366.")]
ByClient = Annotated[str | None, strawberry.argument(description="Of this client alone.")]
Registered = Annotated[bool | None, strawberry.argument(description="Only those that are, or are not.")]
UsedDays = Annotated[
    int | None, strawberry.argument(description="Only those used in so many days, 1 to 366.")
]
Digests = Annotated[list[str], strawberry.argument(description="SHA-256 of their texts, in hexadecimal.")]


@strawberry.type(description="What was done with operations in a span of time.")
class OperationUsage:
    """Sums over hours."""

    client: str = strawberry.field(description="The client's name; empty for all, or for those without one.")
    version: str = strawberry.field(description="Its version; empty for all, or for those without one.")
    count: BigInt = strawberry.field(description="How often.")
    errors: BigInt = strawberry.field(description="How often the answer had errors.")
    mean_ms: float = strawberry.field(description="How long an answer took, on average, in milliseconds.")
    slowest_ms: float = strawberry.field(description="How long the slowest took, in milliseconds.")
    first_seen: datetime = strawberry.field(description="The hour in which it began.")
    last_seen: datetime = strawberry.field(description="When it was seen last.")

    @classmethod
    def of(cls, total: UsageTotal) -> "OperationUsage":
        """The sums as the graph shows them."""
        return cls(
            client=total.client,
            version=total.version,
            count=BigInt(total.count),
            errors=BigInt(total.errors),
            mean_ms=total.duration_ms / total.count if total.count else 0.0,
            slowest_ms=total.slowest_ms,
            first_seen=total.first_seen,
            last_seen=total.last_seen,
        )


@strawberry.type(description="A document that a client version registered.")
class RegisteredDocument:
    """An id and a text."""

    row: strawberry.Private[models.ClientDocument]
    document_id: str = strawberry.field(description="The id by which the client asks for it.")
    sha256: str = strawberry.field(description="The digest of its text.")

    @strawberry.field
    async def body(self, info: Info) -> str | None:
        """Its text."""
        return await info.context.load(DocumentTexts, (self.row.graph_id, self.row.sha256))

    @classmethod
    def from_row(cls, row: models.ClientDocument) -> "RegisteredDocument":
        """The document in a row."""
        return cls(row=row, document_id=row.id, sha256=row.sha256)


@strawberry.federation.type(keys=["id"], description="What a client registered under one version.")
class GraphClientVersion(Node):
    """A version of a client of a graph."""

    row: strawberry.Private[models.ClientVersion]
    version: str = strawberry.field(description="What the client calls itself.")
    document_count: int = strawberry.field(description="How many documents it registered.")
    published_at: datetime = strawberry.field(description="When.")
    retired_at: datetime | None = strawberry.field(description="Since when they are served no more.")
    reason: str = strawberry.field(description="Why, in the words of who published.")
    git_revision: str = strawberry.field(description="The commit it was built from; empty if not said.")

    @strawberry.field
    def id(self) -> strawberry.ID:
        """Opaque, and the same in every service."""
        return global_id("GraphClientVersion", self.row.id)

    @strawberry.field
    def published_by(self) -> SchemaAuthor:
        """Who published it."""
        return SchemaAuthor.from_row(self.row)

    @strawberry.field
    async def documents(
        self, info: Info, first: First = None, after: After = None
    ) -> Connection[RegisteredDocument] | None:
        """What it registered, by id."""
        request = page_request(info, first=first, after=after)
        async with info.context.work() as work:
            page = await OperationsReading(work).document_page(self.row.id, request, info.context.cursors)
        return connection_of(page, RegisteredDocument.from_row)

    @strawberry.field
    async def client(self, info: Info) -> "GraphClient | None":
        """Whose version it is."""
        row = await info.context.load(ClientsById, self.row.client_id)
        return None if row is None else GraphClient.from_row(row)

    @strawberry.field
    async def usage(self, info: Info, days: Days = 30) -> OperationUsage | None:
        """What this version did; null if nothing."""
        client = await info.context.load(ClientsById, self.row.client_id)
        if client is None:
            return None
        key = VersionUsageOf(
            graph_id=self.row.graph_id,
            client=client.name,
            version=self.row.name,
            since=since_days(info.context.clock, days),
        )
        total = await info.context.load(VersionUsage, key)
        return None if total is None else OperationUsage.of(total)

    @classmethod
    def from_row(cls, row: models.ClientVersion) -> "GraphClientVersion":
        """The version in a row."""
        return cls(
            row=row,
            version=row.name,
            document_count=row.documents,
            published_at=row.published_at,
            retired_at=row.retired_at,
            reason=row.reason,
            git_revision=row.git_revision,
        )

    @classmethod
    async def resolve_reference(cls, info: Info, id: strawberry.ID) -> "GraphClientVersion | None":
        """With `operations:read`, one of the current organization."""
        version_id = local_id(id, "GraphClientVersion")
        require_scope(info.context.principal, READ_OPERATIONS)
        row = await info.context.load(VersionsById, version_id)
        return None if row is None else cls.from_row(row)


@strawberry.federation.type(keys=["id"], description="An application that asks a graph.")
class GraphClient(Node):
    """A client of a graph, known by the name that it sends or by the key that it has."""

    row: strawberry.Private[models.Client]
    name: str = strawberry.field(description="What it calls itself, unique in the graph.")
    mode: SafelistMode | None = strawberry.field(
        description="How strictly it is kept to what it registered; null if the graph's default holds."
    )
    created_at: datetime = strawberry.field(description="When it was first published or set.")

    @strawberry.field
    def id(self) -> strawberry.ID:
        """Opaque, and the same in every service."""
        return global_id("GraphClient", self.row.id)

    @strawberry.field
    async def applications(self, info: Info) -> list[Application]:
        """The applications whose API keys are this client."""
        ids = await info.context.load(ApplicationsByClientId, self.row.id)
        return [Application(id=global_id("Application", id)) for id in ids]

    @strawberry.field
    async def version(self, info: Info, name: str) -> GraphClientVersion | None:
        """The version with this name."""
        row = await info.context.load(VersionsByName, (self.row.id, name))
        return None if row is None else GraphClientVersion.from_row(row)

    @strawberry.field
    async def versions(
        self, info: Info, first: First = None, after: After = None
    ) -> Connection[GraphClientVersion] | None:
        """What it published, the newest first; retired versions too."""
        request = page_request(info, first=first, after=after)
        page = await info.context.load(VersionPages, VersionPageOf(client_id=self.row.id, page=request))
        return None if page is None else connection_of(page, GraphClientVersion.from_row)

    @classmethod
    def from_row(cls, row: models.Client) -> "GraphClient":
        """The client in a row."""
        mode = None if row.mode is None else SafelistMode(row.mode)
        return cls(row=row, name=row.name, mode=mode, created_at=row.created_at)

    @classmethod
    async def resolve_reference(cls, info: Info, id: strawberry.ID) -> "GraphClient | None":
        """With `operations:read`, one of the current organization."""
        client_id = local_id(id, "GraphClient")
        require_scope(info.context.principal, READ_OPERATIONS)
        row = await info.context.load(ClientsById, client_id)
        return None if row is None else cls.from_row(row)


@strawberry.federation.type(keys=["id"], description="An operation that was registered or sent.")
class GraphOperation(Node):
    """An operation of a document."""

    row: strawberry.Private[models.Operation]
    name: str = strawberry.field(description="Its name; empty for none.")
    kind: str = strawberry.field(description="query, mutation or subscription; empty if it is not known.")
    sha256: str = strawberry.field(
        description="The digest of its document; `(others)` for what was not told apart."
    )
    first_seen: datetime = strawberry.field(description="When it was first registered or sent.")
    last_seen: datetime | None = strawberry.field(description="When it was last sent; null if never.")

    @strawberry.field
    def id(self) -> strawberry.ID:
        """Opaque, and the same in every service."""
        return global_id("GraphOperation", self.row.id)

    @strawberry.field
    async def document(self, info: Info) -> str | None:
        """The text that it stands in; of texts that clients made up, without their literal values."""
        return await info.context.load(DocumentTexts, (self.row.graph_id, self.row.sha256))

    @strawberry.field
    async def registered_by(self, info: Info) -> list[str]:
        """The names of the clients that have it registered."""
        names: tuple[str, ...] = await info.context.load(RegisteredBy, (self.row.graph_id, self.row.sha256))
        return list(names)

    @strawberry.field
    async def usage(self, info: Info, days: Days = 30, client: ByClient = None) -> OperationUsage | None:
        """What was done with it, by one client or by all; null if nothing."""
        total = await info.context.load(OperationTotals, self._usage_key(info, days, client))
        return None if total is None else OperationUsage.of(total)

    @strawberry.field
    async def clients(self, info: Info, days: Days = 30, client: ByClient = None) -> list[OperationUsage]:
        """The same by client version, who used it most first; 200 at most."""
        totals = await info.context.load(OperationClients, self._usage_key(info, days, client))
        return [OperationUsage.of(total) for total in totals]

    def _usage_key(self, info: Info, days: int, client: str | None) -> UsageKey:
        since = since_days(info.context.clock, days)
        return UsageKey(operation_id=self.row.id, since=since, client=client)

    @classmethod
    def from_row(cls, row: models.Operation) -> "GraphOperation":
        """The operation in a row."""
        return cls(
            row=row,
            name=row.name,
            kind=row.kind,
            sha256=row.sha256,
            first_seen=row.first_seen,
            last_seen=row.last_seen,
        )

    @classmethod
    async def resolve_reference(cls, info: Info, id: strawberry.ID) -> "GraphOperation | None":
        """With `operations:read`, one of the current organization."""
        operation_id = local_id(id, "GraphOperation")
        require_scope(info.context.principal, READ_OPERATIONS)
        row = await info.context.load(OperationsById, operation_id)
        return None if row is None else cls.from_row(row)


@strawberry.type(description="One change of the registered operations of a graph.")
class OperationChange:
    """One entry of their history."""

    row: strawberry.Private[models.OperationChange]
    serial: int = strawberry.field(description="Counts the changes of a graph.")
    kind: ChangeKind = strawberry.field(description="What was done.")
    client: str = strawberry.field(description="To which client; empty for all.")
    version: str = strawberry.field(description="To which version of it, or versions; empty for none.")
    document_count: int = strawberry.field(description="How many documents it was about.")
    mode: SafelistMode | None = strawberry.field(description="The mode that was chosen.")
    changed_at: datetime = strawberry.field(description="When.")
    reason: str = strawberry.field(description="Why, in the words of who did it.")

    @strawberry.field
    def changed_by(self) -> SchemaAuthor:
        """Who did it."""
        return SchemaAuthor.from_row(self.row)

    @classmethod
    def from_row(cls, row: models.OperationChange) -> "OperationChange":
        """The change in a row."""
        return cls(
            row=row,
            serial=row.serial,
            kind=ChangeKind(row.kind),
            client=row.client,
            version=row.version,
            document_count=row.documents,
            mode=None if row.mode is None else SafelistMode(row.mode),
            changed_at=row.changed_at,
            reason=row.reason,
        )


@strawberry.type
class GraphOperations:
    """What a graph tells of its clients and operations; all of it needs `operations:read`."""

    row: strawberry.Private[models.Graph]

    @strawberry.field
    async def operations_mode(self, info: Info) -> SafelistMode:
        """How strictly clients without a mode of their own are kept to what they registered."""
        row = await info.context.load(SafelistsByGraphId, self.row.id)
        return SafelistMode.OFF if row is None else SafelistMode(row.default_mode)

    @strawberry.field
    async def operations_serial(self, info: Info) -> int:
        """Counts the changes of its registered operations; 0 before the first."""
        row = await info.context.load(SafelistsByGraphId, self.row.id)
        return 0 if row is None else row.serial

    @strawberry.field
    async def client(self, info: Info, name: str) -> GraphClient | None:
        """The client with this name."""
        row = await info.context.load(ClientsByName, (self.row.id, name))
        return None if row is None else GraphClient.from_row(row)

    @strawberry.field
    async def clients(
        self, info: Info, first: First = None, after: After = None
    ) -> Connection[GraphClient] | None:
        """Its clients, by name."""
        key = PageOf(graph_id=self.row.id, page=page_request(info, first=first, after=after))
        page = await info.context.load(ClientPages, key)
        return None if page is None else connection_of(page, GraphClient.from_row)

    @strawberry.field
    async def operations(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        client: ByClient = None,
        is_registered: Registered = None,
        used_days: UsedDays = None,
    ) -> Connection[GraphOperation] | None:
        """Operations that were registered or sent, the newest first.

        `client`: only what this client has registered (with `isRegistered: false`, what it has not).
        `usedDays`: only what was sent since then.
        """
        request = page_request(info, first=first, after=after)
        since = None if used_days is None else since_days(info.context.clock, used_days)
        which = OperationFilter(client=client, is_registered=is_registered, used_since=since)
        async with info.context.work() as work:
            reading = OperationsReading(work)
            page = await reading.operation_page(self.row.id, which, request, info.context.cursors)
        return connection_of(page, GraphOperation.from_row)

    @strawberry.field
    async def operation_changes(
        self, info: Info, first: First = None, after: After = None
    ) -> Connection[OperationChange] | None:
        """What was changed in its registered operations, the newest first."""
        key = PageOf(graph_id=self.row.id, page=page_request(info, first=first, after=after))
        page = await info.context.load(ChangePages, key)
        return None if page is None else connection_of(page, OperationChange.from_row)

    @strawberry.field
    async def missing_documents(self, info: Info, sha256: Digests) -> list[str]:
        """Those of the digests for which the graph has no text yet."""
        async with info.context.work() as work:
            return list(await OperationsReading(work).missing(self.row.id, sha256))
