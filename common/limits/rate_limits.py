"""A rate limit: how much of what may be asked for in which time, and counted for whom."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

from common.setting_kinds import TEXT, DoesNotFit, Kind, count, records, setting

MOST_UNITS = 1_000_000_000
LONGEST_WINDOW = 31 * 86_400
MOST_OPERATIONS = 50
_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}", re.ASCII)
_OPERATION = re.compile(r"(?:(?:Query|Mutation|Subscription)\.)?[_A-Za-z][_0-9A-Za-z]{0,127}", re.ASCII)


class LimitBy(StrEnum):
    """What gets a count of its own."""

    IP = "ip"
    KEY = "key"
    USER = "user"
    ORGANIZATION = "organization"
    OPERATION = "operation"


class LimitUnit(StrEnum):
    """What is counted."""

    REQUESTS = "requests"
    COST = "cost"


class Counting(StrEnum):
    """How processes that count together share a limit.

    `leased`: each takes some units at a time and counts them by itself. `exact`: Redis is asked each time.
    """

    LEASED = "leased"
    EXACT = "exact"


class WhenAway(StrEnum):
    """What becomes of requests while Redis is away: they pass, or they are refused."""

    OPEN = "open"
    CLOSED = "closed"


class LimitRefused(ValueError):
    """This is no limit or rule; says why."""


def _choice_of(choices: type[StrEnum]) -> Kind:
    return Kind(
        read=choices,
        expected=" or ".join(choices),
        schema={"type": "string", "enum": [choice.value for choice in choices]},
    )


def _several(read: Callable[[str], Any], expected: str, items: dict[str, Any]) -> Kind:
    def all_of(text: str) -> tuple[Any, ...]:
        return tuple(read(part.strip()) for part in text.split(",") if part.strip())

    return Kind(read=all_of, expected=expected, schema={"type": "array", "items": items}, is_list=True)


_BY = _several(LimitBy, f"some of {', '.join(LimitBy)}", {"type": "string", "enum": list(LimitBy)})
_OPERATIONS = _several(str, "names of operations or root fields", {"type": "string"})
_UUID = Kind(read=UUID, expected="a UUID", schema={"type": "string", "format": "uuid"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit:
    """At most `limit` units in any `window` seconds, for each of what it is counted `by` together.

    Counted by nothing, there is one count for all. It holds for requests that have all of it (an anonymous
    caller has no key), and, unless `operations` is empty, only for operations with one of these names or with
    one of these root fields (`Mutation.reportCreate`: a name is the client's own choice). `key_id`: only for
    the holder of this API key. `when_away` None: requests pass and cost is refused.
    """

    name: str = field(metadata=setting(TEXT, "Its name, which whoever meets it is told."))
    limit: int = field(metadata=setting(count(1, MOST_UNITS), "How many units."))
    window: int = field(metadata=setting(count(1, LONGEST_WINDOW), "In how many seconds."))
    by: tuple[LimitBy, ...] = field(
        default=(), metadata=setting(_BY, "What gets a count of its own, all of them together; none: all.")
    )
    unit: LimitUnit = field(
        default=LimitUnit.REQUESTS, metadata=setting(_choice_of(LimitUnit), "What is counted.")
    )
    counting: Counting = field(
        default=Counting.LEASED,
        metadata=setting(
            _choice_of(Counting),
            "`leased`: processes take some units at a time. `exact`: Redis is asked for each request.",
        ),
    )
    when_away: WhenAway | None = field(
        default=None,
        metadata=setting(
            _choice_of(WhenAway),
            "While Redis is away requests pass (`open`) or are refused (`closed`); by default requests pass "
            "and cost is refused.",
        ),
    )
    operations: tuple[str, ...] = field(
        default=(),
        metadata=setting(_OPERATIONS, "Only for these operations, or root fields (`Mutation.reportCreate`)."),
    )
    key_id: UUID | None = field(default=None, metadata=setting(_UUID, "Only for the holder of this API key."))

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise LimitRefused(
                f"A limit's name has 1 to 40 lower-case letters, digits and hyphens, not {self.name[:50]!r}."
            )
        if not 1 <= self.limit <= MOST_UNITS:
            raise LimitRefused(f"The limit {self.name!r} has to be from 1 to {MOST_UNITS}.")
        if not 1 <= self.window <= LONGEST_WINDOW:
            raise LimitRefused(f"The window of {self.name!r} has to be from 1 to {LONGEST_WINDOW} seconds.")
        if len({*self.by}) != len(self.by):
            raise LimitRefused(f"The limit {self.name!r} is counted twice by the same.")
        if len(self.operations) > MOST_OPERATIONS:
            raise LimitRefused(f"The limit {self.name!r} names more than {MOST_OPERATIONS} operations.")
        for operation in self.operations:
            if not _OPERATION.fullmatch(operation):
                raise LimitRefused(
                    f"The limit {self.name!r} names {operation[:50]!r}, which is neither an operation's name "
                    "nor a root field such as Query.orders."
                )

    @property
    def passes_when_away(self) -> bool:
        """Requests pass while nobody can count."""
        if self.when_away is None:
            return self.unit is LimitUnit.REQUESTS
        return self.when_away is WhenAway.OPEN


def check_names(limits: Iterable[RateLimit]) -> None:
    """Raise LimitRefused if two limits have one name."""
    names = [limit.name for limit in limits]
    for name in names:
        if names.count(name) > 1:
            raise LimitRefused(f"There are two limits with the name {name!r}.")


_RECORDS = records(RateLimit)
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_HEAD = re.compile(r"([^=\s]+)\s*=\s*(\d{1,10})\s*/\s*(\d{0,8})([smhd])(?!\S)", re.ASCII)
_WORDS: dict[str, dict[str, Any]] = {
    **{counting.value: {"counting": counting} for counting in Counting},
    **{away.value: {"when_away": away} for away in WhenAway},
    **{unit.value: {"unit": unit} for unit in LimitUnit},
}


def rate_limits_in(text: str) -> tuple[RateLimit, ...]:
    """Limits as a variable holds them: JSON, or words with semicolons between; raises DoesNotFit.

    `per-ip=100/60s by ip; reports=10/1h by user+operation exact closed on Mutation.reportCreate`
    """
    try:
        if text.startswith("["):
            limits: tuple[RateLimit, ...] = _RECORDS.read(text)
        else:
            limits = tuple(_rate_limit(part.strip()) for part in text.split(";") if part.strip())
        check_names(limits)
    except LimitRefused as refused:
        raise DoesNotFit(str(refused).rstrip(".")) from refused
    return limits


RATE_LIMITS = Kind(
    read=rate_limits_in,
    expected="limits such as per-ip=100/60s by ip, with semicolons between, or a list of records",
    schema=_RECORDS.schema,
    is_json=True,
)


def _rate_limit(text: str) -> RateLimit:
    found = _HEAD.match(text)
    if found is None:
        raise LimitRefused(f"A limit is written as name=100/60s and more words, not {text[:60]!r}.")
    name, limit, number, unit = found.groups()
    values: dict[str, Any] = {}
    words = iter(text[found.end() :].split())
    for word in words:
        match word:
            case "by":
                values["by"] = _dimensions(next(words, ""))
            case "on":
                values["operations"] = tuple(part for part in next(words, "").split("+") if part)
            case _ if word in _WORDS:
                values |= _WORDS[word]
            case _:
                raise LimitRefused(f"The limit {name!r} has a word that is not known: {word[:40]!r}.")
    seconds = int(number or "1") * _SECONDS[unit]
    return RateLimit(name=name, limit=int(limit), window=seconds, **values)


def _dimensions(text: str) -> tuple[LimitBy, ...]:
    try:
        return tuple(LimitBy(part) for part in text.split("+"))
    except ValueError as cause:
        known = ", ".join(LimitBy)
        raise LimitRefused(f"Limits are counted by {known} (joined by +), not {text[:40]!r}.") from cause
