"""A Celery worker process for tests, and waiting for what it does."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

ROOT = Path(__file__).parents[3]
_OPTIONS = (
    "--pool",
    "threads",
    "--concurrency",
    "4",
    "--without-mingle",
    "--without-gossip",
    "--loglevel",
    "INFO",
)


class WorkerProcess:
    """`celery worker` over the sample domain; `kill` ends it as a crash would."""

    def __init__(self, *, database_url: str, redis_url: str, folder: Path) -> None:
        self._environment = {
            **os.environ,
            "NOTES_DATABASE": database_url,
            "NOTES_REDIS": redis_url,
            "NOTES_FOLDER": str(folder),
        }
        self._log = folder / "worker.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start without waiting: what it does shows that it runs."""
        command = [
            sys.executable,
            "-W",
            "ignore",
            "-m",
            "celery",
            "-A",
            "tests.integration.common.notes.worker:app",
        ]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*command, "worker", *_OPTIONS],
                cwd=ROOT,
                env=self._environment,
                stdout=log,
                stderr=log,
            )

    def stop(self) -> None:
        """End it as an operator would."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a crash would."""
        self._end(signal.SIGKILL)

    @property
    def log(self) -> str:
        """What it wrote."""
        return self._log.read_text()

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(30)
            self._process = None


async def eventually(condition: Callable[[], Awaitable[bool]], *, seconds: float, what: str) -> None:
    """Wait until the condition holds; fail after so many seconds."""
    try:
        async with asyncio.timeout(seconds):
            while not await condition():
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"not within {seconds} s: {what}") from None
