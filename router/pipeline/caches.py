"""What stages remember between requests: bounded, keyed by the snapshot, made once for many askers."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from router.access.rules import Guarded
from router.cache.recent import Recent
from router.cost.costs import Pricing
from router.errors import ClientError
from router.operation.model import Operation
from router.operation.variables import VariableCoercer
from router.pipeline.values import Document, Planned
from router.settings import CacheSizes
from router.subgraph_client.protocol import SubgraphClient

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

REFUSED_SECONDS = 10.0
CHARACTERS_A_SELECTION = 100
"""So much of a text weighs as much as a selection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What validation yields for every request with the same text."""

    operation: Operation
    fingerprint: str
    coerce: VariableCoercer
    selections: int
    pricing: Pricing | None = None
    guarded: Guarded | None = None


@dataclass(frozen=True, slots=True)
class _Refusal:
    error: ClientError
    until: float


class MadeOnce(Generic[Key, Value]):
    """Remembers values that take long to make; whoever asks meanwhile waits for the same one.

    A refusal (not valid, no plan in time) is remembered too, for some seconds, so that nobody can make the
    router think about the same thing over and over. `weigh` says what an entry weighs; its value is None for
    a refusal.
    """

    def __init__(
        self, size: int, capacity: int | None = None, weigh: Callable[[Key, Value | None], int] | None = None
    ) -> None:
        self._values: Recent[Key, Value] = Recent(size, capacity)
        self._refusals: Recent[Key, _Refusal] = Recent(size, capacity)
        self._weigh = weigh or (lambda key, value: 1)
        self._making: dict[Key, asyncio.Task[Value | _Refusal]] = {}
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
        outcome = await asyncio.shield(task)
        if isinstance(outcome, _Refusal):
            raise outcome.error.again()
        return outcome

    def clear(self) -> None:
        """Forget everything; what is being made is still given to those who wait for it."""
        self._values.clear()
        self._refusals.clear()

    def __len__(self) -> int:
        return len(self._values)

    async def _make(self, key: Key, make: Callable[[], Awaitable[Value]]) -> Value | _Refusal:
        """A refusal is returned: raised, the task and it would hold each other, and all that was read."""
        self.made += 1
        try:
            value = await make()
        except ClientError as error:
            refusal = _Refusal(error.again(), asyncio.get_running_loop().time() + REFUSED_SECONDS)
            if error.is_lasting:
                self._refusals.put(key, refusal, self._weigh(key, None))
            return refusal
        else:
            self._values.put(key, value, self._weigh(key, value))
            return value
        finally:
            del self._making[key]

    def _check_refused(self, key: Key) -> None:
        refusal = self._refusals.get(key)
        if refusal is None:
            return
        if asyncio.get_running_loop().time() < refusal.until:
            raise refusal.error.again()
        self._refusals.drop(key)


class Caches:
    """The three caches of the pipeline; keyed by the snapshot, so that an old entry is never given.

    Documents weigh what their text does, operations and plans what they select: worst case, some hundred
    megabytes for all three. `clients`: whom the plans of a snapshot may ask, by the snapshot's id.
    """

    def __init__(self, sizes: CacheSizes) -> None:
        self.documents: MadeOnce[str, Document] = MadeOnce(
            sizes.parsed, sizes.characters, lambda text, document: len(text)
        )
        self.operations: MadeOnce[tuple[str, str, str | None, bool], Prepared] = MadeOnce(
            sizes.validated, sizes.selections, _weight_of_operation
        )
        self.plans: MadeOnce[tuple[str, str, frozenset[str]], Planned] = MadeOnce(
            sizes.planned, sizes.selections, lambda key, planned: planned.selections if planned else 1
        )
        self.clients: dict[str, Mapping[str, SubgraphClient]] = {}

    def forget_snapshots(self) -> None:
        """Another supergraph is in use: what belongs to the old one only holds memory."""
        self.operations.clear()
        self.plans.clear()
        self.clients.clear()


def _weight_of_operation(key: tuple[str, str, str | None, bool], prepared: Prepared | None) -> int:
    return len(key[1]) // CHARACTERS_A_SELECTION + (prepared.selections if prepared else 1)


def _look_at(task: asyncio.Task[Any]) -> None:
    """An error that nobody waits for any more is no news."""
    if not task.cancelled():
        task.exception()
