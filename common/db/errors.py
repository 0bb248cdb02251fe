"""What goes wrong between us and PostgreSQL, as refusals a client may read."""

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from common.errors import DomainError, Kind

_QUERY_CANCELED = "57014"
_CONFLICTS = frozenset({"40001", "40P01", "55P03"})  # serialisation failure, deadlock, lock not available
# admin shutdown, crash shutdown, cannot connect now, idle session timeouts, too many connections
_AWAY = frozenset({"57P01", "57P02", "57P03", "57P05", "25P03", "53300"})

# What connecting raises; statements raise DBAPIError around the same causes.
# The fourth is what asyncpg raises when a connection is lost between two of its own steps.
LOST = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.CannotConnectNowError,
)


class DatabaseUnavailable(DomainError):
    """PostgreSQL cannot be reached or went away in the middle."""

    code = "DATABASE_UNAVAILABLE"
    kind = Kind.UNAVAILABLE

    def __init__(self) -> None:
        super().__init__("The database is not available at the moment. Try again.")


class DatabaseBusy(DomainError):
    """No connection became free in time, or a statement took too long."""

    code = "DATABASE_BUSY"
    kind = Kind.UNAVAILABLE

    def __init__(self) -> None:
        super().__init__("The database is too busy at the moment. Try again.")


class ConcurrentChange(DomainError):
    """Two changes of the same things met; PostgreSQL let the other one pass."""

    code = "CONCURRENT_CHANGE"
    kind = Kind.CONFLICT

    def __init__(self) -> None:
        super().__init__("Somebody else changed this at the same time. Try again.")


def is_lost(error: BaseException) -> bool:
    """Whether the connection, not the statement, is what failed."""
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or _sqlstate(error) in _AWAY or isinstance(_cause(error), LOST)
    return isinstance(error, LOST) or getattr(error, "sqlstate", None) in _AWAY


def refusal_for(error: BaseException) -> DomainError | None:
    """The refusal that stands for a database error, None if it is a bug or a broken constraint."""
    if isinstance(error, DomainError):
        return error
    if isinstance(error, PoolTimeout):
        return DatabaseBusy()
    if is_lost(error):
        return DatabaseUnavailable()
    state = _sqlstate(error)
    if state == _QUERY_CANCELED:
        return DatabaseBusy()
    return ConcurrentChange() if state in _CONFLICTS else None


def constraint_of(error: DBAPIError) -> str | None:
    """The name of the constraint a statement broke, if it broke one."""
    name = getattr(_cause(error), "constraint_name", None)
    return str(name) if name else None


def _cause(error: DBAPIError) -> BaseException | None:
    return error.orig.__cause__ if error.orig is not None else None


def _sqlstate(error: BaseException) -> str | None:
    source = error.orig if isinstance(error, DBAPIError) else error
    state = getattr(source, "sqlstate", None)
    return str(state) if state else None
