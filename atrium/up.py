"""`atrium up`: the whole platform on one machine, from stores to banner, and its end in good order.

listen → stores → migrations, demo data and own schemas → relay, worker, web processes → banner → watch → stop
"""

import gc
import importlib
import os
import socket
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from atrium.banner import banner
from atrium.console import Console
from atrium.embedded import EmbeddedPostgres, EmbeddedRedis, lock_folder
from atrium.failure import Failed
from atrium.folder import DataFolder, data_folder, digest_of
from atrium.limits import with_limits
from atrium.listen import address_of, listening
from atrium.supervisor import ChildFailed, Supervised, Supervisor
from router.settings import RouterSettings

_READY_SECONDS = 120.0
_PACKAGES = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True, kw_only=True)
class UpOptions:
    """What the person asked for."""

    host: str
    port: int
    workers: int
    data: Path
    demo: bool


def up(options: UpOptions) -> None:
    """Run the platform until a signal asks to stop; raises Failed when it cannot be started."""
    began = time.monotonic()
    folder = data_folder(options.data)
    with ExitStack() as stack:
        sockets = stack.enter_context(listening(options.host, options.port, options.workers))
        stack.enter_context(lock_folder(folder.path))
        console = Console(sys.stderr)
        supervisor = Supervisor(say=console.say)
        stack.enter_context(supervisor.signals())
        environment = stack.enter_context(_stores(supervisor, folder))
        if supervisor.is_asked_to_stop:
            return
        _import_programs()
        _check(environment)
        load = with_limits(RouterSettings()).load
        supervisor.stop_seconds += load.drain + load.farewell  # before requests in flight are finished
        _prepare(supervisor, folder, environment, wants_demo=options.demo)
        if supervisor.is_asked_to_stop:
            return
        stack.enter_context(_programs(supervisor, folder, environment, sockets))
        if not supervisor.is_asked_to_stop:
            print(banner(address_of(sockets[0]), folder, environment, time.monotonic() - began), flush=True)
            supervisor.watch()
        console.quiet("Stopping ...")
    console.say("atrium", "Stopped.")


@contextmanager
def _stores(supervisor: Supervisor, folder: DataFolder) -> Iterator[Mapping[str, str]]:
    """The environment of every child: with the stores that were given, or with embedded ones, running."""
    given = {name: os.environ[name] for name in ("DATABASE_URL", "REDIS_URL") if os.environ.get(name)}
    if len(given) == 2:
        yield {**os.environ, "ATRIUM_DATA_FOLDER": str(folder.path)}
        return
    if given:
        raise Failed(f"{next(iter(given))} is set alone; set both DATABASE_URL and REDIS_URL, or neither.")
    postgres, redis = EmbeddedPostgres(folder.path), EmbeddedRedis(folder.path)
    stores: Sequence[Supervised] = (redis, postgres)
    try:
        supervisor.launch(stores)
        _import_programs()
        supervisor.wait(stores, within=_READY_SECONDS)
        folder.publish_stores(postgres.url, redis.url)
        yield {**os.environ, **folder.development_environment(postgres.url, redis.url)}
    finally:
        folder.forget_stores()
        supervisor.stop(stores)


def _prepare(
    supervisor: Supervisor, folder: DataFolder, environment: Mapping[str, str], *, wants_demo: bool
) -> None:
    """Migrations, demo data in development, and the platform's own schemas in its graph.

    Each is skipped when this very database has it already.
    """
    from atrium.programs import step

    wants_demo = wants_demo and environment.get("ATRIUM_ENV") == "development"
    names = ["migrate", "seed", "schema"] if wants_demo else ["migrate", "schema"]
    embedded = not os.environ.get("DATABASE_URL")
    marks = _marks(folder, names) if embedded else {}
    if not wants_demo:
        marks.pop("schema", None)  # there may be no graph yet to put them into
    done = folder.prepared() if embedded else frozenset[str]()
    for name in names:
        if supervisor.is_asked_to_stop:
            return
        if marks.get(name) in done:
            continue
        try:
            supervisor.run_to_end(step(name, folder, environment))
        except ChildFailed as failed:
            if name != "schema":
                raise
            supervisor.say("atrium", f"{failed}; the platform starts with the schema that was active before")
            marks.pop("schema", None)
    if embedded and not supervisor.is_asked_to_stop:
        folder.mark_prepared(done | frozenset(marks.values()))


def _marks(folder: DataFolder, names: Sequence[str]) -> dict[str, str]:
    """A mark for each step: it changes with the database and with the code of the step."""
    migrations = {str(path): path for path in sorted((_PACKAGES / "migrations").rglob("*.py"))}
    demo = {str(path): path for path in (_PACKAGES / "atrium").glob("demo*.py")}
    own = {str(path): path for path in (_PACKAGES / "schema" / "artefacts" / "subgraphs").glob("*.graphql")}
    sources = {"migrate": migrations, "seed": migrations | demo, "schema": migrations | demo | own}
    cluster = folder.cluster_mark()
    return {name: f"{name}:{cluster}:{digest_of(sources[name])}" for name in names}


@contextmanager
def _programs(
    supervisor: Supervisor,
    folder: DataFolder,
    environment: Mapping[str, str],
    sockets: Sequence[socket.socket],
) -> Iterator[None]:
    """Relay, background worker and web processes, ready within and stopped after."""
    from atrium.programs import children

    programs = children(folder, environment, sockets)
    try:
        supervisor.launch(programs)
        supervisor.wait(programs, within=_READY_SECONDS)
        yield
    finally:
        supervisor.stop(programs)


def _check(environment: Mapping[str, str]) -> None:
    from atrium.environment import check_environment

    check_environment(environment)


def _import_programs() -> None:
    """Import what the children need: a second or two, so not before the port and the stores are ours."""
    # What is imported stays: looking through it for garbage meanwhile costs a fifth of the time.
    gc.disable()
    importlib.import_module("atrium.programs")
    gc.freeze()
    gc.enable()
