"""One process of an embedded store: launched, watched, stopped, as whatever user it may run as."""

import os
import signal
import subprocess
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

from atrium import child
from atrium.failure import Failed

_START_SECONDS = 60.0
_STOP_SECONDS = 15.0
_POLL_SECONDS = 0.01


class StoreFailed(Failed):
    """A store could not be started or stopped; the message is one line for a person."""


class StoreProcess(ABC):
    """What PostgreSQL and Redis have in common. `log` takes what the server says."""

    name: str
    _title: str
    _stop_signal: signal.Signals

    def __init__(self, binary: Path, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._binary = binary
        self._log = folder / "logs" / f"{self.name}.log"
        self._drop = _drop_for(folder, binary)
        self._process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def launch(self) -> None:
        """Start without waiting."""

    @abstractmethod
    def is_ready(self) -> bool:
        """It answers."""

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid if self._process is not None else None

    def start(self) -> None:
        """Start and wait until it answers."""
        self.launch()
        self.wait()

    def wait(self) -> None:
        """Wait until it answers; StoreFailed when it ends before."""
        limit = time.monotonic() + _START_SECONDS
        while not self.is_ready():
            if not self.is_running():
                raise StoreFailed(f"{self._title} did not start: {self.last_words()} (see {self._log})")
            if time.monotonic() > limit:
                self.kill()
                raise StoreFailed(
                    f"{self._title} did not answer within {_START_SECONDS:.0f} s (see {self._log})"
                )
            time.sleep(_POLL_SECONDS)

    def is_running(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.poll() is None

    def last_words(self) -> str:
        """The last line of its log."""
        return last_line(read(self._log))

    def ask_to_stop(self) -> None:
        """Begin a clean end without waiting for it."""
        if self.is_running() and self._process is not None:
            self._process.send_signal(self._stop_signal)

    def stop(self) -> None:
        """End it cleanly: everything that was acknowledged is on disk."""
        if self._process is None:
            return
        self.ask_to_stop()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
        self._process = None

    def kill(self) -> None:
        """End it as a crash would (SIGKILL); the next start recovers."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _spawn(self, argv: Sequence[str]) -> None:
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError("start stores from the main thread: they end with the thread that starts them")
        if self.is_running():
            raise RuntimeError(f"{self._title} runs already")
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

    def _run(self, argv: Sequence[str], *, stdin: str = "") -> None:
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
            raise StoreFailed(f"{self._title} could not be prepared: {last_line(done.stderr or done.stdout)}")

    def _give(self, folder: Path) -> None:
        """Make the folder, and make it the property of the user who runs the server."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if os.geteuid() != 0:
            return
        owner = child.NOBODY if self._drop == "setuid" else 0
        for path in (folder, *folder.rglob("*")):
            if path.lstat().st_uid != owner:
                os.chown(path, owner, owner, follow_symlinks=False)

    def _wait_for_former(self, pid_file: Path) -> None:
        """Wait for a server whose owner was killed just now: it ends by itself."""
        first = read(pid_file).partition("\n")[0].strip()
        if not first.isdigit():
            return
        limit = time.monotonic() + _STOP_SECONDS
        while _runs(int(first), self._binary):
            if time.monotonic() > limit:
                raise StoreFailed(f"{self._title} of an earlier start is still running (process {first}).")
            time.sleep(_POLL_SECONDS)

    def _wait_for_orphans(self, folder: Path) -> None:
        """What a killed server leaves working in a folder ends within moments; go on when it has."""
        limit = time.monotonic() + _STOP_SECONDS
        while any(_works_in(pid, folder, self._binary) for pid in _processes()) and time.monotonic() < limit:
            time.sleep(_POLL_SECONDS)


def read(path: Path) -> str:
    """The text of a file; empty when there is none."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def last_line(text: str) -> str:
    """The last line that is not blank."""
    lines = text.strip().splitlines()
    return lines[-1].strip() if lines else "it said nothing"


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
        f"namespaces are not allowed here ({last_line(probe.stderr)}). Start Atrium as an ordinary user, "
        "or set DATABASE_URL."
    )


def _everyone_reaches(path: Path) -> bool:
    real = path.resolve()
    return all(step.stat().st_mode & 0o001 for step in (real, *real.parents))


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


def _clean_environment() -> dict[str, str]:
    """No PG* variable of the person's shell may lead the server astray."""
    return {name: os.environ[name] for name in ("PATH", "TZ", "TMPDIR") if name in os.environ} | {
        "LC_ALL": "C"
    }
