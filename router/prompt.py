"""Waiting without the queue of the event loop: what has come is handed on at once.

An asyncio task begins at the loop's next turn, and goes on a turn after what it waits for has come; every
turn may be a system call. A Prompt begins where it is made and goes on where its Arrival comes: from the
bytes of a client's request to those of the first question to a subgraph it is one call.
"""

from asyncio import (
    AbstractEventLoop,
    CancelledError,
    InvalidStateError,
    _enter_task,
    _leave_task,
    current_task,
    get_running_loop,
)
from collections.abc import Callable, Coroutine, Generator
from contextvars import Context, copy_context
from typing import Any, Generic, TypeVar

Value = TypeVar("Value")

_Callback = Callable[[Any], object]


class Arrival(Generic[Value]):
    """Something that comes once. Whoever awaits it, a task or a Prompt, goes on before `come` returns.

    Inside a task that runs, which nobody may interrupt, the loop's queue is taken after all. It speaks the
    protocol by which tasks wait for futures.
    """

    __slots__ = ("_asyncio_future_blocking", "_callbacks", "_is_done", "_loop", "_raised", "_value")

    def __init__(self, loop: AbstractEventLoop | None = None) -> None:
        self._asyncio_future_blocking = False
        self._loop = loop or get_running_loop()
        self._callbacks: list[tuple[_Callback, Context | None]] = []
        self._is_done = False
        self._value: Any = None
        self._raised: BaseException | None = None

    def come(self, value: Value) -> None:
        """It is there; nothing happens if it, or a failure, came before."""
        if not self._is_done:
            self._value = value
            self._end()

    def fail(self, raised: BaseException) -> None:
        """It will never come: whoever waits gets this raised."""
        if not self._is_done:
            self._raised = raised
            self._end()

    def done(self) -> bool:
        """Whether it has come, or failed."""
        return self._is_done

    def result(self) -> Value:
        """What came; raises what failed."""
        if not self._is_done:
            raise InvalidStateError("it has not come yet")
        if self._raised is not None:
            raise self._raised
        value: Value = self._value
        return value

    def cancel(self, msg: object = None) -> bool:
        """asyncio: who waits gives up; it hears of that at the loop's next turn, as of any cancellation."""
        if self._is_done:
            return False
        self._is_done, self._raised = True, CancelledError() if msg is None else CancelledError(msg)
        self._tell_later()
        return True

    def get_loop(self) -> AbstractEventLoop:
        """asyncio: where it belongs."""
        return self._loop

    def add_done_callback(self, callback: _Callback, *, context: Context | None = None) -> None:
        """asyncio: somebody waits."""
        if self._is_done:
            self._loop.call_soon(callback, self, context=context)
        else:
            self._callbacks.append((callback, context))

    def remove_done_callback(self, callback: _Callback) -> int:
        """asyncio: somebody waits no more."""
        left = [each for each in self._callbacks if each[0] != callback]
        removed, self._callbacks = len(self._callbacks) - len(left), left
        return removed

    def __await__(self) -> Generator["Arrival[Value]", None, Value]:
        if not self._is_done:
            self._asyncio_future_blocking = True
            yield self
        return self.result()

    def _end(self) -> None:
        self._is_done = True
        if not self._callbacks:
            return
        if current_task(self._loop) is not None:
            self._tell_later()
            return
        callbacks, self._callbacks = self._callbacks, []
        for callback, context in callbacks:
            if context is None:
                callback(self)
            else:
                context.run(callback, self)

    def _tell_later(self) -> None:
        callbacks, self._callbacks = self._callbacks, []
        for callback, context in callbacks:
            self._loop.call_soon(callback, self, context=context)


