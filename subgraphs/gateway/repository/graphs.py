"""Graphs, what is published into them and what is active.

Texts of schemas are left in the database unless a statement says that it needs them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, case, delete, false, func, select, tuple_
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.orm import InstrumentedAttribute, undefer

from common.access.principal import Principal
from common.db.pages import (
    Ascending,
    CursorCodec,
    Descending,
    Order,
    Page,
    PageRequest,
    page_of,
    pages_by_key,
)
from common.db.repository import Repository
from subgraphs.gateway.errors import GraphNameTaken, TooMuchText
from subgraphs.gateway.models import (
    Activation,
    Contract,
    Graph,
    Member,
    SubgraphVersion,
    Supergraph,
    Variant,
)

_BY_AGE = Order("graphs", Ascending(Graph.created_at), Ascending(Graph.id))
_BY_NUMBER = Order("supergraphs", Descending(Supergraph.number), Descending(Supergraph.id))
_BY_SERIAL = Order("activations", Descending(Activation.serial), Descending(Activation.id))


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveVariant:
    """The active supergraph of a graph in one variant, without its text."""

    graph_id: UUID
    is_platform: bool
    supergraph_id: UUID
    serial: int
    number: int
    activated_at: datetime
    sha256: str


class GraphRepository(Repository):
    """Rows of `gateway.graphs` and `gateway.contracts`."""

    async def by_ids(self, principal: Principal, ids: Sequence[UUID]) -> dict[UUID, Graph]:
        """Those of the ids that belong to the caller's organisation, by id."""
        query = select(Graph).where(mine(Graph.organization_id, principal), Graph.id.in_(ids))
        return {row.id: row for row in await self.session.scalars(query)}

    async def by_name(self, principal: Principal, name: str) -> Graph | None:
        """The graph of the caller's organisation with this name."""
        return await self.one_or_none(
            select(Graph).where(mine(Graph.organization_id, principal), Graph.name == name)
        )

    async def by_id_locked(self, principal: Principal, id: UUID) -> Graph | None:
        """One graph of the caller's organisation as it is now, held until the unit of work ends."""
        query = select(Graph).where(mine(Graph.organization_id, principal), Graph.id == id)
        return await self.one_or_none(query.execution_options(populate_existing=True), lock=True)

    async def page(self, principal: Principal, request: PageRequest, cursors: CursorCodec) -> Page[Graph]:
        """Graphs of the caller's organisation, the oldest first."""
        query = select(Graph).where(mine(Graph.organization_id, principal))
        return await page_of(self.session, query, _BY_AGE, request, cursors)

    async def count(self, principal: Principal) -> int:
        """How many graphs the caller's organisation has."""
        query = select(func.count()).select_from(Graph).where(mine(Graph.organization_id, principal))
        return (await self.session.execute(query)).scalar_one()

    async def insert_here(self, graph: Graph) -> None:
        """Add a graph; raises GraphNameTaken."""
        name = graph.name
        await self.insert(graph, taken={"uq_graphs_organization_id_name": lambda: GraphNameTaken(name)})

    async def contracts_of(
        self, principal: Principal, graph_ids: Sequence[UUID]
    ) -> dict[UUID, tuple[Contract, ...]]:
        """The contracts of each graph by name: bounded by a setting."""
        query = select(Contract).where(mine(Contract.organization_id, principal)).order_by(Contract.name)
        return await self.grouped(query, Contract.graph_id, graph_ids)

    async def put_contract(self, contract: Contract) -> None:
        """Add a contract, or change the one of the same name."""
        values = {
            column: getattr(contract, column)
            for column in ("organization_id", "graph_id", "name", "include", "exclude", "updated_at")
        } | {"hide_unreachable": contract.hide_unreachable, "id": contract.id}
        changed = {name: values[name] for name in ("include", "exclude", "hide_unreachable", "updated_at")}
        statement = insert(Contract).values(**values)
        await self.session.execute(
            statement.on_conflict_do_update(index_elements=["graph_id", "name"], set_=changed)
        )

    async def delete_contract(self, principal: Principal, graph_id: UUID, name: str) -> None:
        """Take a contract away."""
        await self.session.execute(
            delete(Contract).where(
                mine(Contract.organization_id, principal),
                Contract.graph_id == graph_id,
                Contract.name == name,
            )
        )

    async def platform_for_system(self) -> Graph | None:
        """The platform's own graph, whosever it is."""
        return await self.one_or_none(select(Graph).where(Graph.is_platform))

    async def by_id_for_system(self, graph_id: UUID | None) -> Graph | None:
        """A graph, whosever it is; None is the platform's own."""
        wanted = Graph.is_platform if graph_id is None else Graph.id == graph_id
        return await self.one_or_none(select(Graph).where(wanted))

    async def insert_platform_for_system(self, graph: Graph) -> None:
        """Add the platform's own graph unless there is one."""
        values = {
            name: getattr(graph, name)
            for name in ("id", "organization_id", "name", "is_platform", "created_at")
        }
        await self.session.execute(insert(Graph).values(revision=0, **values).on_conflict_do_nothing())


