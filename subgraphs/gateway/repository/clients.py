"""Clients of graphs, their versions, what holds for all of them, and what was changed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import CursorResult, Select, delete, exists, func, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from common.access.principal import Principal
from common.db.pages import (
    Ascending,
    CursorCodec,
    Descending,
    Order,
    Page,
    PageRequest,
    pages_by_key,
)
from common.db.repository import Repository
from subgraphs.gateway.models import (
    Client,
    ClientApplication,
    ClientDocument,
    ClientVersion,
    Graph,
    OperationChange,
    Safelist,
)
from subgraphs.gateway.repository.graphs import mine

_BY_NAME = Order("clients", Ascending(Client.name), Ascending(Client.id))
_BY_PUBLICATION = Order(
    "client-versions", Descending(ClientVersion.published_at), Descending(ClientVersion.id)
)
_BY_SERIAL = Order("operation-changes", Descending(OperationChange.serial), Descending(OperationChange.id))


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredState:
    """Up to which change the registered operations of a graph are known, and what holds for all clients."""

    graph_id: UUID
    is_platform: bool
    default_mode: str
    serial: int
    changed_at: datetime


class SafelistRepository(Repository):
    """Rows of `gateway.safelists` and of what was changed."""

    async def of_graphs(self, principal: Principal, graph_ids: Sequence[UUID]) -> dict[UUID, Safelist]:
        """What holds for all clients of each graph, if anything was ever chosen or registered."""
        query = select(Safelist).where(mine(Safelist.organization_id, principal))
        return await self.by_keys(query, Safelist.graph_id, graph_ids)

    async def locked(self, graph: Graph, now: datetime) -> Safelist:
        """The row of a graph, made if there is none, held until the unit of work ends."""
        values = {
            "graph_id": graph.id,
            "organization_id": graph.organization_id,
            "default_mode": "off",
            "serial": 0,
            "changed_at": now,
        }
        await self.session.execute(insert(Safelist).values(**values).on_conflict_do_nothing())
        query = select(Safelist).where(Safelist.graph_id == graph.id)
        found = await self.one_or_none(query.execution_options(populate_existing=True), lock=True)
        assert found is not None
        return found

    async def change_pages(
        self, principal: Principal, graph_ids: Sequence[UUID], request: PageRequest, cursors: CursorCodec
    ) -> dict[UUID, Page[OperationChange]]:
        """A page of what was changed in each graph, the newest first."""
        query = select(OperationChange).where(mine(OperationChange.organization_id, principal))
        return await pages_by_key(
            self.session, query, OperationChange.graph_id, graph_ids, _BY_SERIAL, request, cursors
        )

    async def state_for_system(self, graph_id: UUID | None, *, lock: bool = False) -> RegisteredState | None:
        """The state of a graph (None: the platform's own), whosever it is; None if nothing was registered.

        With `lock` nobody changes the operations of the graph until the unit of work ends.
        """
        wanted = Graph.is_platform if graph_id is None else Graph.id == graph_id
        query = select(Safelist, Graph.is_platform).join(Graph, Graph.id == Safelist.graph_id).where(wanted)
        if lock:
            query = query.with_for_update(read=True, of=Safelist).execution_options(populate_existing=True)
        row = (await self.session.execute(query)).one_or_none()
        if row is None or row.Safelist.serial == 0:
            return None
        return RegisteredState(
            graph_id=row.Safelist.graph_id,
            is_platform=row.is_platform,
            default_mode=row.Safelist.default_mode,
            serial=row.Safelist.serial,
            changed_at=row.Safelist.changed_at,
        )


class ClientRepository(Repository):
    """Rows of `gateway.clients`, of their applications and versions."""

    async def by_ids(self, principal: Principal, ids: Sequence[UUID]) -> dict[UUID, Client]:
        """Those of the ids that belong to the caller's organisation, by id."""
        query = select(Client).where(mine(Client.organization_id, principal), Client.id.in_(ids))
        return {row.id: row for row in await self.session.scalars(query)}

    async def by_names(
        self, principal: Principal, keys: Sequence[tuple[UUID, str]]
    ) -> dict[tuple[UUID, str], Client]:
        """The clients with these names of these graphs."""
        query = select(Client).where(
            mine(Client.organization_id, principal), tuple_(Client.graph_id, Client.name).in_(keys)
        )
        return {(row.graph_id, row.name): row for row in await self.session.scalars(query)}

    async def of_graph(self, graph_id: UUID, names: Sequence[str]) -> dict[str, Client]:
        """The clients of a graph that the caller may change, by name."""
        query = select(Client).where(Client.graph_id == graph_id, Client.name.in_(names))
        return {row.name: row for row in await self.session.scalars(query)}

    async def pages(
        self, principal: Principal, graph_ids: Sequence[UUID], request: PageRequest, cursors: CursorCodec
    ) -> dict[UUID, Page[Client]]:
        """A page of the clients of each graph, by name."""
        query = select(Client).where(mine(Client.organization_id, principal))
        return await pages_by_key(self.session, query, Client.graph_id, graph_ids, _BY_NAME, request, cursors)

    async def count(self, graph_id: UUID) -> int:
        """How many clients a graph has."""
        query = select(func.count()).select_from(Client).where(Client.graph_id == graph_id)
        return (await self.session.execute(query)).scalar_one()

    async def applications_of(
        self, principal: Principal, client_ids: Sequence[UUID]
    ) -> dict[UUID, tuple[UUID, ...]]:
        """The AI applications of each client: bounded."""
        query = select(ClientApplication.application_id).where(
            mine(ClientApplication.organization_id, principal)
        )
        query = query.order_by(ClientApplication.application_id)
        return await self.grouped(query, ClientApplication.client_id, client_ids)

    async def bound_elsewhere(self, client: Client, application_ids: Iterable[UUID]) -> str | None:
        """The name of another client of the graph that is one of these applications."""
        query = (
            select(Client.name)
            .join(ClientApplication, ClientApplication.client_id == Client.id)
            .where(
                ClientApplication.graph_id == client.graph_id,
                ClientApplication.client_id != client.id,
                ClientApplication.application_id.in_(list(application_ids)),
            )
            .limit(1)
        )
        return (await self.session.execute(query)).scalar_one_or_none()

    async def bind(self, client: Client, application_ids: Iterable[UUID]) -> None:
        """Make these applications, and no others, the client's."""
        wanted = frozenset(application_ids)
        await self.session.execute(
            delete(ClientApplication).where(
                ClientApplication.client_id == client.id, ClientApplication.application_id.not_in(wanted)
            )
        )
        rows = [
            {
                "graph_id": client.graph_id,
                "application_id": id,
                "organization_id": client.organization_id,
                "client_id": client.id,
            }
            for id in wanted
        ]
        if rows:
            await self.session.execute(insert(ClientApplication).values(rows).on_conflict_do_nothing())

    async def versions_by_ids(self, principal: Principal, ids: Sequence[UUID]) -> dict[UUID, ClientVersion]:
        """Those of the ids that belong to the caller's organisation, by id."""
        query = _versions(principal).where(ClientVersion.id.in_(ids))
        return {row.id: row for row in await self.session.scalars(query)}

    async def versions_by_names(
        self, principal: Principal, keys: Sequence[tuple[UUID, str]]
    ) -> dict[tuple[UUID, str], ClientVersion]:
        """The versions with these names of these clients."""
        query = _versions(principal).where(tuple_(ClientVersion.client_id, ClientVersion.name).in_(keys))
        return {(row.client_id, row.name): row for row in await self.session.scalars(query)}

    async def version_pages(
        self, principal: Principal, client_ids: Sequence[UUID], request: PageRequest, cursors: CursorCodec
    ) -> dict[UUID, Page[ClientVersion]]:
        """A page of the versions of each client, the newest first."""
        return await pages_by_key(
            self.session,
            _versions(principal),
            ClientVersion.client_id,
            client_ids,
            _BY_PUBLICATION,
            request,
            cursors,
        )

    async def live_versions(self, client_id: UUID) -> tuple[ClientVersion, ...]:
        """The versions of a client that are not retired: bounded by a setting."""
        query = select(ClientVersion).where(
            ClientVersion.client_id == client_id, ClientVersion.retired_at.is_(None)
        )
        return tuple(await self.session.scalars(query.order_by(ClientVersion.published_at)))

    async def forget_versions_for_system(self, retired_before: datetime) -> int:
        """Let go of versions that were retired before then, but for the last one of each client.

        That a client has registered something is never forgotten: its applications are kept to it.
        """
        later = aliased(ClientVersion)
        has_later = exists().where(
            later.client_id == ClientVersion.client_id,
            tuple_(later.published_at, later.id) > tuple_(ClientVersion.published_at, ClientVersion.id),
        )
        gone = select(ClientVersion.id).where(ClientVersion.retired_at < retired_before, has_later)
        await self.session.execute(delete(ClientDocument).where(ClientDocument.client_version_id.in_(gone)))
        done = await self.session.execute(
            delete(ClientVersion).where(ClientVersion.retired_at < retired_before, has_later)
        )
        assert isinstance(done, CursorResult)
        return done.rowcount


def _versions(principal: Principal) -> Select[ClientVersion]:
    return select(ClientVersion).where(mine(ClientVersion.organization_id, principal))
