"""`atrium worker`, `atrium beat`, `atrium relay`: the processes that answer nobody."""

import asyncio
import signal
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from celery import Celery, signals
from celery.beat import EmbeddedService
from celery.platforms import SecurityWarning

from atrium.attach import attached
from atrium.domains import DOMAINS
from atrium.environment import prepare_process
from atrium.failure import Failed
from atrium.health import beat_once, beating
from atrium.joined import joined
from atrium.ready import report
from atrium.settings import RelaySettings
from common.events.bus import redis_bus
from common.events.relay import Relay, RelayPace
from common.settings import CommonSettings, load
from common.tasks.app import CeleryQueue, build_celery
from common.tasks.task import Worker

_BEAT_SECONDS = 5.0


def run_worker(data: Path, *, concurrency: int, with_beat: bool) -> None:
    """Do tasks until told to stop; those that have begun are finished."""
    with attached(data, may_start=False), beating():
        app = _celery(prepare_process())
        warnings.filterwarnings("ignore", category=SecurityWarning)  # a container's root is meant so
        beat = EmbeddedService(app, thread=True) if with_beat else None

        interrupt = signal.getsignal(signal.SIGINT)

        def ready(**_: Any) -> None:
            if interrupt is signal.SIG_IGN:  # the parent acts on Ctrl-C; Celery has just undone that
                signal.signal(signal.SIGINT, signal.SIG_IGN)
            if beat is not None:
                beat.start()
            report()

        def ending(**_: Any) -> None:
            if beat is not None:
                beat.stop()

        signals.worker_ready.connect(ready, weak=False)
        signals.worker_shutting_down.connect(ending, weak=False)
        worker = app.Worker(
            pool="threads",
            concurrency=concurrency,
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
            quiet=True,
        )
        worker.start()
    if worker.exitcode:
        raise Failed(f"The worker ended with code {worker.exitcode}.")


def run_beat(data: Path) -> None:
    """Start tasks by the clock until told to stop."""
    with attached(data, may_start=False), beating():
        app = _celery(prepare_process())
        signals.beat_init.connect(lambda **_: report(), weak=False)
        app.Beat(quiet=True, redirect_stdouts=False).run()


def run_relay(data: Path) -> None:
    """Publish outboxes until told to stop."""
    with attached(data, may_start=False):
        asyncio.run(_relay(prepare_process()))


async def _relay(settings: CommonSettings) -> None:
    pace = load(RelaySettings)
    bus, queue = redis_bus(settings.redis_url), CeleryQueue(settings.redis_broker_url)
    relay = Relay(
        database_url=settings.database_direct_url,
        domains=[domain.name for domain in DOMAINS],
        consumers=[consumer for domain in DOMAINS for consumer in domain.tasks.consumers],
        queue=queue,
        bus=bus,
        pace=RelayPace(redeliver_after=pace.redeliver_after, sweep=pace.sweep),
    )
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, relay.stop)
    await bus.open()
    beat = asyncio.create_task(_beat())
    try:
        report()
        await relay.run()
    finally:
        beat.cancel()
        await asyncio.gather(beat, return_exceptions=True)
        await bus.close()
        queue.close()


async def _beat() -> None:
    while True:
        beat_once()
        await asyncio.sleep(_BEAT_SECONDS)


@asynccontextmanager
async def _open_worker() -> AsyncIterator[Worker]:
    async with joined(load(CommonSettings)) as process:
        parts = {domain.name: domain.parts(process) for domain in DOMAINS}
        yield Worker(resources=process.resources, parts=parts)


def _celery(settings: CommonSettings) -> Celery:
    # Whoever listens to this signal configures the logs; ours are configured already.
    signals.setup_logging.connect(lambda **_: None, weak=False)
    return build_celery(
        broker_url=settings.redis_broker_url,
        data_folder=settings.data_folder,
        task_sets=[domain.tasks for domain in DOMAINS],
        open_worker=_open_worker,
    )
