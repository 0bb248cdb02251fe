"""Loaders: many keys, one statement. One class per relation, one instance per request."""

from collections.abc import Awaitable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from aiodataloader import DataLoader

from common.db.session import UnitOfWork

if TYPE_CHECKING:
    from common.graphql.context import Context

KeyT = TypeVar("KeyT")
FoundT = TypeVar("FoundT")
ValueT = TypeVar("ValueT")

# Larger batches are split, so that no statement grows without bound.
LARGEST_BATCH = 500


class Loader(Generic[KeyT, FoundT, ValueT]):
    """Base of both kinds; domains use KeyedLoader and GroupedLoader.

    `fetch` runs in a short unit of work of its own, as the principal of the request.
    """

    def __init__(self, context: "Context[Any]") -> None:
        self.context = context
        self._batches: DataLoader[KeyT, ValueT] = DataLoader(self._load_batch, max_batch_size=LARGEST_BATCH)

    async def fetch(self, work: UnitOfWork, keys: Sequence[KeyT]) -> Mapping[KeyT, FoundT]:
        """What was found, by key; one statement for all keys."""
        raise NotImplementedError

    def load(self, key: KeyT) -> Awaitable[ValueT]:
        """The value of one key."""
        return self._batches.load(key)

    def load_many(self, keys: Sequence[KeyT]) -> Awaitable[list[ValueT]]:
        """The values of several keys, in their order."""
        return self._batches.load_many(keys)

    def prime(self, key: KeyT, value: ValueT) -> None:
        """Remember a value that is known already."""
        self._batches.prime(key, value)

    def forget(self, key: KeyT) -> None:
        """Ask anew next time: the value has changed."""
        self._batches.clear(key)

    def _value(self, found: FoundT | None) -> ValueT:
        raise NotImplementedError

    async def _load_batch(self, keys: list[KeyT]) -> list[ValueT]:
        async with self.context.work() as work:
            found = await self.fetch(work, keys)
        return [self._value(found.get(key)) for key in keys]


class KeyedLoader(Loader[KeyT, FoundT, FoundT | None], Generic[KeyT, FoundT]):
    """At most one thing per key: `UsersById`. Gives None for a key nothing was found for."""

    def _value(self, found: FoundT | None) -> FoundT | None:
        return found


class GroupedLoader(Loader[KeyT, Sequence[FoundT], tuple[FoundT, ...]], Generic[KeyT, FoundT]):
    """Any number of things per key: `SessionsByUserId`. Gives an empty tuple for none."""

    def _value(self, found: Sequence[FoundT] | None) -> tuple[FoundT, ...]:
        return tuple(found or ())


class Loaders:
    """The loaders of one request, made on first use."""

    def __init__(self, context: "Context[Any]") -> None:
        self._context = context
        self._made: dict[type[Loader[Any, Any, Any]], Loader[Any, Any, Any]] = {}

    def __getitem__(self, kind: type[Loader[KeyT, FoundT, ValueT]]) -> Loader[KeyT, FoundT, ValueT]:
        loader = self._made.get(kind)
        if loader is None:
            loader = self._made[kind] = kind(self._context)
        return cast("Loader[KeyT, FoundT, ValueT]", loader)
