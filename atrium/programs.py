"""What the children of `atrium up` run. The parent imports this once, and with it everything they need."""

import socket
from collections.abc import Callable
from pathlib import Path

from atrium.background import run_relay, run_worker
from atrium.demo import seed
from atrium.environment import check_environment
from atrium.web import serve_web

__all__ = ["check_environment", "migrate", "relay", "seed", "web", "worker"]


def migrate(data: Path) -> None:
    """Bring the database up to date; rarely needed, so Alembic is not imported with the rest."""
    from atrium.prepare import migrate

    migrate(data)


def web(listening: socket.socket, number: int) -> Callable[[], None]:
    """One process that answers requests."""
    return lambda: serve_web(listening, number)


def worker(data: Path) -> Callable[[], None]:
    """Background work, and the clock that starts it."""
    return lambda: run_worker(data, concurrency=4, with_beat=True)


def relay(data: Path) -> Callable[[], None]:
    """From outboxes to subscribers and tasks."""
    return lambda: run_relay(data)
