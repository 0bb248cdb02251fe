"""Whether a database is up to date: one query, without loading Alembic, so that a second start is quick."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import asyncpg

from common.settings import plain_url

VERSIONS = Path(__file__).parent / "versions"


def branches() -> dict[str, Path]:
    """The folder of each domain's revisions; `events`, which the others need, first."""
    folders = sorted(entry for entry in VERSIONS.iterdir() if entry.is_dir() and any(entry.glob("*.py")))
    return {folder.name: folder for folder in sorted(folders, key=lambda folder: folder.name != "events")}


def fingerprint(folders: Mapping[str, Path]) -> str:
    """A digest of everything that decides what the database looks like."""
    digest = hashlib.sha256()
    for source in sorted(
        [*VERSIONS.parent.glob("*.py"), *(f for folder in folders.values() for f in folder.glob("*.py"))]
    ):
        digest.update(f"{source.parent.name}/{source.name}".encode() + b"\0")
        digest.update(source.read_bytes() + b"\0")
    return digest.hexdigest()


async def heads_applied(database_url: str, *, folders: Mapping[str, Path] | None = None) -> bool:
    """Whether the last upgrade ran with exactly these migrations; False too for an empty database."""
    connection = await asyncpg.connect(plain_url(database_url))
    try:
        applied = await connection.fetchval("select fingerprint from atrium.migrated")
    except (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError, asyncpg.InsufficientPrivilegeError):
        return False
    finally:
        await connection.close()
    return bool(applied == fingerprint(branches() if folders is None else folders))
