"""What the children of `atrium up` run. The parent imports this once, and with it everything they need."""

import gc
import socket
from collections.abc import Callable
from pathlib import Path

from atrium.background import run_relay, run_worker
from atrium.demo import seed
from atrium.environment import check_environment
from atrium.prepare import migrate
from atrium.web import serve_web

__all__ = ["check_environment", "migrate", "relay", "seed", "settle", "web", "worker"]


def settle() -> None:
    """Make what is imported now cheap to share between the processes that are forked from here."""
    gc.collect()
    gc.freeze()


def web(listening: socket.socket, number: int) -> Callable[[], None]:
    """One process that answers requests."""
    return lambda: serve_web(listening, number)


def worker(data: Path) -> Callable[[], None]:
    """Background work, and the clock that starts it."""
    return lambda: run_worker(data, concurrency=4, with_beat=True)


def relay(data: Path) -> Callable[[], None]:
    """From outboxes to subscribers and tasks."""
    return lambda: run_relay(data)
