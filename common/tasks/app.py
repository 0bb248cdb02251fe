"""The Celery application: JSON only, acknowledged late, without results; and the relay's way into it."""

import asyncio
import random
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from typing import Any

from celery import Celery, signals
from kombu.entity import Queue
from kombu.exceptions import OperationalError

from common.events.envelope import Envelope, EnvelopeMalformed, envelope_from_json, envelope_to_json, event_of
from common.events.relay import Delivery, QueueUnavailable
from common.tasks.broker_watch import BrokerWatch
from common.tasks.loop import WorkerLoop
from common.tasks.task import EventTask, Job, Reject, TaskRun, TaskSet, Worker
from common.telemetry.logs import get_log, request_id
from common.telemetry.metrics import TASKS, timed
from common.telemetry.traces import span

# A task that is not acknowledged for so long is handed to another worker: longer than any pause
# between two attempts, which are held by a worker meanwhile.
VISIBILITY_SECONDS = 3600

_log = get_log(__name__)


def build_celery(
    *,
    broker_url: str,
    data_folder: Path,
    task_sets: Sequence[TaskSet],
    open_worker: Callable[[], AbstractAsyncContextManager[Worker]],
) -> Celery:
    """The application for workers and beat. `open_worker` opens what tasks need, inside their event loop."""
    app = Celery("atrium", broker=broker_url, set_as_current=False)
    event_tasks = [task for task_set in task_sets for task in task_set.event_tasks]
    jobs = [job for task_set in task_sets for job in task_set.jobs]
    app.conf.update(_settings(data_folder, event_tasks, jobs))
    app.steps["consumer"].add(BrokerWatch)
    loop = WorkerLoop(open_worker)
    for task in event_tasks:
        _add_event_task(app, task, loop)
    for job in jobs:
        _add_job(app, job, loop)
    _close_with_worker(loop)
    return app


class CeleryQueue:
    """Hands deliveries to Celery; it needs the names of tasks only."""

    def __init__(self, broker_url: str) -> None:
        self._app = Celery("atrium-relay", broker=broker_url, set_as_current=False)
        self._app.conf.update(_sending())

    async def enqueue(self, deliveries: Sequence[Delivery]) -> None:
        """Hand over all, in order; raises QueueUnavailable."""
        await asyncio.to_thread(self._send, deliveries)

    def close(self) -> None:
        """Give back the connections."""
        self._app.close()

    def _send(self, deliveries: Sequence[Delivery]) -> None:
        try:
            with self._app.producer_or_acquire() as producer:
                for delivery in deliveries:
                    name, event = delivery.consumer.name, delivery.envelope.id
                    self._app.send_task(
                        name,
                        args=[envelope_to_json(delivery.envelope).decode()],
                        task_id=f"{name}:{event}",
                        queue=delivery.consumer.queue,
                        producer=producer,
                        retry=False,
                    )
        except (OperationalError, OSError) as error:
            raise QueueUnavailable(str(error)) from error


def _settings(data_folder: Path, event_tasks: Sequence[EventTask], jobs: Sequence[Job]) -> dict[str, Any]:
    queue: Any = Queue  # untyped
    queues = sorted({task.queue for task in event_tasks} | {job.queue for job in jobs} | {"atrium"})
    return {
        **_sending(),
        "task_queues": [queue(name) for name in queues],
        "task_default_queue": "atrium",
        "accept_content": ["json"],
        "task_ignore_result": True,
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "worker_prefetch_multiplier": 1,
        "worker_cancel_long_running_tasks_on_connection_loss": False,  # the inbox makes a second run harmless
        "worker_hijack_root_logger": False,
        "worker_redirect_stdouts": False,
        "worker_send_task_events": False,
        "worker_enable_remote_control": False,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "timezone": "UTC",
        "beat_schedule": {
            job.name: {
                "task": job.name,
                "schedule": job.every,
                "options": {"queue": job.queue, "expires": job.every.total_seconds()},
            }
            for job in jobs
        },
        "beat_schedule_filename": str(data_folder / "beat"),
    }


