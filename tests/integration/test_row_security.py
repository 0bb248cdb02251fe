"""No row of an organisation is seen without it or from another one, also on a reused connection."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from atrium.domains import DOMAINS
from common.access.principal import ANONYMOUS, Principal, PrincipalKind
from common.clock import SystemClock
from common.db.session import Database, UnitOfWork
from common.ids import uuid7
from common.mail import FolderMailer
from common.settings import plain_url
from subgraphs.applications.models import ApplicationKind
from subgraphs.applications.service.applications import ApplicationService
from subgraphs.auth.models import Base as AuthBase
from subgraphs.gateway.models import (
    Client,
    ClientApplication,
    ClientDocument,
    ClientVersion,
    IpRule,
    Operation,
    OperationChange,
    OperationUsage,
    PolicySerial,
    RateLimit,
    Safelist,
    StoredDocument,
)
from subgraphs.gateway.providers.protocol import ContractFilter, SubgraphText
from subgraphs.gateway.service.artefacts import Artefacts
from subgraphs.gateway.service.design import PublishSubgraphs, SetContract
from subgraphs.gateway.service.graphs import GraphService
from subgraphs.gateway.service.operation_artefacts import OperationArtefacts
from subgraphs.gateway.service.parts import GatewayParts
from subgraphs.gateway.service.policy_artefacts import PolicyArtefacts
from subgraphs.gateway.service.publication import Wish, publish
from subgraphs.gateway.service.usage import UsageRecorder
from subgraphs.gateway.settings import GatewaySettings
from subgraphs.users.app import build_parts
from subgraphs.users.service.invitations import InvitationService
from subgraphs.users.service.roles import RoleService
from subgraphs.users.settings import UsersSettings
from tests.factories.graphs import publisher
from tests.factories.users import add_member, add_organization, system_role_id
from tests.fakes.checker import FixedChecker
from tests.fakes.composer import FixedComposer

pytestmark = pytest.mark.stores

AUTH_TABLES = AuthBase.metadata.sorted_tables

Fill = Callable[[Database], Awaitable[Principal]]


async def fill_users(database: Database) -> Principal:
    """A row in every table of users; who may see them."""
    owner = await add_member(database, await add_organization(database), "owner")
    viewer = await system_role_id(database, "viewer")
    parts = build_parts(UsersSettings(), secret="s" * 32, mailer=FolderMailer(Path("unused"), "unused"))
    async with database.unit_of_work(domain="users", principal=owner) as work:
        await RoleService(work, SystemClock()).create("ops", "Ops", "", ["users:read"])
        invitations = InvitationService(work, SystemClock(), parts)
        await invitations.invite(f"{uuid7().hex}@example.com", viewer)
    await _claim(database, "users")
    return owner


async def fill_applications(database: Database) -> Principal:
    """A row in every table of applications; who may see them."""
    principal = Principal(
        kind=PrincipalKind.USER,
        id=uuid7(),
        organisation_id=uuid7(),
        scopes=frozenset({"applications:read", "applications:write"}),
    )
    async with database.unit_of_work(domain="applications", principal=principal) as work:
        service = ApplicationService(work, SystemClock())
        await service.create("Bot", f"bot-{uuid7().hex}", ApplicationKind.CHAT, "")
    await _claim(database, "applications")
    return principal


async def fill_gateway(database: Database) -> Principal:
    """A row in every table of gateway; who may see them."""
    principal = publisher()
    settings = GatewaySettings()
    composer = FixedComposer()
    parts = GatewayParts(
        settings=settings,
        composer=composer,
        checker=FixedChecker(),
        artefacts=Artefacts(database, None),
        operations=OperationArtefacts(database, None),
        policies=PolicyArtefacts(database, None),
        usage=UsageRecorder(database, SystemClock(), settings),
        reserved=frozenset(),
    )

    def work() -> AbstractAsyncContextManager[UnitOfWork]:
        return database.unit_of_work(domain="gateway", principal=principal)

    async with work() as unit:
        graph = await GraphService(unit, SystemClock()).create("shop", 1)
    subgraph = SubgraphText(name="a", url="http://a", sdl="type Query { a: Int }")
    for change in (
        SetContract(contract=ContractFilter(name="app", include=("public",))),
        PublishSubgraphs(subgraphs=(subgraph,)),
    ):
        await publish(work, parts, SystemClock(), Wish(graph_id=graph.id, change=change, activates=True))
    await fill_operations(database, principal, graph.id)
    await fill_limits(database, principal)
    await _claim(database, "gateway")
    return principal


async def fill_operations(database: Database, principal: Principal, graph_id: UUID) -> None:
    """A row in every table of registered operations and their usage."""
    now, here = SystemClock().now(), principal.organisation_id
    assert here is not None
    author = {"author_kind": "user", "author_id": principal.id}
    graph = {"graph_id": graph_id, "organization_id": here}
    client = Client(id=uuid7(), name="web", created_at=now, **graph)
    version = ClientVersion(
        id=uuid7(), client_id=client.id, name="1", sha256="", documents=1, published_at=now, **graph, **author
    )
    operation = Operation(id=uuid7(), sha256="a", name="A", kind="query", first_seen=now, **graph)
    change = OperationChange(
        serial=1, kind="publish", client="web", version="1", documents=1, changed_at=now, **graph, **author
    )
    async with database.unit_of_work(domain="gateway", principal=principal) as work:
        for row in (
            Safelist(default_mode="off", serial=1, changed_at=now, **graph),
            StoredDocument(sha256="a", body="{ a }", checked_in="", needed_at=now, **graph),
            client,
            ClientApplication(application_id=uuid7(), client_id=client.id, **graph),
            version,
            ClientDocument(client_version_id=version.id, id="a", sha256="a", **graph),
            change,
            operation,
        ):
            work.session.add(row)
            await work.session.flush()
    usage = {"count": 1, "errors": 0, "duration_ms": 1.0, "slowest_ms": 1.0, "buckets": [1]}
    async with database.unit_of_work_for_system(domain="gateway", job="tests") as work:
        work.session.add(
            OperationUsage(
                operation_id=operation.id, hour=now, client="", version="", last_seen=now, **usage, **graph
            )
        )


async def fill_limits(database: Database, principal: Principal) -> None:
    """A rate limit and an IP rule."""
    now, here = SystemClock().now(), principal.organisation_id
    assert here is not None
    common = {"organization_id": here, "reach": "organization", "key_id": None, "updated_at": now}
    author = {"author_kind": "user", "author_id": principal.id}
    limit = {"units": 1, "window_seconds": 1, "counted_by": [], "operations": [], "when_away": None}
    kind = {"unit": "requests", "counting": "leased"}
    async with database.unit_of_work(domain="gateway", principal=principal) as work:
        work.session.add(PolicySerial(organization_id=here, serial=1, changed_at=now))
        work.session.add(RateLimit(id=uuid7(), name="a", **limit, **kind, **common, **author))
        work.session.add(IpRule(id=uuid7(), network="10.0.0.0/8", action="deny", note="", **common, **author))
        await work.session.flush()


async def _claim(database: Database, domain: str) -> None:
    async with database.unit_of_work_for_system(domain=domain, job="tests") as work:
        await work.inbox.claim("tests", uuid7())


async def fill_events(database: Database) -> Principal:
    """A row in every table of events, where the relay logs what all the domains published."""
    principal = Principal(kind=PrincipalKind.USER, id=uuid7(), organisation_id=uuid7())
    columns = "(id, topic, version, key, organization_id, payload, occurred_at)"
    values = "(:id, 'tests.written', 1, 'key', :organization, '{}', now())"
    row = {"id": uuid7(), "organization": principal.organisation_id}
    async with database.unit_of_work_for_system(domain="events", job="tests") as work:
        for table in ("log", "outbox"):
            await work.session.execute(text(f"insert into events.{table} {columns} values {values}"), row)
        await work.session.execute(
            text("insert into events.consumers (name, topic) values (:name, 'tests.written')"),
            {"name": uuid7().hex},
        )
    await _claim(database, "events")
    return principal


FILLERS: dict[str, Fill] = {
    "users": fill_users,
    "applications": fill_applications,
    "gateway": fill_gateway,
    "events": fill_events,
}
SHARED_BY_ALL_DOMAINS = {"outbox": "topic", "inbox": "failure"}
# Every table with a column that a change could aim at. Auth's tables have a test of their own.
TABLES: dict[str, dict[str, str]] = {
    "users": {
        "users": "name",
        "organizations": "name",
        "memberships": "role_id",
        "roles": "name",
        "role_permissions": "permission",
        "invitations": "role_id",
        **SHARED_BY_ALL_DOMAINS,
    },
    "applications": {"applications": "name", "environments": "name", **SHARED_BY_ALL_DOMAINS},
    "gateway": {
        "graphs": "name",
        "contracts": "name",
        "subgraph_versions": "sdl",
        "supergraph_versions": "hints",
        "supergraph_members": "subgraph_version_id",
        "supergraph_variants": "sdl",
        "activations": "kind",
        "safelists": "default_mode",
        "documents": "body",
        "clients": "mode",
        "client_applications": "client_id",
        "client_versions": "retired_at",
        "client_documents": "sha256",
        "operation_changes": "kind",
        "operations": "name",
        "operation_usage": "count",
        "policy_serials": "serial",
        "rate_limits": "name",
        "ip_rules": "network",
        **SHARED_BY_ALL_DOMAINS,
    },
    "events": {"log": "payload", "consumers": "since", **SHARED_BY_ALL_DOMAINS},
}
# Rows that belong to nobody and may be read by everybody who is known.
SHARED = {
    "users.roles": "organization_id is null",
    "users.role_permissions": "exists (select 1 from users.roles r where r.id = role_id"
    " and r.organization_id is null)",
}
CLOSED = {"outbox", "inbox", "consumers"}


@pytest.fixture
async def narrow(app_url: str) -> AsyncIterator[Database]:
    """A pool of one connection: every unit of work reuses it."""
    database = Database(app_url, pool_size=1)
    yield database
    await database.close()


@pytest.fixture
async def admin(migrated_url: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """A connection that row-level security does not bind."""
    connection = await asyncpg.connect(plain_url(migrated_url))
    yield connection
    await connection.close()


async def test_no_table_of_any_domain_is_left_out(admin: "asyncpg.Connection[asyncpg.Record]") -> None:
    rows = await admin.fetch(
        "select n.nspname || '.' || c.relname as name"
        " from pg_class c join pg_namespace n on n.oid = c.relnamespace"
        " where c.relkind in ('r', 'p', 'v', 'm', 'f') and exists"
        " (select 1 from pg_roles r where r.rolname = 'atrium_' || n.nspname) and n.nspname <> 'notes'"
    )
    tables = {f"{domain}.{table}" for domain, listed in TABLES.items() for table in listed}

    assert {row["name"] for row in rows} == tables | {f"auth.{table.name}" for table in AUTH_TABLES}
    assert {*TABLES, "auth"} == {domain.name for domain in DOMAINS} | {"events"}


async def test_nothing_lies_outside_the_domains(admin: "asyncpg.Connection[asyncpg.Record]") -> None:
    rows = await admin.fetch(
        "select n.nspname from pg_class c join pg_namespace n on n.oid = c.relnamespace"
        " where c.relkind in ('r', 'p', 'v', 'm', 'f') and has_schema_privilege('atrium_app', n.oid, 'usage')"
        " and n.nspname not in ('pg_catalog', 'information_schema')"
        " and has_table_privilege('atrium_app', c.oid, 'select, insert, update, delete')"
    )

    assert rows == []


async def seen(database: Database, domain: str, table: str, principal: Principal) -> int | None:
    """How many rows a principal sees of a table, shared ones left out; None if it may not be read at all."""
    name = f"{domain}.{table}"
    condition = f"not ({SHARED[name]})" if name in SHARED else "true"
    try:
        async with database.unit_of_work(domain=domain, principal=principal) as work:
            found = await work.session.execute(text(f"select count(*) from {name} where {condition}"))
            return int(found.scalar_one())
    except ProgrammingError as error:
        if "permission denied" not in str(error):
            raise
        return None


@pytest.mark.parametrize("domain", FILLERS)
async def test_every_table_is_closed_without_and_with_the_wrong_organisation(
    domain: str, narrow: Database, admin: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    owner = await FILLERS[domain](narrow)
    stranger = Principal(kind=PrincipalKind.USER, id=uuid7(), organisation_id=uuid7(), scopes=owner.scopes)
    homeless = Principal(kind=PrincipalKind.USER, id=uuid7(), scopes=owner.scopes)

    for table in TABLES[domain]:
        assert await admin.fetchval(f"select count(*) from {domain}.{table}") > 0, f"{table} is empty"
        own = await seen(narrow, domain, table, owner)
        after = [await seen(narrow, domain, table, other) for other in (ANONYMOUS, stranger, homeless)]

        if table in CLOSED:
            assert (own, after) == (None, [None, None, None])
        else:
            assert own, f"its organisation must see {table}, or this test shows nothing"
            assert after == [0, 0, 0], table


@pytest.mark.parametrize("domain", FILLERS)
async def test_the_wrong_organisation_writes_nothing(
    domain: str, narrow: Database, admin: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    owner = await FILLERS[domain](narrow)
    stranger = Principal(kind=PrincipalKind.USER, id=uuid7(), organisation_id=uuid7(), scopes=owner.scopes)

    for table, column in TABLES[domain].items():
        name = f"{domain}.{table}"
        update, delete = f"update {name} set {column} = {column}", f"delete from {name}"
        may_update, may_delete = [
            await admin.fetchval("select has_table_privilege($1, $2, $3)", f"atrium_{domain}", name, verb)
            for verb in ("update", "delete")
        ]

        assert await written(narrow, domain, update, stranger) == (0 if may_update else None), update
        assert await written(narrow, domain, delete, stranger) == (0 if may_delete else None), delete
        if may_update:  # or the stranger's nothing would show nothing
            assert await written(narrow, domain, update, owner), update


async def written(database: Database, domain: str, statement: str, principal: Principal) -> int | None:
    """How many rows a statement changed; None if it was refused."""
    try:
        async with database.unit_of_work(domain=domain, principal=principal) as work:
            result = await work.session.execute(text(f"{statement} returning 1"))
            return len(result.all())
    except ProgrammingError as error:
        if "permission denied" not in str(error):
            raise
        return None


async def test_a_row_cannot_be_put_into_another_organisation(narrow: Database) -> None:
    owner = await fill_users(narrow)
    elsewhere: UUID = await add_organization(narrow)
    role = await system_role_id(narrow, "owner")
    statement = text(
        "insert into users.memberships (id, organization_id, user_id, role_id)"
        " values (:id, :org, :user, :role)"
    )
    values = {"id": uuid7(), "org": elsewhere, "user": owner.id, "role": role}

    with pytest.raises(ProgrammingError, match="row-level security"):
        async with narrow.unit_of_work(domain="users", principal=owner) as work:
            await work.session.execute(statement, values)


async def test_one_domain_cannot_read_another(narrow: Database) -> None:
    for reader, read in (
        ("users", "applications.applications"),
        ("applications", "users.users"),
        ("users", "events.log"),
        ("users", "gateway.graphs"),
        ("gateway", "users.users"),
        ("events", "users.users"),
    ):
        with pytest.raises(ProgrammingError, match="permission denied"):
            async with narrow.unit_of_work(domain=reader, principal=ANONYMOUS) as work:
                await work.session.execute(text(f"select 1 from {read}"))


async def test_row_security_is_forced_and_the_roles_own_nothing(
    admin: "asyncpg.Connection[asyncpg.Record]",
) -> None:
    for domain in FILLERS:
        tables = await admin.fetch(
            "select c.relname, c.relrowsecurity and c.relforcerowsecurity as forced, r.rolname as owner,"
            " (select count(*) from pg_policy p where p.polrelid = c.oid) as policies"
            " from pg_class c join pg_roles r on r.oid = c.relowner"
            " where c.relnamespace = $1::regnamespace and c.relkind in ('r', 'p')",
            domain,
        )
        assert tables
        for table in tables:
            assert table["forced"], table["relname"]
            assert table["owner"] == "atrium_owner"
            assert table["policies"] > 0
        strong = await admin.fetch(
            "select rolname from pg_roles where (rolsuper or rolbypassrls)"
            " and rolname in ('atrium_app', 'atrium_owner', $1, $2)",
            f"atrium_{domain}",
            f"atrium_{domain}_system",
        )
        assert strong == []
