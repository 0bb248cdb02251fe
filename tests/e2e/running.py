"""The started platform as a test sees it: processes, address, GraphQL over real sockets."""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

ATRIUM = Path(sys.executable).with_name("atrium")
_END_OF_BANNER = "Ctrl-C stops it."
_UNHURRIED = {"ATRIUM_AUTH_ACCESS_TOKEN_LIFETIME": "PT15M"}  # many a module signs in once


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back over HTTP."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.body)

    @property
    def data(self) -> Any:
        """`data` of a GraphQL answer that has no errors."""
        assert "errors" not in self.json, self.json["errors"]
        return self.json["data"]


class Connection:
    """One kept connection, so that every request of it reaches the same worker."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self._http = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)

    def graphql(
        self, query: str, variables: Mapping[str, Any] | None = None, *, token: str | None = None
    ) -> Answer:
        """Send one operation."""
        headers = {"content-type": "application/json", "accept": "application/json"}
        if token is not None:
            headers["authorization"] = f"Bearer {token}"
        return self.send(
            "POST", "/graphql", json.dumps({"query": query, "variables": variables or {}}), headers
        )

    def send(
        self, method: str, path: str, body: str | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Any request."""
        self._http.request(method, path, body, dict(headers or {}))
        answer = self._http.getresponse()
        names = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(status=answer.status, headers=names, body=answer.read())

    def close(self) -> None:
        """Give it back."""
        self._http.close()


class Platform:
    """`atrium up`, as a process group of its own."""

    def __init__(self, process: "subprocess.Popen[str]", log: Path, banner: str, seconds: float) -> None:
        self.process = process
        self.banner = banner
        self.seconds = seconds
        self._log = log
        found = re.search(r"http://\S+?(?=/graphql)", banner)
        assert found is not None, banner
        self.address = found[0]

    @property
    def data(self) -> str:
        """The data folder that the banner names."""
        found = re.search(r"^ *Data +(\S+)", self.banner, re.MULTILINE)
        assert found is not None
        return found[1]

    def seconds_waited_for_a_processor(self) -> float:
        """How long the parent and a web process were ready to run and had to wait for other work."""
        return _waited(self.process.pid) + _waited(self.process_called("web-1"))

    @property
    def log(self) -> str:
        """What was shown at the console."""
        return self._log.read_text()

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """A connection to one of the workers."""
        made = Connection(self.address)
        try:
            yield made
        finally:
            made.close()

    def graphql(
        self, query: str, variables: Mapping[str, Any] | None = None, *, token: str | None = None
    ) -> Answer:
        """Send one operation over a connection of its own."""
        with self.connection() as connection:
            return connection.graphql(query, variables, token=token)

    def sign_in(self, email: str, password: str) -> str:
        """An access token."""
        query = """mutation ($input: SignInInput!) {
          signIn(input: $input) { __typename ... on SignedIn { accessToken } }
        }"""
        answer = self.graphql(query, {"input": {"email": email, "password": password}})
        token = answer.data["signIn"]["accessToken"]
        assert isinstance(token, str)
        return token

    def processes(self) -> dict[int, str]:
        """Everything it started and what each runs: process id → path of the program."""
        return {pid: executable_of(pid) for pid in group_of(self.process.pid) if pid != self.process.pid}

    def process_called(self, name: str) -> int:
        """The process of one of its own programs, such as `web-1` or `relay`."""
        found = [pid for pid in self.processes() if _name_of(pid) == f"atrium {name}"]
        assert len(found) == 1, f"{name}: {found}"
        return found[0]

    def interrupt(self) -> None:
        """Ctrl-C at a terminal: every process of the group gets it."""
        os.killpg(self.process.pid, signal.SIGINT)


@contextmanager
def started(
    data: Path, *options: str, environment: Mapping[str, str] | None = None, seconds: float = 300
) -> Iterator[Platform]:
    """A platform that has shown its banner; stopped at the end if the test has not done so."""
    log_path = data.with_suffix(".console")
    began = time.monotonic()
    with log_path.open("ab") as log:
        process = subprocess.Popen(
            [ATRIUM, "up", "--port", "0", "--data", str(data), *options],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=clean_environment() | _UNHURRIED | dict(environment or {}),
            start_new_session=True,
        )
    try:
        assert process.stdout is not None
        banner = _read_banner(process.stdout, process, seconds)
        assert _END_OF_BANNER in banner, f"{banner}\n{log_path.read_text()}"
        yield Platform(process, log_path, banner, time.monotonic() - began)
    finally:
        _end(process)


def _read_banner(stream: IO[str], process: "subprocess.Popen[str]", seconds: float) -> str:
    too_late = threading.Timer(seconds, process.kill)
    too_late.start()
    lines: list[str] = []
    for line in stream:
        lines.append(line)
        if _END_OF_BANNER in line:
            break
    too_late.cancel()
    too_late.join()
    return "".join(lines)


def _end(process: "subprocess.Popen[str]") -> None:
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(40)
    finally:
        for pid in group_of(process.pid):
            os.kill(pid, signal.SIGKILL)
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def clean_environment() -> dict[str, str]:
    """This process' environment without anything that points Atrium somewhere."""
    foreign = ("ATRIUM_", "DATABASE_URL", "REDIS_URL", "PYTEST_")
    return {name: value for name, value in os.environ.items() if not name.startswith(foreign)}


def group_of(leader: int) -> list[int]:
    """The living processes of a process group."""
    return [pid for pid in _pids() if _group_if_alive(pid) == leader]


def executable_of(pid: int) -> str:
    """The program a process runs; empty when it is gone."""
    try:
        return os.readlink(f"/proc/{pid}/exe")
    except OSError:
        return ""


def command_of(pid: int) -> str:
    """The command line of a process; empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
    except OSError:
        return ""


def until(condition: Callable[[], bool], seconds: float = 180, *, what: str = "the condition") -> None:
    """Wait for it; fail when it does not come true in time."""
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, f"{what} did not come true within {seconds:g} s"
        time.sleep(0.02)


def _name_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def _waited(pid: int) -> float:
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9
    except OSError:
        return 0.0


def _pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _group_if_alive(pid: int) -> int | None:
    try:
        state, _parent, group, *_ = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if state == "Z" else int(group)