def _sending() -> dict[str, Any]:
    return {
        "task_serializer": "json",
        "result_backend": None,
        "broker_transport_options": {
            "visibility_timeout": VISIBILITY_SECONDS,
            "socket_connect_timeout": 2,
            "socket_timeout": 10,
            "socket_keepalive": True,
        },
    }


def _add_event_task(app: Celery, task: EventTask, loop: WorkerLoop) -> None:
    def run(bound: Any, text: str) -> None:
        try:
            envelope = envelope_from_json(text)
        except EnvelopeMalformed:
            _log.error("task.malformed", task=task.name)  # nothing we have written
            return
        with request_id(envelope.request_id):
            _attempt(bound, task, envelope, loop)

    # None lifts Celery's own limit of three: how often is up to the task.
    app.task(run, name=task.name, bind=True, shared=False, max_retries=None)


def _attempt(bound: Any, task: EventTask, envelope: Envelope, loop: WorkerLoop) -> None:
    """Handle the event, or see to it that it is tried again, or give it up."""
    attempt = bound.request.retries + 1
    try:
        loop.run(partial(_handle, task=task, envelope=envelope, attempt=attempt))
    except Exception as error:
        if isinstance(error, Reject) or attempt >= task.retry.attempts:
            loop.run(partial(_give_up, task=task, envelope=envelope, error=error))
            return
        pause = task.retry.pause(attempt, random.random())  # noqa: S311  # jitter, no secret
        _log.warning("task.failed", task=task.name, attempt=attempt, again_in=round(pause, 1), exc_info=error)
        raise bound.retry(exc=error, countdown=pause, max_retries=None) from error


async def _handle(worker: Worker, task: EventTask, envelope: Envelope, attempt: int) -> None:
    try:
        event = event_of(envelope, task.event)
    except EnvelopeMalformed as error:
        raise Reject(str(error)) from error
    run = _run(worker, task, attempt, envelope)
    database = worker.resources.database
    with request_id(envelope.request_id), span(task.name), timed(TASKS, task.name):
        async with database.unit_of_work_for_system(domain=task.domain, job=task.name) as work:
            if not await work.inbox.claim(task.name, envelope.id):
                run.log.info("task.done_before", task=task.name, event_id=str(envelope.id))
                return
            await task.handle(run, work, event)
        run.log.info("task.done", task=task.name, event_id=str(envelope.id), attempt=attempt)


async def _give_up(worker: Worker, task: EventTask, envelope: Envelope, error: Exception) -> None:
    """Note that the consumer will not handle this event, so that nobody hands it over again."""
    _log.error("task.given_up", task=task.name, event_id=str(envelope.id), exc_info=error)
    database = worker.resources.database
    async with database.unit_of_work_for_system(domain=task.domain, job=task.name) as work:
        await work.inbox.claim(task.name, envelope.id, failure=f"{type(error).__name__}: {error}"[:1000])


def _add_job(app: Celery, job: Job, loop: WorkerLoop) -> None:
    def run(bound: Any) -> None:
        with request_id(bound.request.id):
            loop.run(partial(_do, job=job, run_id=bound.request.id))

    app.task(run, name=job.name, bind=True, shared=False)


async def _do(worker: Worker, job: Job, run_id: str | None) -> None:
    with request_id(run_id), span(job.name), timed(TASKS, job.name):
        run = _run(worker, job, 1)
        await job.handle(run)
        run.log.info("job.done", job=job.name)


def _run(
    worker: Worker, task: EventTask | Job, attempt: int, envelope: Envelope | None = None
) -> TaskRun[Any]:
    return TaskRun(
        name=task.name,
        attempt=attempt,
        resources=worker.resources,
        parts=worker.parts.get(task.domain),
        log=get_log(task.name),
        envelope=envelope,
    )


def _close_with_worker(loop: WorkerLoop) -> None:
    def close(**_: Any) -> None:
        loop.close()

    signals.worker_shutdown.connect(close, weak=False)
    signals.worker_process_shutdown.connect(close, weak=False)