class Prompt:
    """A task that begins at once: the coroutine runs to its first wait before this is made.

    To what it runs it is the current task, so that timeouts and groups work as ever. `ended` is called with
    what it raised, or None; whoever awaits it only learns that it has ended.
    """

    __slots__ = (
        "__weakref__",
        "_cancelling",
        "_context",
        "_coroutine",
        "_ended",
        "_is_done",
        "_loop",
        "_must_cancel",
        "_over",
        "_waits_for",
    )

    def __init__(
        self,
        coroutine: Coroutine[Any, Any, None],
        ended: Callable[["Prompt", BaseException | None], None],
        loop: AbstractEventLoop | None = None,
    ) -> None:
        self._coroutine = coroutine
        self._ended = ended
        self._loop = loop or get_running_loop()
        self._context = copy_context()
        self._waits_for: Any = None
        self._must_cancel = False
        self._cancelling = 0
        self._is_done = False
        self._over: Arrival[None] | None = None
        self._step()

    def __await__(self) -> Generator[Any, None, None]:
        if not self._is_done:
            self._over = self._over or Arrival(self._loop)
            yield from self._over.__await__()

    def done(self) -> bool:
        """Whether it has ended."""
        return self._is_done

    def cancel(self, msg: object = None) -> bool:
        """Give it up: what it waits for raises CancelledError in it."""
        if self._is_done:
            return False
        self._cancelling += 1
        if self._waits_for is None or not self._waits_for.cancel(msg):
            self._must_cancel = True
        return True

    def cancelling(self) -> int:
        """asyncio: how often it was to be given up."""
        return self._cancelling

    def uncancel(self) -> int:
        """asyncio: it was not meant so."""
        if self._cancelling:
            self._cancelling -= 1
        return self._cancelling

    def get_name(self) -> str:
        """asyncio: for logs."""
        return "prompt"

    def get_loop(self) -> AbstractEventLoop:
        """asyncio: where it belongs."""
        return self._loop

    def _step(self) -> None:
        """Run to the next wait, or to the end."""
        loop = self._loop
        outer = current_task(loop)
        if outer is not None:
            _leave_task(loop, outer)
        _enter_task(loop, self)  # type: ignore[arg-type]  # the way for tasks of other makes
        ended = True
        raised: BaseException | None = None
        try:
            if self._must_cancel:
                self._must_cancel = False
                waited = self._context.run(self._coroutine.throw, CancelledError())
            else:
                waited = self._context.run(self._coroutine.send, None)
            ended = False
        except StopIteration:
            pass
        except (KeyboardInterrupt, SystemExit) as fatal:
            raised = fatal
            raise
        except BaseException as failure:  # whoever made it wants to know
            raised = failure
        finally:
            _leave_task(loop, self)  # type: ignore[arg-type]
            if outer is not None:
                _enter_task(loop, outer)
            if ended:
                self._end(raised)
        if not ended:
            self._wait_for(waited)

    def _wait_for(self, waited: Any) -> None:
        if waited is None:  # a bare yield: asyncio.sleep(0)
            self._loop.call_soon(self._step)
            return
        if not getattr(waited, "_asyncio_future_blocking", False):
            raise RuntimeError(f"a Prompt cannot wait for {waited!r}")
        waited._asyncio_future_blocking = False
        self._waits_for = waited
        waited.add_done_callback(self._wake)
        if self._must_cancel and waited.cancel():
            self._must_cancel = False

    def _wake(self, _: object) -> None:
        self._waits_for = None
        self._step()

    def _end(self, raised: BaseException | None) -> None:
        # Nothing is held that might hold this: no work for the collector.
        ended, self._ended = self._ended, _nobody
        self._is_done = True
        del self._coroutine
        ended(self, raised)
        if self._over is not None:
            self._over.come(None)


def _nobody(_: Prompt, raised: BaseException | None) -> None:
    """Who has been told is not told again."""


async def in_task(coroutine: Coroutine[Any, Any, Value]) -> Value:
    """What the coroutine gives, in a task of asyncio's own: for code that looks into tasks, as anyio does."""
    if not isinstance(current_task(), Prompt):
        return await coroutine
    task = get_running_loop().create_task(coroutine)
    try:
        return await task
    finally:
        task.cancel()
