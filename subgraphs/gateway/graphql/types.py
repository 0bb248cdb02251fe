"""Object types of the gateway domain; each entity authorises its own reference.

The text of a schema is read from the database only where it is selected.
"""

from datetime import datetime

import strawberry

from common.access.scopes import require_scope
from common.graphql.connections import After, Connection, First, connection_of, page_request
from common.graphql.entities import Node, global_id, local_id
from subgraphs.gateway import models
from subgraphs.gateway.graphql.authors import Organization, SchemaAuthor
from subgraphs.gateway.graphql.enums import ActivationKind
from subgraphs.gateway.graphql.info import Info
from subgraphs.gateway.graphql.loaders import (
    ActivationPages,
    ActivationsByGraphId,
    ContractsByGraphId,
    GraphsById,
    LatestByGraphId,
    MembersBySupergraphId,
    PageOf,
    SubgraphsById,
    SubgraphTexts,
    SupergraphPages,
    SupergraphsById,
    SupergraphsByNumber,
    SupergraphTexts,
    VariantsBySupergraphId,
)
from subgraphs.gateway.graphql.operation_types import GraphOperations
from subgraphs.gateway.policies import READ, require_read_any
from subgraphs.gateway.service.graphs import PublishedReading


@strawberry.type(description="A variant of a graph: what its tags let through.")
class Contract:
    """A contract of a graph."""

    name: str = strawberry.field(description="Short name, unique in the graph; routers ask for it.")
    include: list[str] = strawberry.field(
        description="Only what has one of these tags is there; everything, if empty."
    )
    exclude: list[str] = strawberry.field(description="What has one of these tags is not there.")
    hide_unreachable: bool = strawberry.field(
        description="Types that no field leads to any more are left out, too."
    )
    updated_at: datetime = strawberry.field(description="When it last changed.")

    @classmethod
    def from_row(cls, row: models.Contract) -> "Contract":
        """The contract in a row."""
        return cls(
            name=row.name,
            include=list(row.include),
            exclude=list(row.exclude),
            hide_unreachable=row.hide_unreachable,
            updated_at=row.updated_at,
        )


@strawberry.federation.type(keys=["id"], description="The schema of a subgraph, as it was published once.")
class Subgraph(Node):
    """One version of a subgraph; it never changes."""

    row: strawberry.Private[models.SubgraphVersion]
    name: str = strawberry.field(description="How the graph calls it.")
    url: str = strawberry.field(description="Where routers ask it.")
    sha256: str = strawberry.field(description="Digest of its SDL.")
    published_at: datetime = strawberry.field(description="When it was published.")
    reason: str = strawberry.field(description="Why, in the words of who published it.")
    git_revision: str = strawberry.field(description="The commit it was published from; empty if not said.")

    @strawberry.field
    def id(self) -> strawberry.ID:
        """Opaque, and the same in every service."""
        return global_id("Subgraph", self.row.id)

    @strawberry.field
    def published_by(self) -> SchemaAuthor:
        """Who published it."""
        return SchemaAuthor.from_row(self.row)

    @strawberry.field
    async def sdl(self, info: Info) -> str | None:
        """The whole schema; can be large."""
        return await info.context.load(SubgraphTexts, self.row.id)

    @classmethod
    def from_row(cls, row: models.SubgraphVersion) -> "Subgraph":
        """The version in a row."""
        return cls(
            row=row,
            name=row.name,
            url=row.url,
            sha256=row.sha256,
            published_at=row.published_at,
            reason=row.reason,
            git_revision=row.git_revision,
        )

    @classmethod
    async def resolve_reference(cls, info: Info, id: strawberry.ID) -> "Subgraph | None":
        """With `schemas:read`, one of the current organization."""
        version_id = local_id(id, "Subgraph")
        require_scope(info.context.principal, READ)
        row = await info.context.load(SubgraphsById, version_id)
        return None if row is None else cls.from_row(row)


