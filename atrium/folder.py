"""The data folder: where everything lies that is kept, and what a development installation needs to know.

data folder/
    lock, postgres/, redis/, run/, logs/    see `atrium.embedded`
    secrets/            made once, readable by their owner alone
    mail/               what would have been sent, in development
    files/              uploaded files on their way to their subgraph
    stores.json         where the running stores are; there only while they run
    prepared            which migrations and demo data the database has
"""

import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_STORES = "stores.json"
_PREPARED = "prepared"


@dataclass(frozen=True, slots=True, kw_only=True)
class DataFolder:
    """One data folder; `path` is absolute."""

    path: Path

    @property
    def logs(self) -> Path:
        """Where every process writes its log."""
        return self.path / "logs"

    @property
    def mail(self) -> Path:
        """The mailbox of a development installation."""
        return self.path / "mail"

    def development_environment(self, database_url: str, redis_url: str) -> dict[str, str]:
        """The settings of a development installation on these stores; what the person has set goes first."""
        chosen = {
            "ATRIUM_ENV": "development",
            "ATRIUM_DATA_FOLDER": str(self.path),
            "ATRIUM_SECRET": self._secret("secret"),
            "ATRIUM_MAIL_FOLDER": str(self.mail),
            "ATRIUM_ARTEFACT_KEY": self._secret("artefact-key", size=32),
            "ATRIUM_ROUTER_KEY": self._secret("router-key", size=32),
        }
        given = {name: os.environ[name] for name in chosen if name in os.environ}
        return chosen | given | {"DATABASE_URL": database_url, "REDIS_URL": redis_url}

    def publish_stores(self, database_url: str, redis_url: str) -> None:
        """Tell other commands of this user where the running stores are."""
        _write_private(self.path / _STORES, json.dumps({"database": database_url, "redis": redis_url}))

    def forget_stores(self) -> None:
        """They no longer run."""
        (self.path / _STORES).unlink(missing_ok=True)

    def running_stores(self) -> tuple[str, str] | None:
        """Database and Redis address of the stores that somebody runs on this folder."""
        try:
            stores = json.loads((self.path / _STORES).read_text(encoding="utf-8"))
            return stores["database"], stores["redis"]
        except (OSError, ValueError, KeyError):
            return None

    def prepared(self) -> frozenset[str]:
        """What has been done to the database of this folder, as `mark_prepared` was told."""
        try:
            return frozenset((self.path / _PREPARED).read_text(encoding="utf-8").split())
        except OSError:
            return frozenset()

    def mark_prepared(self, marks: frozenset[str]) -> None:
        """Remember it for the next start."""
        _write_private(self.path / _PREPARED, "\n".join(sorted(marks)) + "\n")

    def cluster_mark(self) -> str:
        """Tells this database cluster from one that was made anew in the same place."""
        try:
            with (self.path / "postgres" / "global" / "pg_control").open("rb") as control:
                return control.read(8).hex()
        except OSError:
            return "none"

    def _secret(self, name: str, *, size: int = 48) -> str:
        folder = self.path / "secrets"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / name
        if not path.exists():
            _write_private(path, secrets.token_urlsafe(size))
        return path.read_text(encoding="utf-8").strip()


def data_folder(path: Path) -> DataFolder:
    """The folder with an absolute path, made if need be."""
    absolute = path.expanduser().absolute()
    absolute.mkdir(parents=True, exist_ok=True)
    return DataFolder(path=absolute)


def digest_of(files: Mapping[str, Path]) -> str:
    """Changes when one of the files does."""
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(name.encode() + b"\0" + files[name].read_bytes() + b"\0")
    return digest.hexdigest()[:32]


def _write_private(path: Path, text: str) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(path)
