"""The children of `atrium up`. The parent imports this once, and with it everything they need."""

import socket
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from atrium.background import run_relay, run_worker
from atrium.demo import seed
from atrium.folder import DataFolder
from atrium.registry_here import publish_own
from atrium.supervisor import Program
from atrium.web import serve_web

# Connections to PostgreSQL: at most 40 of the web processes together, 5 of the worker, 1 of the relay.
_WEB_CONNECTIONS = 40
_MOST_CONNECTIONS, _FEWEST_CONNECTIONS = 10, 2
_BACKGROUND_CONNECTIONS = 5


def children(
    folder: DataFolder, environment: Mapping[str, str], sockets: Sequence[socket.socket]
) -> list[Program]:
    """A web process for each socket, the relay, and a worker that keeps the clock as well."""
    share = max(_FEWEST_CONNECTIONS, min(_MOST_CONNECTIONS, _WEB_CONNECTIONS // len(sockets)))
    web = _with_pool(environment, share)
    background = _with_pool(environment, _BACKGROUND_CONNECTIONS)
    work = partial(run_worker, folder.path, concurrency=4, with_beat=True)
    return [
        *(
            Program(
                f"web-{number}",
                partial(serve_web, one, number),
                web,
                log=folder.logs / f"web-{number}.log",
                inherited=(one.fileno(),),
            )
            for number, one in enumerate(sockets, start=1)
        ),
        Program("relay", partial(run_relay, folder.path), background, log=folder.logs / "relay.log"),
        Program("worker", work, background, log=folder.logs / "worker.log"),
    ]


def step(name: str, folder: DataFolder, environment: Mapping[str, str]) -> Program:
    """Something that has to be done once before: `migrate`, `seed` or `schema`."""
    runs: Mapping[str, Callable[[Path], None]] = {"migrate": _migrate, "seed": seed, "schema": publish_own}
    return Program(name, partial(runs[name], folder.path), environment, log=folder.logs / f"{name}.log")


def _migrate(data: Path) -> None:
    """Rarely needed, so Alembic is not imported with the rest."""
    from atrium.prepare import migrate

    migrate(data)


def _with_pool(environment: Mapping[str, str], size: int) -> dict[str, str]:
    return {"ATRIUM_DATABASE_POOL_SIZE": str(size), **environment}
