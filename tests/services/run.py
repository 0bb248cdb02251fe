"""Runs the integration tests against Debian's PostgreSQL 15 and Redis 7 instead of the embedded servers.

Installs the packages where they are missing (needs root then), starts both servers on free ports in a
temporary folder, hands their addresses to pytest as DATABASE_URL and REDIS_URL, and stops them again.
Arguments go to pytest.
"""

import os
import pwd
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.factories.ports import free_port
from tests.services.debian import ensure

POSTGRES_BIN = Path("/usr/lib/postgresql/15/bin")
REDIS_SERVER = Path("/usr/bin/redis-server")
REDIS_CLI = Path("/usr/bin/redis-cli")
PACKAGES = {POSTGRES_BIN / "postgres": "postgresql-15", REDIS_SERVER: "redis-server"}
START_SECONDS = 30.0


def main(pytest_arguments: list[str]) -> int:
    """The exit status of pytest, or 1 with a sentence when the servers cannot be had."""
    ensure(PACKAGES, "make test-services")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="atrium-services-")))
        folder.chmod(0o755)
        database_url = stack.enter_context(postgres(folder / "postgres"))
        redis_url = stack.enter_context(redis(folder))
        print(f"PostgreSQL: {version(POSTGRES_BIN / 'postgres')}; Redis: {version(REDIS_SERVER)}", flush=True)
        print(
            "Left out: tests without the marker `stores` (they use neither server) and tests that start,",
            flush=True,
        )
        print("kill and restart the servers themselves: those own their embedded ones.", flush=True)
        environment = os.environ | {"DATABASE_URL": database_url, "REDIS_URL": redis_url}
        command = [sys.executable, "-m", "pytest", "-m", "stores", *pytest_arguments]
        return subprocess.run(command, env=environment, check=False).returncode


@contextmanager
def postgres(data: Path) -> Iterator[str]:
    """An empty PostgreSQL 15 cluster with a superuser; yields its URL."""
    user = unprivileged_user()
    data.mkdir()
    if user is not None:
        os.chown(data, user.pw_uid, user.pw_gid)
    port = free_port()
    identity = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": ()} if user is not None else {}
    initdb = [
        POSTGRES_BIN / "initdb",
        "-D",
        data,
        "-U",
        "postgres",
        "--auth=trust",
        "--encoding=UTF8",
        "--no-locale",
    ]
    subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL, cwd="/", **identity)  # type: ignore[call-overload]
    options = ["-p", str(port), "-c", f"unix_socket_directories={data}", "-c", "listen_addresses=127.0.0.1"]
    options += ["-c", "max_connections=200", "-c", "fsync=off"]
    with server(
        [str(POSTGRES_BIN / "postgres"), "-D", str(data), *options], data.parent / "postgres.log", **identity
    ):
        ready: list[str | Path] = [POSTGRES_BIN / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
        wait_until(
            lambda: subprocess.run(ready, check=False).returncode == 0,
            "PostgreSQL",
            data.parent / "postgres.log",
        )
        yield f"postgresql://postgres@127.0.0.1:{port}/postgres"


@contextmanager
def redis(folder: Path) -> Iterator[str]:
    """An empty Redis 7; yields its URL."""
    port = free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    options += ["--maxmemory-policy", "noeviction"]
    with server([str(REDIS_SERVER), *options], folder / "redis.log"):
        ping: list[str | Path] = [REDIS_CLI, "-p", str(port), "ping"]
        wait_until(
            lambda: b"PONG" in subprocess.run(ping, check=False, capture_output=True).stdout,
            "Redis",
            folder / "redis.log",
        )
        yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def server(command: list[str], log: Path, **identity: object) -> Iterator[None]:
    """A child process for the duration of the block."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, cwd="/", **identity)  # type: ignore[call-overload]
        try:
            yield
        finally:
            process.send_signal(signal.SIGINT)  # "fast" for PostgreSQL: does not wait for clients
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait_until(is_ready: Callable[[], bool], name: str, log: Path) -> None:
    """Returns once the server answers; raises SystemExit with its log when it does not in time."""
    end = time.monotonic() + START_SECONDS
    while not is_ready():
        if time.monotonic() > end:
            raise SystemExit(f"{name} did not start within {START_SECONDS:.0f} s:\n{log.read_text()[-2000:]}")
        time.sleep(0.1)


def unprivileged_user() -> pwd.struct_passwd | None:
    """PostgreSQL refuses to run as root: then it runs as `postgres`, whom the package made."""
    return pwd.getpwnam("postgres") if os.geteuid() == 0 else None


def version(program: Path) -> str:
    """What the program says of itself."""
    return subprocess.run([program, "--version"], check=True, capture_output=True, text=True).stdout.strip()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