@strawberry.type(description="What composes, but deserves a second look.")
class CompositionHint:
    """A doubt of the composer."""

    code: str = strawberry.field(description="Stable, for programs.")
    level: str = strawberry.field(description="WARNING, INFO or DEBUG.")
    message: str = strawberry.field(description="A sentence for people.")


@strawberry.federation.type(keys=["id"], description="What was composed from the subgraphs of a graph.")
class Supergraph(Node):
    """One composition; it never changes."""

    row: strawberry.Private[models.Supergraph]
    number: int = strawberry.field(description="Counts the supergraphs of a graph, from 1.")
    composed_at: datetime = strawberry.field(description="When it was composed.")
    reason: str = strawberry.field(description="Why, in the words of who published.")
    git_revision: str = strawberry.field(description="The commit it was published from; empty if not said.")

    @strawberry.field
    def id(self) -> strawberry.ID:
        """Opaque, and the same in every service."""
        return global_id("Supergraph", self.row.id)

    @strawberry.field
    def composed_by(self) -> SchemaAuthor:
        """Whose change it came from."""
        return SchemaAuthor.from_row(self.row)

    @strawberry.field
    def hints(self) -> list[CompositionHint]:
        """What deserves a second look."""
        return [
            CompositionHint(code=hint["code"], level=hint["level"], message=hint["message"])
            for hint in self.row.hints
        ]

    @strawberry.field
    async def subgraphs(self, info: Info) -> list[Subgraph]:
        """What it was composed from, by name."""
        rows = await info.context.load(MembersBySupergraphId, self.row.id)
        return [Subgraph.from_row(row) for row in rows]

    @strawberry.field
    async def contracts(self, info: Info) -> list[str]:
        """The names of the contracts it was composed with."""
        names: tuple[str, ...] = await info.context.load(VariantsBySupergraphId, self.row.id)
        return list(names)

    @strawberry.field
    async def sdl(self, info: Info, contract: str = "") -> str | None:
        """The whole supergraph as routers read it, or what a contract lets through; can be large."""
        return await info.context.load(SupergraphTexts, (self.row.id, contract))

    @strawberry.field
    async def graph(self, info: Info) -> "Graph | None":
        """Whose supergraph it is."""
        row = await info.context.load(GraphsById, self.row.graph_id)
        return None if row is None else Graph.from_row(row)

    @classmethod
    def from_row(cls, row: models.Supergraph) -> "Supergraph":
        """The supergraph in a row."""
        return cls(
            row=row,
            number=row.number,
            composed_at=row.composed_at,
            reason=row.reason,
            git_revision=row.git_revision,
        )

    @classmethod
    async def resolve_reference(cls, info: Info, id: strawberry.ID) -> "Supergraph | None":
        """With `schemas:read`, one of the current organization."""
        supergraph_id = local_id(id, "Supergraph")
        require_scope(info.context.principal, READ)
        row = await info.context.load(SupergraphsById, supergraph_id)
        return None if row is None else cls.from_row(row)


@strawberry.type(description="A supergraph became the active one of its graph.")
class SupergraphActivation:
    """One entry of the history of what routers used."""

    row: strawberry.Private[models.Activation]
    serial: int = strawberry.field(description="Counts the activations of a graph; the highest stands.")
    kind: ActivationKind = strawberry.field(description="How it came about.")
    activated_at: datetime = strawberry.field(description="When it was.")
    reason: str = strawberry.field(description="Why, in the words of who did it.")

    @strawberry.field
    def activated_by(self) -> SchemaAuthor:
        """Who did it."""
        return SchemaAuthor.from_row(self.row)

    @strawberry.field
    async def supergraph(self, info: Info) -> Supergraph | None:
        """What became active."""
        row = await info.context.load(SupergraphsById, self.row.supergraph_id)
        return None if row is None else Supergraph.from_row(row)

    @classmethod
    def from_row(cls, row: models.Activation) -> "SupergraphActivation":
        """The activation in a row."""
        return cls(
            row=row,
            serial=row.serial,
            kind=ActivationKind(row.kind),
            activated_at=row.activated_at,
            reason=row.reason,
        )


