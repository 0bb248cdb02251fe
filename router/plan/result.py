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
