"""Documents that clients registered or sent, who may ask for them, and the operations in them.

Texts of documents are left in the database unless a statement says that it needs them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import CursorResult, Text, any_, delete, exists, func, literal, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on

from common.access.principal import Principal
from common.db.pages import (
    Ascending,
    CursorCodec,
    Descending,
    Order,
    Page,
    PageRequest,
    page_of,
)
from common.db.repository import Repository
from common.ids import uuid7
from subgraphs.gateway.models import (
    Client,
    ClientApplication,
    ClientDocument,
    ClientVersion,
    Graph,
    Operation,
    StoredDocument,
)
from subgraphs.gateway.repository.graphs import mine, text_of, within

_BY_ID = Order("operations", Descending(Operation.id))
_BY_DOCUMENT_ID = Order("client-documents", Ascending(ClientDocument.id))

# Thousands of rows at once, as one JSON value: spelled out as parameters they take a second of the loop.
_PUT = text(
    """
    insert into gateway.documents
        (graph_id, sha256, organization_id, body, operations, checked_in, needed_at)
    select :graph, sha256, :organization, body, operations, :checked_in, :now
    from jsonb_to_recordset(cast(:rows as jsonb)) as given (sha256 text, body text, operations jsonb)
    order by sha256
    on conflict (graph_id, sha256) do update
        set operations = excluded.operations, checked_in = excluded.checked_in, needed_at = excluded.needed_at
    """
)
_REGISTER = text(
    """
    insert into gateway.client_documents (client_version_id, id, organization_id, graph_id, sha256)
    select :version, id, :organization, :graph, sha256
    from jsonb_to_recordset(cast(:rows as jsonb)) as given (id text, sha256 text)
    """
)
_NOTE = text(
    """
    insert into gateway.operations (id, organization_id, graph_id, sha256, name, kind, first_seen)
    select id, :organization, :graph, sha256, name, kind, :now
    from jsonb_to_recordset(cast(:rows as jsonb)) as given (id uuid, sha256 text, name text, kind text)
    order by sha256, name
    on conflict (graph_id, sha256, name) do nothing
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownDocument:
    """What is known of a stored text."""

    sha256: str
    operations: tuple[tuple[str, str], ...]
    checked_in: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDocument:
    """A text to store, with the operations (name and kind) that were found in it."""

    sha256: str
    body: str
    operations: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationFilter:
    """Which operations of a graph: of one client, only those that are registered or not, used since then."""

    client: str | None = None
    is_registered: bool | None = None
    used_since: datetime | None = None


