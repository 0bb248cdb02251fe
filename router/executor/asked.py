"""What each fetch asks for: its answer may fill that and nothing else; one subgraph could speak for another.

Looked at only where several fetches fill one object. Elsewhere what nobody asked for is never printed either.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from router.executor.representations import MAX_LEVELS
from router.executor.rewrites import names_behind
from router.plan.nodes import Fetch
from router.plan.paths import Key, Path
from router.plan.selections import Selections, selections_in

Json = Any
Tree = dict[str, "Tree"]
"""Keys with what is asked below them."""

ROOT = ""
"""The part of an answer that is no entity call."""


@dataclass(frozen=True, slots=True)
class Limit:
    """The members that an object may have, None: any; and those in which there is more to look at."""

    keys: frozenset[str] | None
    below: Mapping[str, "Limit"]


@dataclass(slots=True)
class _Part:
    """One call of a fetch, or a root fetch: what it asks for, and where that goes."""

    of: int
    alias: str
    asks: Tree
    names: Mapping[str, str]
    paths: Sequence[Path]


class AskedOfPlan:
    """The limits of all fetches of one plan; found out beside the event loop, with the rest of the plan."""

    def __init__(self, fetches: Sequence[Fetch]) -> None:
        is_alone = sum(max(1, len(fetch.calls)) for fetch in fetches) == 1
        self._limits = {} if is_alone else _limits([part for each in fetches for part in _parts(each)])

    def limit(self, fetch: int, alias: str = ROOT) -> Limit | None:
        """What an answer to this part of a fetch may hold; None if there is nothing to look at."""
        return self._limits.get((fetch, alias))


def within(value: Json, limit: Limit, lists: int = MAX_LEVELS) -> Json:
    """The value without what was not asked for; the same object if there is nothing like that in it.

    In so many lists inside each other there is no object that anybody would print.
    """
    if isinstance(value, list | tuple):
        items = [within(item, limit, lists - 1) for item in value] if lists else []
        return value if lists and all(map(_is, items, value)) else items
    if not isinstance(value, dict):
        return value
    kept = value
    if limit.keys is not None and not value.keys() <= limit.keys:
        kept = {key: each for key, each in value.items() if key in limit.keys}
    for key, inner in limit.below.items():
        below = kept.get(key)
        if below is not None:
            cut = within(below, inner)
            if cut is not below:
                kept = {**kept, key: cut}
    return kept


def _is(one: Json, other: Json) -> bool:
    return one is other


def _parts(fetch: Fetch) -> Iterable[_Part]:
    asks = _tree([selections_in(fetch.document)])
    if not fetch.calls:
        yield _Part(fetch.id, ROOT, asks, names_behind(fetch.rewrites), [fetch.path])
    for call in fetch.calls:
        yield _Part(fetch.id, call.alias, asks[call.alias], names_behind(call.rewrites), call.paths)


def _tree(left: list[Selections]) -> Tree:
    """Selections of one object, whatever its type, as one tree."""
    asked: dict[str, list[Selections]] = {}
    while left:
        for key, _, below in left.pop():
            if key is None:
                assert below is not None
                left.append(below)
            else:
                inner = asked.setdefault(key, [])
                if below is not None:
                    inner.append(below)
    return {key: _tree(inner) for key, inner in asked.items()}


def _limits(parts: Sequence[_Part]) -> dict[tuple[int, str], Limit]:
    whole: Tree = {}
    for part in parts:
        for path in part.paths:
            _add(part.asks, part.names, _at(whole, path))
    found = ((part, _limit(part, part.asks, [_at(whole, path) for path in part.paths])) for part in parts)
    return {(part.of, part.alias): limit for part, limit in found if limit is not None}


def _at(tree: Tree, path: Path) -> Tree:
    for step in path:
        if isinstance(step, Key):
            tree = tree.setdefault(step.name, {})
    return tree


def _add(asks: Tree, names: Mapping[str, str], to: Tree) -> None:
    for key, below in asks.items():
        _add(below, names, to.setdefault(names.get(key, key), {}))


def _limit(part: _Part, asks: Tree, whole: Sequence[Tree]) -> Limit | None:
    """`whole`: what all fetches together ask for, at every place where this goes."""
    below = {}
    for key, inner in asks.items():
        if inner:
            limit = _limit(part, inner, [each[part.names.get(key, key)] for each in whole])
            if limit is not None:
                below[key] = limit
    own = {part.names.get(key, key) for key in asks}
    is_alone = all(own == each.keys() for each in whole)
    if is_alone and not below:
        return None
    return Limit(None if is_alone else frozenset(asks), below)