@strawberry.federation.type(keys=["id"], description="Subgraphs that make one API, and their history.")
class Graph(GraphOperations, Node):
    """A graph of the current organisation."""

    name: str = strawberry.field(description="Short name, unique in the organization.")
    is_platform: bool = strawberry.field(
        description="It is the platform's own: this very endpoint serves it."
    )
    created_at: datetime = strawberry.field(description="When it was made.")

    @strawberry.field
    def id(self) -> strawberry.ID:
        """Opaque, and the same in every service."""
        return global_id("Graph", self.row.id)

    @strawberry.field
    async def active(self, info: Info) -> SupergraphActivation | None:
        """What routers use now; null before the first activation."""
        row = await info.context.load(ActivationsByGraphId, self.row.id)
        return None if row is None else SupergraphActivation.from_row(row)

    @strawberry.field
    async def latest(self, info: Info) -> Supergraph | None:
        """What was composed last, active or not; the next publication builds upon it."""
        row = await info.context.load(LatestByGraphId, self.row.id)
        return None if row is None else Supergraph.from_row(row)

    @strawberry.field
    async def subgraphs(self, info: Info) -> list[Subgraph]:
        """What the latest supergraph was composed from, by name."""
        latest = await info.context.load(LatestByGraphId, self.row.id)
        if latest is None:
            return []
        rows = await info.context.load(MembersBySupergraphId, latest.id)
        return [Subgraph.from_row(row) for row in rows]

    @strawberry.field
    async def contracts(self, info: Info) -> list[Contract]:
        """Its variants, by name."""
        rows = await info.context.load(ContractsByGraphId, self.row.id)
        return [Contract.from_row(row) for row in rows]

    @strawberry.field
    async def supergraph(self, info: Info, number: int) -> Supergraph | None:
        """The supergraph with this number."""
        row = await info.context.load(SupergraphsByNumber, (self.row.id, number))
        return None if row is None else Supergraph.from_row(row)

    @strawberry.field
    async def supergraphs(
        self, info: Info, first: First = None, after: After = None
    ) -> Connection[Supergraph] | None:
        """Everything that was composed, the newest first."""
        key = PageOf(graph_id=self.row.id, page=page_request(info, first=first, after=after))
        page = await info.context.load(SupergraphPages, key)
        return None if page is None else connection_of(page, Supergraph.from_row)

    @strawberry.field
    async def activations(
        self, info: Info, first: First = None, after: After = None
    ) -> Connection[SupergraphActivation] | None:
        """Everything that was active, the newest first."""
        key = PageOf(graph_id=self.row.id, page=page_request(info, first=first, after=after))
        page = await info.context.load(ActivationPages, key)
        return None if page is None else connection_of(page, SupergraphActivation.from_row)

    @strawberry.field
    async def subgraph_versions(
        self, info: Info, name: str, first: First = None, after: After = None
    ) -> Connection[Subgraph] | None:
        """Every version of one subgraph, the newest first."""
        request = page_request(info, first=first, after=after)
        async with info.context.work() as work:
            reading = PublishedReading(work)
            page = await reading.version_page(self.row.id, name, request, info.context.cursors)
        return connection_of(page, Subgraph.from_row)

    @strawberry.field
    def organization(self) -> Organization | None:
        """Whose it is."""
        return Organization(id=global_id("Organization", self.row.organization_id))

    @classmethod
    def from_row(cls, row: models.Graph) -> "Graph":
        """The graph in a row."""
        return cls(row=row, name=row.name, is_platform=row.is_platform, created_at=row.created_at)

    @classmethod
    async def resolve_reference(cls, info: Info, id: strawberry.ID) -> "Graph | None":
        """With `schemas:read` or `operations:read`, one of the current organization."""
        graph_id = local_id(id, "Graph")
        require_read_any(info.context.principal)
        row = await info.context.load(GraphsById, graph_id)
        return None if row is None else cls.from_row(row)
