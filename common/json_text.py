"""JSON of whatever orjson refuses to write: integers beyond 64 bits, lone surrogates, deep nesting."""

import json
from collections.abc import Iterator
from typing import Any

Json = Any


class _Written(str):
    """A piece of JSON; every other text is a value."""

    __slots__ = ()


_COMMA, _END_OF_LIST, _END_OF_OBJECT = _Written(","), _Written("]"), _Written("}")


def json_text(value: Json, *, sort_keys: bool = False) -> str:
    """Compact JSON in ASCII, however deep the value is; raises TypeError or ValueError for what is none."""
    try:
        return json.dumps(value, separators=(",", ":"), allow_nan=False, sort_keys=sort_keys)
    except RecursionError:
        return "".join(_pieces(value, sort_keys=sort_keys))


def _pieces(value: Json, *, sort_keys: bool) -> Iterator[str]:
    """The same without a call for each level. `left`: what is still to be written, the next one last."""
    left = [value]
    while left:
        each = left.pop()
        if isinstance(each, _Written):
            yield each
        elif isinstance(each, dict):
            yield "{"
            left.append(_END_OF_OBJECT)
            members = sorted(each.items()) if sort_keys else list(each.items())
            for index, (key, inner) in reversed(list(enumerate(members))):
                left += (inner, _Written(f"{',' if index else ''}{_key(key)}:"))
        elif isinstance(each, list | tuple):
            yield "["
            left.append(_END_OF_LIST)
            for index, inner in reversed(list(enumerate(each))):
                left += (inner, _COMMA) if index else (inner,)
        else:
            yield json.dumps(each, allow_nan=False)


def _key(key: Json) -> str:
    if not isinstance(key, str):
        raise TypeError(f"{type(key).__name__} is no key of JSON")
    return json.dumps(key)
