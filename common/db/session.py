"""The unit of work: one transaction, as one role, seen through one organisation."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import Any

import asyncpg
from sqlalchemy import ExceptionContext, MetaData, Table, event, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import Session

from common.access.principal import Principal, PrincipalKind
from common.clock import Clock, SystemClock
from common.db.errors import DatabaseUnavailable, refusal_for
from common.events.inbox import Inbox, inbox_table
from common.events.outbox import Outbox, outbox_table
from common.settings import asyncpg_url
from common.telemetry.logs import current_request_id
from common.telemetry.traces import is_tracing, trace_statements

STATEMENT_TIMEOUT = timedelta(seconds=10)

# The first statement of every transaction. All four are local to it: nothing of a caller can stay
# on a connection that goes back to the pool.
_BECOME = text(
    "select set_config('role', :role, true),"
    " set_config('atrium.organization_id', :organization, true),"
    " set_config('atrium.user_id', :user, true),"
    " set_config('statement_timeout', :timeout, true)"
)
_BECOME_MARK = "select set_config('role'"
# What opening a connection may raise; statements go through `_translate`.
_CONNECTING = (SQLAlchemyError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitOfWork:
    """One transaction of one domain. Services get it, use it and never commit."""

    domain: str
    principal: Principal
    session: AsyncSession
    outbox: Outbox
    inbox: Inbox


@dataclass(slots=True)
class Counted:
    """The statements that were sent while counting, without the unit of work's own first one."""

    statements: list[str] = field(default_factory=list)
    units_of_work: int = 0


class Database:
    """One pool of connections, logged in as a role that owns nothing."""

    def __init__(
        self,
        url: str,
        *,
        pool_size: int = 10,
        statement_timeout: timedelta = STATEMENT_TIMEOUT,
        pool_timeout: timedelta = timedelta(seconds=5),
        clock: Clock | None = None,
    ) -> None:
        self._engine = create_async_engine(
            asyncpg_url(url),
            pool_size=pool_size,
            max_overflow=0,
            hide_parameters=True,  # an error is logged with its statement, never with people's data
            pool_timeout=pool_timeout.total_seconds(),
            connect_args={"timeout": 10, "server_settings": {"application_name": "atrium"}},
        )
        self._timeout = statement_timeout
        self._clock = clock or SystemClock()
        if is_tracing():
            trace_statements(self._engine)
        event.listen(self._engine.sync_engine, "handle_error", _translate)

    @property
    def engine(self) -> AsyncEngine:
        """The engine, for tests and tools; product code opens units of work."""
        return self._engine

    @asynccontextmanager
    async def unit_of_work(self, *, domain: str, principal: Principal) -> AsyncIterator[UnitOfWork]:
        """A transaction in which row-level security shows what the principal's organisation may see.

        Commits at the end, rolls back on any error. Raises DatabaseUnavailable, DatabaseBusy or
        ConcurrentChange when PostgreSQL, not the caller, is the reason.
        """
        async with self._open(domain, f"atrium_{domain}", principal, self._timeout) as work:
            yield work

    @asynccontextmanager
    async def unit_of_work_for_system(
        self, *, domain: str, job: str, limit: timedelta | None = None
    ) -> AsyncIterator[UnitOfWork]:
        """A transaction of a named job, over the rows of every organisation."""
        principal = Principal(kind=PrincipalKind.SYSTEM, scopes=frozenset({f"job:{job}"}))
        async with self._open(domain, f"atrium_{domain}_system", principal, limit or self._timeout) as work:
            yield work

    async def close(self) -> None:
        """Give back every connection."""
        await self._engine.dispose()

    async def ping(self) -> None:
        """Return if PostgreSQL answers; raises DatabaseUnavailable or DatabaseBusy."""
        session = AsyncSession(self._engine)
        try:
            await session.execute(text("select 1"))
        except _CONNECTING as error:
            raise (refusal_for(error) or DatabaseUnavailable()) from error
        finally:
            await session.close()

    @contextmanager
    def counting(self) -> Iterator[Counted]:
        """Write down the statements sent through this pool; for tests."""
        counted = Counted()

        def count(
            connection: Any, cursor: Any, statement: str, values: Any, context: Any, many: bool
        ) -> None:
            if statement.startswith(_BECOME_MARK):
                counted.units_of_work += 1
            else:
                counted.statements.append(statement)

        event.listen(self._engine.sync_engine, "before_cursor_execute", count)
        try:
            yield counted
        finally:
            event.remove(self._engine.sync_engine, "before_cursor_execute", count)

    @asynccontextmanager
    async def _open(
        self, domain: str, role: str, principal: Principal, limit: timedelta
    ) -> AsyncIterator[UnitOfWork]:
        session = await self._begin(role, principal, limit)
        try:
            work = self._unit_of_work(domain, principal, session)
            yield work
            if work.outbox.events:
                await session.flush()
                await work.outbox.write(session)
            await session.run_sync(_finish)
        except BaseException:
            await session.close()
            raise

    async def _begin(self, role: str, principal: Principal, limit: timedelta) -> AsyncSession:
        """A session in a transaction; a pooled connection that died meanwhile is replaced once.

        The first statement changes nothing, so it may be repeated; that spares a ping per transaction.
        """
        values = {
            "role": role,
            "organization": str(principal.organisation_id or ""),
            "user": str(principal.id or "") if principal.kind is PrincipalKind.USER else "",
            "timeout": f"{int(limit.total_seconds() * 1000)}ms",
        }
        try:
            return await self._become(values)
        except DatabaseUnavailable:
            return await self._become(values)

    async def _become(self, values: Mapping[str, str]) -> AsyncSession:
        session = AsyncSession(self._engine, expire_on_commit=False)
        try:
            await session.run_sync(_become, values)
        except BaseException as error:
            await session.close()
            refusal = refusal_for(error) if isinstance(error, _CONNECTING) else None
            if refusal is None:
                raise
            raise refusal from error
        return session

    def _unit_of_work(self, domain: str, principal: Principal, session: AsyncSession) -> UnitOfWork:
        outbox, inbox = _event_tables(domain)
        return UnitOfWork(
            domain=domain,
            principal=principal,
            session=session,
            outbox=Outbox(
                table=outbox, clock=self._clock, actor_id=principal.id, request_id=current_request_id()
            ),
            inbox=Inbox(table=inbox, session=session),
        )


# Each step into SQLAlchemy costs a switch of greenlets, so beginning and ending are one step each.


def _become(session: Session, values: Mapping[str, str]) -> None:
    session.connection().execute(_BECOME, values)


def _finish(session: Session) -> None:
    session.commit()
    session.close()


def _translate(context: ExceptionContext) -> None:
    """Turn what PostgreSQL, not the caller, is the reason for into a refusal; drop dead connections."""
    error = context.sqlalchemy_exception or context.original_exception
    refusal = refusal_for(error)
    if isinstance(refusal, DatabaseUnavailable):
        context.is_disconnect = True
    if refusal is not None:
        raise refusal from context.original_exception


@cache
def _event_tables(domain: str) -> tuple[Table, Table]:
    metadata = MetaData(schema=domain)
    return outbox_table(metadata), inbox_table(metadata)