class SubgraphRepository(Repository):
    """Rows of `gateway.subgraph_versions`."""

    async def by_ids(self, principal: Principal, ids: Sequence[UUID]) -> dict[UUID, SubgraphVersion]:
        """Those of the ids that belong to the caller's organisation, by id."""
        query = _versions(principal).where(SubgraphVersion.id.in_(ids))
        return {row.id: row for row in await self.session.scalars(query)}

    async def texts(self, principal: Principal, ids: Sequence[UUID], most: int) -> dict[UUID, str]:
        """The SDL of each; raises TooMuchText for more than `most` bytes."""
        query = select(SubgraphVersion.id, within(SubgraphVersion.sdl, most)).where(
            mine(SubgraphVersion.organization_id, principal), SubgraphVersion.id.in_(ids)
        )
        rows = (await self.session.execute(query)).all()
        return {id: text_of(sdl, most) for id, sdl in rows}

    async def of_supergraphs(
        self, principal: Principal, supergraph_ids: Sequence[UUID], *, with_texts: bool = False
    ) -> dict[UUID, tuple[SubgraphVersion, ...]]:
        """What each supergraph was composed from, by name: bounded by a setting."""
        query = (
            _versions(principal)
            .join(Member, Member.subgraph_version_id == SubgraphVersion.id)
            .order_by(SubgraphVersion.name)
        )
        if with_texts:
            query = query.options(undefer(SubgraphVersion.sdl))
        return await self.grouped(query, Member.supergraph_id, supergraph_ids)

    async def page(
        self,
        principal: Principal,
        graph_id: UUID,
        name: str,
        request: PageRequest,
        cursors: CursorCodec,
    ) -> Page[SubgraphVersion]:
        """Every version of one subgraph, the newest first."""
        query = _versions(principal).where(SubgraphVersion.graph_id == graph_id, SubgraphVersion.name == name)
        order = Order(
            "subgraph-versions", Descending(SubgraphVersion.published_at), Descending(SubgraphVersion.id)
        )
        return await page_of(self.session, query, order, request, cursors)


