"""What running a plan yields."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

Json = Any
"""A JSON value: dict, list, str, int, float, bool or None."""

Error = TypeVar("Error")
Told = TypeVar("Told")


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchError:
    """One error on the way to the data, already located in the client's response.

    `path` is in response keys and list indexes, None where the error concerns the whole operation.
    `extensions` always has `code`; `service` names the subgraph.
    """

    message: str
    path: tuple[str | int, ...] | None = None
    extensions: dict[str, Json] = field(default_factory=dict)


Range = tuple[tuple[str | int, ...], int, int]
"""Items of a list: its place, the index of the first and the one behind the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """Lists that grow while the answer that they are in is delivered.

    To those at the places in `open` items are still added. `incomplete` items, by deferral, lack something
    that it wants of them.
    """

    open: frozenset[tuple[str | int, ...]] = frozenset()
    incomplete: Mapping[int, Sequence[Range]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """Something announced that a later part will complete: where it belongs, and the client's name for it."""

    id: int
    path: tuple[str | int, ...]
    label: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deferred(Generic[Error]):
    """Fields to be merged into the object at `path`; `pending` are all announced ids that wait for them."""

    pending: tuple[int, ...]
    path: tuple[str | int, ...]
    data: dict[str, Json]
    errors: tuple[Error, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Streamed(Generic[Error]):
    """Items to be added to the list at `path`, where the first of them gets the index `start`."""

    id: int
    path: tuple[str | int, ...]
    start: int
    items: list[Json]
    errors: tuple[Error, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed(Generic[Error]):
    """Nothing more will come for this id. With errors a null went up as far as its path: it has no data."""

    id: int
    errors: tuple[Error, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Part(Generic[Error]):
    """One part of an answer that comes in parts; `data` and `errors` are those of the first part alone.

    `extensions` are told beside it.
    """

    data: dict[str, Json] | None = None
    errors: tuple[Error, ...] = ()
    pending: tuple[Pending, ...] = ()
    deferred: tuple[Deferred[Error], ...] = ()
    streamed: tuple[Streamed[Error], ...] = ()
    completed: tuple[Completed[Error], ...] = ()
    has_next: bool = False
    extensions: Mapping[str, Json] | None = None

    def telling(self, shown: Callable[[Error], Told]) -> "Part[Told]":
        """The same part with errors as somebody else is told them."""
        return Part(
            data=self.data,
            errors=tuple(map(shown, self.errors)),
            pending=self.pending,
            deferred=tuple(
                Deferred(
                    pending=each.pending,
                    path=each.path,
                    data=each.data,
                    errors=tuple(map(shown, each.errors)),
                )
                for each in self.deferred
            ),
            streamed=tuple(
                Streamed(
                    id=each.id,
                    path=each.path,
                    start=each.start,
                    items=each.items,
                    errors=tuple(map(shown, each.errors)),
                )
                for each in self.streamed
            ),
            completed=tuple(
                Completed(id=each.id, errors=tuple(map(shown, each.errors))) for each in self.completed
            ),
            has_next=self.has_next,
            extensions=self.extensions,
        )


@dataclass(slots=True, kw_only=True)
class Fetched:
    """Merged data of every fetch, still with keys the client did not ask for, and all errors.

    `data` is one tree that grows while the plan runs. Containers that several fetches fill belong to this
    request alone; others may be the subgraphs' own values: read them, never change them.
    `set_cookies` are for the browser, in order of arrival. `event_id`: the event of a subscription that this
    answers, if its source can go on behind it.
    """

    data: dict[str, Json]
    errors: list[FetchError]
    set_cookies: list[str] = field(default_factory=list)
    event_id: str | None = None
