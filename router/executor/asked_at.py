"""Which subgraph was asked for a place of the response: what is wrong there is its fault."""

from collections.abc import Iterable

from router.executor.executor import PreparedPlan
from router.executor.fetch import PreparedFetch
from router.plan.paths import Each, Key, Path, PathStep

Place = tuple[str | int, ...]


def subgraph_asked_at(plan: PreparedPlan, place: Place) -> str | None:
    """The subgraph that was asked nearest to this place; None where the router answers by itself."""
    nearest, found = -1, None
    for prepared in plan.fetches:
        for depth, keys in _parts(prepared, place):
            if depth > nearest and depth < len(place) and place[depth] in keys:
                nearest, found = depth, prepared.fetch.subgraph
    return found


def _parts(prepared: PreparedFetch, place: Place) -> Iterable[tuple[int, frozenset[str]]]:
    """How deep each part of the fetch's answer goes in on the way to the place, and what is asked there."""
    fetch = prepared.fetch
    if not fetch.calls:
        depth = _depth(fetch.path, place)
        return [] if depth is None else [(depth, prepared.outline().asked_at_root())]
    return [
        (depth, prepared.outline().asked_of(call.alias))
        for call in fetch.calls
        for path in call.paths
        if (depth := _depth(path, place)) is not None
    ]


def _depth(path: Path, place: Place) -> int | None:
    """How many steps of the place the path takes; None if it leads elsewhere."""
    depth = 0
    for step in path:
        if not isinstance(step, Key | Each):
            continue
        if depth >= len(place) or not _leads_to(step, place[depth]):
            return None
        depth += 1
    return depth


def _leads_to(step: PathStep, taken: str | int) -> bool:
    return taken == step.name if isinstance(step, Key) else isinstance(taken, int)
