"""The roles behind row-level security, made so that it works on any server we are given.

    atrium_owner            owns every table; migrations become it; nobody logs in as it
    atrium_<domain>         what a request runs as: owns nothing, sees one organisation
    atrium_<domain>_system  what a named job runs as: sees the rows of every organisation, by policy
    atrium_app              the login; inherits nothing, becomes one of the domain roles per transaction

The login that migrates is a superuser, or has CREATEROLE and owns the database. PostgreSQL 16 changed
who may grant what: since then the maker of a role holds it WITH ADMIN but not WITH SET.
"""

from collections.abc import Sequence
from typing import Any

import asyncpg

from common.settings import APP_LOGIN

OWNER = "atrium_owner"


class RolesRefused(Exception):
    """The given login may not make the roles; the message says what it lacks."""


async def prepare_roles(
    connection: "asyncpg.Connection[Any]", domains: Sequence[str], app_password: str | None
) -> None:
    """Make every role and membership that is missing. Running it again changes nothing."""
    login = await connection.fetchval("select session_user")
    try:
        for role in (OWNER, *roles_of(domains)):
            await _create(connection, role, "nologin")
        await _create(connection, APP_LOGIN, "login noinherit")
        if app_password is not None:
            await connection.execute(f"alter role {APP_LOGIN} password {_literal(app_password)}")
        for role in roles_of(domains):
            await _grant(connection, role, APP_LOGIN)
        for domain in domains:
            await _grant(connection, f"atrium_{domain}_system", OWNER)
        await _grant(connection, OWNER, login)
        database = await connection.fetchval("select quote_ident(current_database())")
        await connection.execute(f"grant create on database {database} to {OWNER}")
        await connection.execute(f"grant connect on database {database} to {APP_LOGIN}")
    except asyncpg.InsufficientPrivilegeError as error:
        raise RolesRefused(
            f"the login {login!r} may not prepare the roles ({error}); "
            "it has to be a superuser, or have CREATEROLE and own the database"
        ) from error


def roles_of(domains: Sequence[str]) -> tuple[str, ...]:
    """The two roles of each domain."""
    return tuple(role for domain in domains for role in (f"atrium_{domain}", f"atrium_{domain}_system"))


async def _create(connection: "asyncpg.Connection[Any]", role: str, options: str) -> None:
    if await connection.fetchval("select true from pg_roles where rolname = $1", role):
        return
    # Roles belong to the whole server: another database may be making them at this very moment.
    await connection.execute(
        f"do $$ begin create role {role} {options};"
        " exception when duplicate_object or unique_violation then null; end $$"
    )


async def _grant(connection: "asyncpg.Connection[Any]", role: str, member: str) -> None:
    # A superuser "has" every role; what counts is the entry itself, and from 16 on that it allows SET.
    has_options = connection.get_server_version().major >= 16
    is_member = await connection.fetchval(
        "select true from pg_auth_members m join pg_roles r on r.oid = m.roleid"
        " join pg_roles u on u.oid = m.member where r.rolname = $1 and u.rolname = $2"
        + (" and m.set_option" if has_options else "")
        + " limit 1",
        role,
        member,
    )
    if not is_member and role != member:
        quoted = await connection.fetchval("select quote_ident($1)", member)
        await connection.execute(f"grant {role} to {quoted}")


def _literal(text: str) -> str:
    if "\0" in text:
        raise ValueError("a password cannot hold a zero byte")
    escaped = text.replace("\\", "\\\\").replace("'", "''")
    return f"E'{escaped}'"