class SupergraphRepository(Repository):
    """Rows of `gateway.supergraph_versions` with their members and variants, and of activations."""

    async def by_ids(self, principal: Principal, ids: Sequence[UUID]) -> dict[UUID, Supergraph]:
        """Those of the ids that belong to the caller's organisation, by id."""
        query = _supergraphs(principal).where(Supergraph.id.in_(ids))
        return {row.id: row for row in await self.session.scalars(query)}

    async def by_numbers(
        self, principal: Principal, keys: Sequence[tuple[UUID, int]]
    ) -> dict[tuple[UUID, int], Supergraph]:
        """The supergraphs with these numbers of these graphs."""
        query = _supergraphs(principal).where(tuple_(Supergraph.graph_id, Supergraph.number).in_(keys))
        return {(row.graph_id, row.number): row for row in await self.session.scalars(query)}

    async def latest(self, principal: Principal, graph_ids: Sequence[UUID]) -> dict[UUID, Supergraph]:
        """The supergraph of each graph that was composed last."""
        query = _supergraphs(principal).where(Supergraph.graph_id.in_(graph_ids))
        query = query.ext(distinct_on(Supergraph.graph_id)).order_by(
            Supergraph.graph_id, Supergraph.number.desc()
        )
        return {row.graph_id: row for row in await self.session.scalars(query)}

    async def pages(
        self,
        principal: Principal,
        graph_ids: Sequence[UUID],
        request: PageRequest,
        cursors: CursorCodec,
    ) -> dict[UUID, Page[Supergraph]]:
        """A page of the supergraphs of each graph, the newest first."""
        return await pages_by_key(
            self.session,
            _supergraphs(principal),
            Supergraph.graph_id,
            graph_ids,
            _BY_NUMBER,
            request,
            cursors,
        )

    async def variant_names(
        self, principal: Principal, supergraph_ids: Sequence[UUID]
    ) -> dict[UUID, tuple[str, ...]]:
        """For which contracts each supergraph has a text, without the whole one."""
        query = (
            select(Variant.name)
            .where(mine(Variant.organization_id, principal), Variant.name != "")
            .order_by(Variant.name)
        )
        return await self.grouped(query, Variant.supergraph_id, supergraph_ids)

    async def texts(
        self, principal: Principal, keys: Sequence[tuple[UUID, str]], most: int
    ) -> dict[tuple[UUID, str], str]:
        """The SDL of each supergraph in each variant; raises TooMuchText for more than `most` bytes."""
        query = select(Variant.supergraph_id, Variant.name, within(Variant.sdl, most)).where(
            mine(Variant.organization_id, principal), tuple_(Variant.supergraph_id, Variant.name).in_(keys)
        )
        rows = (await self.session.execute(query)).all()
        return {(id, name): text_of(sdl, most) for id, name, sdl in rows}

    async def active(self, principal: Principal, graph_ids: Sequence[UUID]) -> dict[UUID, Activation]:
        """The last activation of each graph."""
        query = _activations(principal).where(Activation.graph_id.in_(graph_ids))
        query = query.ext(distinct_on(Activation.graph_id)).order_by(
            Activation.graph_id, Activation.serial.desc()
        )
        return {row.graph_id: row for row in await self.session.scalars(query)}

    async def last_activations(
        self, principal: Principal, graph_id: UUID, most: int
    ) -> tuple[Activation, ...]:
        """The last activations of a graph, the newest first."""
        query = _activations(principal).where(Activation.graph_id == graph_id)
        query = query.order_by(Activation.serial.desc()).limit(most)
        return tuple(await self.session.scalars(query))

    async def activation_pages(
        self,
        principal: Principal,
        graph_ids: Sequence[UUID],
        request: PageRequest,
        cursors: CursorCodec,
    ) -> dict[UUID, Page[Activation]]:
        """A page of the activations of each graph, the newest first."""
        return await pages_by_key(
            self.session,
            _activations(principal),
            Activation.graph_id,
            graph_ids,
            _BY_SERIAL,
            request,
            cursors,
        )

    async def insert_all(self, *rows: object) -> None:
        """Add what hangs together; rows that others refer to come first."""
        for row in rows:
            self.session.add(row)
            await self.session.flush()

    async def insert_composition(
        self, supergraph: Supergraph, members: Mapping[str, UUID], texts: Mapping[str, tuple[str, str]]
    ) -> None:
        """Add a supergraph with its members (name: version) and variants (name: SDL and its digest)."""
        here = supergraph.organization_id
        self.session.add(supergraph)
        await self.session.flush()
        self.session.add_all(
            Member(supergraph_id=supergraph.id, name=name, organization_id=here, subgraph_version_id=id)
            for name, id in members.items()
        )
        self.session.add_all(
            Variant(supergraph_id=supergraph.id, name=name, organization_id=here, sdl=sdl, sha256=sha256)
            for name, (sdl, sha256) in texts.items()
        )
        await self.session.flush()

    async def active_for_system(self, graph_id: UUID | None, variant: str) -> ActiveVariant | None:
        """What is active of a graph (None: the platform's own), whosever it is; None without this variant."""
        wanted = Graph.is_platform if graph_id is None else Graph.id == graph_id
        has_variant = (Variant.supergraph_id == Activation.supergraph_id) & (Variant.name == variant)
        query = (
            select(Graph.id, Graph.is_platform, Activation, Supergraph.number, Variant.sha256)
            .join(Activation, Activation.graph_id == Graph.id)
            .join(Supergraph, Supergraph.id == Activation.supergraph_id)
            .outerjoin(Variant, has_variant)
            .where(wanted)
            .order_by(Activation.serial.desc())
            .limit(1)
        )
        row = (await self.session.execute(query)).one_or_none()
        if row is None or row.sha256 is None:
            return None
        return ActiveVariant(
            graph_id=row.id,
            is_platform=row.is_platform,
            supergraph_id=row.Activation.supergraph_id,
            serial=row.Activation.serial,
            number=row.number,
            activated_at=row.Activation.activated_at,
            sha256=row.sha256,
        )

    async def text_for_system(self, supergraph_id: UUID, variant: str) -> str:
        """The SDL of a variant that is there."""
        query = select(Variant.sdl).where(Variant.supergraph_id == supergraph_id, Variant.name == variant)
        return (await self.session.execute(query)).scalar_one()


def mine(column: InstrumentedAttribute[UUID], principal: Principal) -> ColumnElement[bool]:
    return column == principal.organisation_id if principal.organisation_id else false()


def within(column: InstrumentedAttribute[str], most: int) -> ColumnElement[str | None]:
    """The texts, or nothing of them if all rows together have more bytes: their lengths cost no reading."""
    return case((func.sum(func.octet_length(column)).over() <= most, column), else_=None)


def text_of(found: str | None, most: int) -> str:
    if found is None:
        raise TooMuchText(most)
    return found


def _versions(principal: Principal) -> Select[SubgraphVersion]:
    return select(SubgraphVersion).where(mine(SubgraphVersion.organization_id, principal))


def _supergraphs(principal: Principal) -> Select[Supergraph]:
    return select(Supergraph).where(mine(Supergraph.organization_id, principal))


def _activations(principal: Principal) -> Select[Activation]:
    return select(Activation).where(mine(Activation.organization_id, principal))