class DocumentRepository(Repository):
    """Rows of `gateway.documents`, `gateway.client_documents` and `gateway.operations`."""

    async def known(self, graph_id: UUID, digests: Iterable[str]) -> dict[str, KnownDocument]:
        """What is known of those of the texts that the graph has."""
        query = select(StoredDocument.sha256, StoredDocument.operations, StoredDocument.checked_in).where(
            StoredDocument.graph_id == graph_id, StoredDocument.sha256 == _any_of(digests)
        )
        return {
            row.sha256: KnownDocument(
                sha256=row.sha256, operations=_operations(row.operations), checked_in=row.checked_in
            )
            for row in (await self.session.execute(query)).all()
        }

    async def bodies(self, graph_id: UUID, digests: Iterable[str]) -> dict[str, str]:
        """The texts of a graph with these digests."""
        query = select(StoredDocument.sha256, StoredDocument.body).where(
            StoredDocument.graph_id == graph_id, StoredDocument.sha256 == _any_of(digests)
        )
        return {row.sha256: row.body for row in (await self.session.execute(query)).all()}

    async def texts(
        self, principal: Principal, keys: Sequence[tuple[UUID, str]], most: int
    ) -> dict[tuple[UUID, str], str]:
        """The text of each graph and digest; raises TooMuchText for more than `most` bytes."""
        query = select(
            StoredDocument.graph_id, StoredDocument.sha256, within(StoredDocument.body, most)
        ).where(
            mine(StoredDocument.organization_id, principal),
            tuple_(StoredDocument.graph_id, StoredDocument.sha256).in_(keys),
        )
        rows = (await self.session.execute(query)).all()
        return {(graph_id, sha256): text_of(body, most) for graph_id, sha256, body in rows}

    async def size(self, graph_id: UUID) -> int:
        """The bytes of all texts of a graph: their lengths cost no reading."""
        query = select(func.coalesce(func.sum(func.octet_length(StoredDocument.body)), 0))
        query = query.where(StoredDocument.graph_id == graph_id)
        return int((await self.session.execute(query)).scalar_one())

    async def put(
        self, graph: Graph, documents: Sequence[NewDocument], checked_in: str, now: datetime
    ) -> None:
        """Store texts, or note for those that are there what was found in them and when they were needed."""
        rows = [
            {
                "sha256": document.sha256,
                "body": document.body,
                "operations": [{"name": name, "kind": kind} for name, kind in document.operations],
            }
            for document in documents
        ]
        values = {**_of(graph), "checked_in": checked_in, "now": now, "rows": _json(rows)}
        await self.session.execute(_PUT, values)

    async def need(self, graph_id: UUID, digests: Iterable[str], now: datetime) -> frozenset[str]:
        """Those of the texts that are there; from now on they are not let go of for a while."""
        statement = (
            update(StoredDocument)
            .where(StoredDocument.graph_id == graph_id, StoredDocument.sha256 == _any_of(digests))
            .values(needed_at=now)
            .returning(StoredDocument.sha256)
            .execution_options(synchronize_session=False)
        )
        return frozenset((await self.session.execute(statement)).scalars())

    async def of_version(self, client_version_id: UUID) -> dict[str, str]:
        """Ids and digests of what a version registered."""
        query = select(ClientDocument.id, ClientDocument.sha256).where(
            ClientDocument.client_version_id == client_version_id
        )
        return {row.id: row.sha256 for row in (await self.session.execute(query)).all()}

    async def served(
        self, client_id: UUID, ids: Iterable[str] | None = None, *, but: Iterable[UUID] = ()
    ) -> dict[str, tuple[str, str]]:
        """Digest and version of each id (None: all) that the client's live versions have, without some."""
        query = (
            select(ClientDocument.id, ClientDocument.sha256, ClientVersion.name)
            .ext(distinct_on(ClientDocument.id))  # all live versions mean the same text by it
            .order_by(ClientDocument.id)
            .join(ClientVersion, ClientVersion.id == ClientDocument.client_version_id)
            .where(
                ClientVersion.client_id == client_id,
                ClientVersion.retired_at.is_(None),
                ClientVersion.id.not_in(list(but)),
            )
        )
        if ids is not None:
            query = query.where(ClientDocument.id == _any_of(ids))
        return {row.id: (row.sha256, row.name) for row in (await self.session.execute(query)).all()}

    async def register(self, version: ClientVersion, documents: Mapping[str, str]) -> None:
        """Let a version ask for these texts (digests by id), and for no others."""
        await self.session.execute(
            delete(ClientDocument).where(ClientDocument.client_version_id == version.id)
        )
        rows = [{"id": id, "sha256": sha256} for id, sha256 in documents.items()]
        here = {"graph": version.graph_id, "organization": version.organization_id}
        await self.session.execute(_REGISTER, {**here, "version": version.id, "rows": _json(rows)})

    async def versions_with(self, client_id: UUID, ids: Iterable[str]) -> frozenset[UUID]:
        """The live versions of a client that have one of these documents."""
        query = (
            select(ClientDocument.client_version_id)
            .join(ClientVersion, ClientVersion.id == ClientDocument.client_version_id)
            .where(
                ClientVersion.client_id == client_id,
                ClientVersion.retired_at.is_(None),
                ClientDocument.id == _any_of(ids),
            )
            .distinct()
        )
        return frozenset((await self.session.execute(query)).scalars())

    async def unregister(self, client_version_ids: Sequence[UUID], ids: Iterable[str]) -> None:
        """Take single documents from versions."""
        await self.session.execute(
            delete(ClientDocument).where(
                ClientDocument.client_version_id.in_(client_version_ids), ClientDocument.id == _any_of(ids)
            )
        )

    async def note_operations(
        self, graph: Graph, operations: Iterable[tuple[str, str, str]], now: datetime
    ) -> None:
        """Have a row for each operation (digest of the document, name, kind)."""
        rows = [
            {"id": uuid7(), "sha256": sha256, "name": name, "kind": kind} for sha256, name, kind in operations
        ]
        await self.session.execute(_NOTE, {**_of(graph), "now": now, "rows": _json(rows)})

    async def operations_by_ids(self, principal: Principal, ids: Sequence[UUID]) -> dict[UUID, Operation]:
        """Those of the ids that belong to the caller's organisation, by id."""
        query = select(Operation).where(mine(Operation.organization_id, principal), Operation.id.in_(ids))
        return {row.id: row for row in await self.session.scalars(query)}

    async def operation_page(
        self,
        principal: Principal,
        graph_id: UUID,
        which: OperationFilter,
        request: PageRequest,
        cursors: CursorCodec,
    ) -> Page[Operation]:
        """Operations of a graph, the newest first."""
        query = select(Operation).where(
            mine(Operation.organization_id, principal), Operation.graph_id == graph_id
        )
        if which.used_since is not None:
            query = query.where(Operation.last_seen >= which.used_since)
        if which.client is not None or which.is_registered is not None:
            registered = _registered_by(which.client)
            query = query.where(~registered if which.is_registered is False else registered)
        return await page_of(self.session, query, _BY_ID, request, cursors)

    async def registered_by(
        self, principal: Principal, keys: Sequence[tuple[UUID, str]]
    ) -> dict[tuple[UUID, str], tuple[str, ...]]:
        """The names of the clients whose live versions have each document (graph and digest)."""
        query = (
            select(ClientDocument.graph_id, ClientDocument.sha256, Client.name)
            .join(ClientVersion, ClientVersion.id == ClientDocument.client_version_id)
            .join(Client, Client.id == ClientVersion.client_id)
            .where(
                mine(ClientDocument.organization_id, principal),
                ClientVersion.retired_at.is_(None),
                tuple_(ClientDocument.graph_id, ClientDocument.sha256).in_(keys),
            )
            .distinct()
            .order_by(Client.name)
        )
        found: dict[tuple[UUID, str], tuple[str, ...]] = {}
        for graph_id, sha256, name in (await self.session.execute(query)).all():
            found[graph_id, sha256] = (*found.get((graph_id, sha256), ()), name)
        return found

    async def document_page(
        self, principal: Principal, client_version_id: UUID, request: PageRequest, cursors: CursorCodec
    ) -> Page[ClientDocument]:
        """What a version registered, by id."""
        query = select(ClientDocument).where(
            mine(ClientDocument.organization_id, principal),
            ClientDocument.client_version_id == client_version_id,
        )
        return await page_of(self.session, query, _BY_DOCUMENT_ID, request, cursors)

    async def served_for_system(self, graph_id: UUID) -> tuple[tuple[Client, dict[str, str]], ...]:
        """Every client of a graph, by name, with the ids and digests of its live versions."""
        clients = select(Client).where(Client.graph_id == graph_id).order_by(Client.name)
        query = (
            select(ClientVersion.client_id, ClientDocument.id, ClientDocument.sha256)
            .join(ClientVersion, ClientVersion.id == ClientDocument.client_version_id)
            .where(ClientVersion.graph_id == graph_id, ClientVersion.retired_at.is_(None))
            .distinct()
        )
        by_client: dict[UUID, dict[str, str]] = {}
        for client_id, id, sha256 in (await self.session.execute(query)).all():
            by_client.setdefault(client_id, {})[id] = sha256
        return tuple((row, by_client.get(row.id, {})) for row in await self.session.scalars(clients))

    async def served_bodies_for_system(self, graph_id: UUID) -> dict[str, str]:
        """The texts, by digest, that live versions of any client of a graph have."""
        is_served = exists().where(
            ClientDocument.graph_id == StoredDocument.graph_id,
            ClientDocument.sha256 == StoredDocument.sha256,
            ClientVersion.id == ClientDocument.client_version_id,
            ClientVersion.retired_at.is_(None),
        )
        query = select(StoredDocument.sha256, StoredDocument.body).where(
            StoredDocument.graph_id == graph_id, is_served
        )
        return {row.sha256: row.body for row in (await self.session.execute(query)).all()}

    async def applications_for_system(self, graph_id: UUID) -> dict[UUID, list[UUID]]:
        """The AI applications of each client of a graph that has a mode, or ever registered anything.

        Those of others are as free as whoever is no client: there is nothing yet that they could be kept to.
        """
        has_versions = exists().where(ClientVersion.client_id == ClientApplication.client_id)
        query = (
            select(ClientApplication.client_id, ClientApplication.application_id)
            .join(Client, Client.id == ClientApplication.client_id)
            .where(ClientApplication.graph_id == graph_id, Client.mode.is_not(None) | has_versions)
        )
        found: dict[UUID, list[UUID]] = {}
        for client_id, application_id in (await self.session.execute(query)).all():
            found.setdefault(client_id, []).append(application_id)
        return found

    async def forget_documents_for_system(self, needed_before: datetime) -> int:
        """Let go of texts that no version registered and no operation stands for."""
        done = await self.session.execute(
            delete(StoredDocument).where(
                StoredDocument.needed_at < needed_before,
                ~exists().where(
                    ClientDocument.graph_id == StoredDocument.graph_id,
                    ClientDocument.sha256 == StoredDocument.sha256,
                ),
                ~exists().where(
                    Operation.graph_id == StoredDocument.graph_id,
                    Operation.sha256 == StoredDocument.sha256,
                ),
            )
        )
        assert isinstance(done, CursorResult)
        return done.rowcount


def _registered_by(client: str | None) -> Any:
    """A live version (of this client) has the operation's document."""
    condition = exists().where(
        ClientDocument.graph_id == Operation.graph_id,
        ClientDocument.sha256 == Operation.sha256,
        ClientVersion.id == ClientDocument.client_version_id,
        ClientVersion.retired_at.is_(None),
    )
    if client is not None:
        condition = condition.where(Client.id == ClientVersion.client_id, Client.name == client)
    return condition


def _operations(given: list[dict[str, Any]] | None) -> tuple[tuple[str, str], ...]:
    return tuple((one["name"], one["kind"]) for one in given or ())


def _of(graph: Graph) -> dict[str, Any]:
    return {"graph": graph.id, "organization": graph.organization_id}


def _any_of(texts: Iterable[str]) -> Any:
    """Any of many texts, as one parameter."""
    return any_(literal(list(texts), ARRAY(Text)))


def _json(rows: Sequence[Mapping[str, Any]]) -> str:
    return orjson.dumps(rows).decode()
