"""Output rewrites: internal aliases of an answer back to the names they stand for."""

from collections.abc import Mapping, Sequence
from typing import Any

from router.executor.merge import merged
from router.plan.nodes import OutputRewrite
from router.plan.paths import Each, Key, OnTypes, Path

Json = Any


def rewritten(value: Json, rewrites: Sequence[OutputRewrite]) -> Json:
    """The answer with every alias moved; what changes is copied, the subgraph's own value stays as it is.

    The last one first: it may lie below an alias that an earlier one moves.
    """
    for rewrite in reversed(rewrites):
        value = _rewritten_at(value, rewrite.path, rewrite)
    return value


def names_behind(rewrites: Sequence[OutputRewrite]) -> Mapping[str, str]:
    """Internal alias to the name it stands for, to make error paths readable."""
    return {rewrite.alias: rewrite.name for rewrite in rewrites}


def _rewritten_at(value: Json, path: Path, rewrite: OutputRewrite) -> Json:
    if value is None:
        return None
    if not path:
        return _moved(value, rewrite)
    step, rest = path[0], path[1:]
    match step:
        case Key(name):
            if not isinstance(value, dict) or value.get(name) is None:
                return value
            return {**value, name: _rewritten_at(value[name], rest, rewrite)}
        case Each():
            if not isinstance(value, list | tuple):
                return value
            return [_rewritten_at(item, rest, rewrite) for item in value]
        case OnTypes(names):
            typename = value.get("__typename") if isinstance(value, dict) else None
            applies = isinstance(typename, str) and typename in names
            return _rewritten_at(value, rest, rewrite) if applies else value


def _moved(value: Json, rewrite: OutputRewrite) -> Json:
    if not isinstance(value, dict) or rewrite.alias not in value:
        return value
    copy = dict(value)
    moved = copy.pop(rewrite.alias)
    copy[rewrite.name] = merged(copy.get(rewrite.name), moved)
    return copy
