"""`atrium health`: what a container's health check asks; and the heartbeat of processes without a port."""

import os
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from atrium.failure import Failed

_BEAT_SECONDS = 5.0
_LONGEST_SILENCE = 60.0
_ANSWER_SECONDS = 3.0


class Unhealthy(Failed):
    """It does not answer, or not well."""


def check_address(url: str) -> None:
    """Return if the address answers with success; raises Unhealthy."""
    if not url.startswith(("http://", "https://")):
        raise Unhealthy(f"{url} is not an HTTP address.")
    try:
        with urllib.request.urlopen(url, timeout=_ANSWER_SECONDS) as answer:  # noqa: S310  checked above
            answer.read()
    except urllib.error.HTTPError as problem:
        problem.close()
        raise Unhealthy(f"{url} answers {problem.code}.") from problem
    except OSError as problem:
        raise Unhealthy(f"{url} does not answer: {getattr(problem, 'reason', problem)}.") from problem


def check_heartbeat(*, now: float | None = None) -> None:
    """Return if the process that beats in this machine or container did so lately; raises Unhealthy."""
    file = _heartbeat_file()
    try:
        silence = (time.time() if now is None else now) - file.stat().st_mtime
    except OSError as problem:
        raise Unhealthy(f"No heartbeat yet ({file}).") from problem
    if silence > _LONGEST_SILENCE:
        raise Unhealthy(f"The last heartbeat was {silence:.0f} s ago ({file}).")


def beat_once() -> None:
    """The process that calls this is doing its work."""
    _heartbeat_file().touch(mode=0o600)


@contextmanager
def beating() -> Iterator[None]:
    """A heartbeat for a process whose main thread belongs to a library."""
    ended = threading.Event()

    def beat() -> None:
        beat_once()
        while not ended.wait(_BEAT_SECONDS):
            beat_once()

    thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _heartbeat_file() -> Path:
    return Path(tempfile.gettempdir()) / f"atrium-heartbeat-{os.geteuid()}"
