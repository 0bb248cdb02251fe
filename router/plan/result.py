"""What running a plan yields."""

from dataclasses import dataclass, field
from typing import Any

Json = Any
"""A JSON value: dict, list, str, int, float, bool or None."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchError:
    """One error on the way to the data, already located in the client's response.

    `path` is in response keys and list indexes, None where the error concerns the whole operation.
    `extensions` always has `code`; `service` names the subgraph.
    """

    message: str
    path: tuple[str | int, ...] | None = None
    extensions: dict[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """Something announced that a later part will complete: where it belongs, and the client's name for it."""

    id: int
    path: tuple[str | int, ...]
    label: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deferred:
    """Fields to be merged into the object at `path`; `pending` are all announced ids that wait for them."""

    pending: tuple[int, ...]
    path: tuple[str | int, ...]
    data: dict[str, Json]
    errors: tuple[FetchError, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """Nothing more will come for this id. With errors a null went up as far as its path: it has no data."""

    id: int
    errors: tuple[FetchError, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of an answer that comes in parts; `data` and `errors` are those of the first part alone."""

    data: dict[str, Json] | None = None
    errors: tuple[FetchError, ...] = ()
    pending: tuple[Pending, ...] = ()
    deferred: tuple[Deferred, ...] = ()
    completed: tuple[Completed, ...] = ()
    has_next: bool = False


@dataclass(slots=True, kw_only=True)
class Fetched:
    """Merged data of every fetch, still with keys the client did not ask for, and all errors.

    `data` is one tree that grows while the plan runs. Containers that several fetches fill belong to this
    request alone; others may be the subgraphs' own values: read them, never change them.
    `set_cookies` are for the browser, in order of arrival.
    """

    data: dict[str, Json]
    errors: list[FetchError]
    set_cookies: list[str] = field(default_factory=list)
