"""Processes under measurement, each in its own session; CPU time and memory come from /proc (Linux)."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.load import Job, Measured

ATRIUM = str(Path(sys.executable).parent / "atrium")
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A running command with all its children."""

    process: subprocess.Popen[bytes]

    def members(self) -> list[tuple[int, list[str]]]:
        """(pid, fields of /proc/PID/stat after the name) of every live process of the session."""
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue  # it ended in between
            if int(fields[3]) == self.process.pid and fields[0] != "Z":
                found.append((int(entry.name), fields))
        return found

    def cpu_seconds(self) -> float:
        """User and system time so far, of live processes and of their ended children."""
        return sum(sum(map(int, fields[11:15])) for _, fields in self.members()) / TICKS

    def memory_mib(self) -> float:
        """Resident memory of all processes together; shared pages count once per process."""
        pages = sum(int(fields[21]) for _, fields in self.members())
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


@contextmanager
def running(
    command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None
) -> Iterator[Session]:
    """The command for the duration of the block; SIGINT and then SIGKILL to whatever is left."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=output, stdin=subprocess.DEVNULL, start_new_session=True,
            env=os.environ | dict(environment or {}),
        )  # fmt: skip
        session = Session(process=process)
        try:
            yield session
        finally:
            process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                process.wait(20)
            for pid, _ in session.members():
                os.kill(pid, signal.SIGKILL)
            process.wait()


def wait_for(url: str, session: Session, log: Path, seconds: float = 60) -> None:
    """Returns once GET `url` answers 200; raises with the log if it does not."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and session.process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise RuntimeError(f"{url} did not answer:\n{log.read_text()[-3000:]}")


def wait_for_port(port: int, seconds: float = 30) -> None:
    """Returns once something listens on the port of the loopback address."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"nothing listens on port {port}")


def free_port() -> int:
    """A TCP port of the loopback address that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def load(job: Job) -> Measured:
    """Run the job in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.load"]
    text = json.dumps(asdict(job)).encode()
    done = subprocess.run(command, input=text, stdout=subprocess.PIPE, check=True)
    return Measured(**json.loads(done.stdout))
