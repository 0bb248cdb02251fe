"""The sample domain's Celery application; a worker process of its own loads it."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from common.clock import SystemClock
from common.db.event_log import DatabaseEventLog
from common.db.pages import CursorCodec
from common.db.session import Database
from common.events.bus import redis_bus
from common.events.hub import Hub
from common.resources import Resources
from common.tasks.app import build_celery
from common.tasks.task import Worker
from tests.integration.common.notes.tasks import TASKS


@asynccontextmanager
async def open_worker() -> AsyncIterator[Worker]:
    """What the tasks work with."""
    database = Database(os.environ["NOTES_DATABASE"], pool_size=4)
    hub = Hub(redis_bus(os.environ["NOTES_REDIS"]), DatabaseEventLog(database))
    cursors = CursorCodec("a secret that only tests know, long enough")
    yield Worker(
        resources=Resources(database=database, hub=hub, clock=SystemClock(), cursors=cursors),
        parts={},
    )
    await database.close()


app = build_celery(
    broker_url=os.environ["NOTES_REDIS"],
    data_folder=Path(os.environ["NOTES_FOLDER"]),
    task_sets=[TASKS],
    open_worker=open_worker,
)
