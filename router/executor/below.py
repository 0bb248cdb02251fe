"""What of a plan is done for items that are added to a list later on."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from router.plan.nodes import Fetch, Plan, StreamedList
from router.plan.paths import Key, Path

Keys = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Below:
    """The fetches for what stands in a list, and those of the whole plan which they wait for, by id."""

    plan: Plan
    outside: frozenset[int]


def plan_below(plan: Plan, fetch: Fetch, streamed: StreamedList) -> Below:
    """The part of the plan that works below this list of this fetch, wherever the list stands."""
    lists = tuple(_places(fetch, streamed))
    inside = [found for each in plan.fetches if (found := _within(each, lists)) is not None]
    ids = {each.id for each in inside}
    outside = {parent for each in inside for parent in each.after} - ids
    return Below(
        replace(
            plan,
            fetches=tuple(
                replace(each, after=tuple(parent for parent in each.after if parent in ids))
                for each in inside
            ),
        ),
        frozenset(outside - {fetch.id}),
    )


def _places(fetch: Fetch, streamed: StreamedList) -> Iterator[Keys]:
    bases = [fetch.path] if not fetch.calls else []
    bases.extend(path for call in fetch.calls if call.alias == streamed.call for path in call.paths)
    for base in bases:
        yield (*_keys(base), *streamed.keys)


def _within(fetch: Fetch, lists: tuple[Keys, ...]) -> Fetch | None:
    """The fetch with those of its paths that lead into the lists; None if there is no such path."""
    if not fetch.calls:
        return fetch if fetch.path and _leads_into(fetch.path, lists) else None
    calls = tuple(
        replace(call, paths=tuple(path for path in call.paths if _leads_into(path, lists)))
        for call in fetch.calls
    )
    return replace(fetch, calls=calls) if any(call.paths for call in calls) else None


def _leads_into(path: Path, lists: tuple[Keys, ...]) -> bool:
    keys = _keys(path)
    return any(keys[: len(each)] == each for each in lists)


def _keys(path: Path) -> Keys:
    return tuple(step.name for step in path if isinstance(step, Key))
