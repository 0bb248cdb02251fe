"""What stages remember between requests: bounded, keyed by the snapshot, made once for many askers."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from router.cache.recent import Recent
from router.errors import ClientError
from router.operation.model import Operation
from router.operation.variables import VariableCoercer
from router.pipeline.values import Document, Planned
from router.settings import CacheSizes

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

REFUSED_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What validation yields for every request with the same text."""

    operation: Operation
    fingerprint: str
    coerce: VariableCoercer


@dataclass(frozen=True, slots=True)
class _Refusal:
    error: ClientError
    until: float


class MadeOnce(Generic[Key, Value]):
    """Remembers values that take long to make; whoever asks meanwhile waits for the same one.

    A refusal (not valid, no plan in time) is remembered too, for some seconds, so that nobody can make the
    router think about the same thing over and over.
    """

    def __init__(self, size: int) -> None:
        self._values: Recent[Key, Value] = Recent(size)
        self._refusals: Recent[Key, _Refusal] = Recent(size)
        self._making: dict[Key, asyncio.Task[Value]] = {}
        self.hits = 0
        self.made = 0

    async def get(self, key: Key, make: Callable[[], Awaitable[Value]]) -> Value:
        """The value; raises what making it raised."""
        known = self._values.get(key)
        if known is not None:
            self.hits += 1
            return known
        task = self._making.get(key)
        if task is None:
            self._check_refused(key)
            task = self._making[key] = asyncio.create_task(self._make(key, make))
            task.add_done_callback(_look_at)
        return await asyncio.shield(task)

    def clear(self) -> None:
        """Forget everything; what is being made is still given to those who wait for it."""
        self._values.clear()
        self._refusals.clear()

    def __len__(self) -> int:
        return len(self._values)

    async def _make(self, key: Key, make: Callable[[], Awaitable[Value]]) -> Value:
        self.made += 1
        try:
            value = await make()
        except ClientError as error:
            now = asyncio.get_running_loop().time()
            self._refusals.put(key, _Refusal(error, now + REFUSED_SECONDS))
            raise
        else:
            self._values.put(key, value)
            return value
        finally:
            del self._making[key]

    def _check_refused(self, key: Key) -> None:
        refusal = self._refusals.get(key)
        if refusal is None:
            return
        if asyncio.get_running_loop().time() < refusal.until:
            raise refusal.error.with_traceback(None)
        self._refusals.drop(key)


class Caches:
    """The three caches of the pipeline; keyed by the snapshot, so that an old entry is never given."""

    def __init__(self, sizes: CacheSizes) -> None:
        self.documents: MadeOnce[str, Document] = MadeOnce(sizes.parsed)
        self.operations: MadeOnce[tuple[str, str, str | None], Prepared] = MadeOnce(sizes.validated)
        self.plans: MadeOnce[tuple[str, str], Planned] = MadeOnce(sizes.planned)

    def forget_snapshots(self) -> None:
        """Another supergraph is in use: what belongs to the old one only holds memory."""
        self.operations.clear()
        self.plans.clear()


def _look_at(task: asyncio.Task[Value]) -> None:
    """An error that nobody waits for any more is no news."""
    if not task.cancelled():
        task.exception()
