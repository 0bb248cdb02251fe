"""Something awaitable, begun at once: what is there already costs no timer and no turn of the loop."""

from collections.abc import Awaitable, Generator
from functools import partial
from typing import Any, Generic, TypeVar

Result = TypeVar("Result")


class Begun(Generic[Result]):
    """`is_done` says whether it had nothing to wait for; either way it is awaited for its result."""

    __slots__ = ("_result", "_steps", "_waits_for", "is_done")

    def __init__(self, awaitable: Awaitable[Result]) -> None:
        self._steps: Generator[Any, Any, Result] = awaitable.__await__()
        self._result: list[Result] = []
        self._waits_for: Any = None
        self.is_done = False
        try:
            self._waits_for = next(self._steps)
        except StopIteration as done:
            self._result.append(done.value)
            self.is_done = True

    def __await__(self) -> Generator[Any, Any, Result]:
        if self.is_done:
            return self._result[0]
        while True:
            try:
                sent = yield self._waits_for
            except BaseException as thrown:  # whatever ends the wait is the inner one's to see
                step = partial(self._steps.throw, thrown)
            else:
                step = partial(self._steps.send, sent)
            try:
                self._waits_for = step()
            except StopIteration as done:
                return done.value  # type: ignore[no-any-return]
