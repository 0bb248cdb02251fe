"""One event loop per worker process: Celery's plain functions run their coroutines on it."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Any, TypeVar

from common.tasks.task import Worker

ResultT = TypeVar("ResultT")

_STOP_SECONDS = 20


class WorkerLoop:
    """A thread with an event loop, and what was opened in it; begins with the first task (after a fork)."""

    def __init__(self, open_worker: Callable[[], AbstractAsyncContextManager[Worker]]) -> None:
        self._open_worker = open_worker
        self._starting = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._worker: Worker | None = None
        self._opened = AsyncExitStack()

    def run(self, work: Callable[[Worker], Coroutine[Any, Any, ResultT]]) -> ResultT:
        """What the coroutine gives; blocks the calling thread of the pool."""
        loop, worker = self._started()
        return asyncio.run_coroutine_threadsafe(work(worker), loop).result()

    def close(self) -> None:
        """Close what was opened and end the thread."""
        with self._starting:
            loop, thread = self._loop, self._thread
            self._loop = self._thread = self._worker = None
        if loop is None or thread is None:
            return
        asyncio.run_coroutine_threadsafe(self._opened.aclose(), loop).result(_STOP_SECONDS)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(_STOP_SECONDS)
        loop.close()

    def _started(self) -> tuple[asyncio.AbstractEventLoop, Worker]:
        with self._starting:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(
                    target=self._loop.run_forever, name="atrium-tasks", daemon=True
                )
                self._thread.start()
            if self._worker is None:
                opening = asyncio.run_coroutine_threadsafe(self._open(), self._loop)
                self._worker = opening.result()
            return self._loop, self._worker

    async def _open(self) -> Worker:
        return await self._opened.enter_async_context(self._open_worker())
