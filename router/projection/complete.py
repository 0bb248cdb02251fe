"""Functions that turn fetched values into answered ones: the loops that run for every object of a response.

Each returns the answered value, or NULLED where the value had to become null and an error already says why.
Longer and plainer than elsewhere, on purpose: 400 objects of a response pass through here. Paths are linked
pairs `(path of the parent, key)`, so that a response without errors never builds one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from router.plan.result import FetchError

Json = Any
Link = tuple[Any, str | int] | None
Path = tuple[str | int, ...]


class Nulled:
    """The type of NULLED."""

    __slots__ = ()


NULLED: Final = Nulled()


class Findings:
    """Errors of one projection, and what the fetches' errors already explain."""

    __slots__ = ("_explained", "_fetch_errors", "_fetch_paths", "errors")

    def __init__(self, fetch_errors: Sequence[FetchError]) -> None:
        self.errors: list[FetchError] = []
        self._fetch_errors = fetch_errors
        self._fetch_paths: frozenset[Path] | None = None
        self._explained: frozenset[Path] = frozenset()

    def null_for_non_null(self, link: Link, coordinate: str) -> None:
        """A null where none may be: an error, unless one of a fetch at, above or below it says why."""
        path = path_of(link)
        if not self._is_explained(path):
            self._add(f"Cannot return null for non-nullable field {coordinate}.", path)

    def misfit(self, link: Link, sentence: str) -> None:
        """A value that its type does not allow."""
        self._add(sentence, path_of(link))

    def _add(self, message: str, path: Path) -> None:
        self.errors.append(
            FetchError(message=message, path=path, extensions={"code": "SUBGRAPH_BAD_RESPONSE"})
        )

    def _is_explained(self, path: Path) -> bool:
        if not self._fetch_errors:
            return False
        if self._fetch_paths is None:
            self._fetch_paths = frozenset(error.path or () for error in self._fetch_errors)
            self._explained = frozenset(
                below[:length] for below in self._fetch_paths for length in range(1, len(below) + 1)
            )
        if path in self._explained:
            return True
        return any(path[:length] in self._fetch_paths for length in range(len(path) + 1))


def path_of(link: Link) -> Path:
    """The linked pairs as a path from the root."""
    steps: list[str | int] = []
    while link is not None:
        link, step = link
        steps.append(step)
    return tuple(reversed(steps))


Complete = Callable[[Json, Link, Findings], Json]
"""Given a value that is not null, its place and the findings: the answered value or NULLED."""

_MIN_INT, _MAX_INT = -(2**31), 2**31 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One field of an object. `plain`: the Python type whose values are answered as they are."""

    key: str
    coordinate: str
    is_non_null: bool
    plain: type | None
    complete: Complete


def object_of(template: Mapping[str, Json], entries: Sequence[Entry]) -> Complete:
    """Objects of one type: `template` has every key in order, with the values that are known already."""
    blank = dict(template)
    fields = tuple(
        (each.key, each.coordinate, each.is_non_null, each.plain, each.complete) for each in entries
    )

    def complete_object(value: Json, link: Link, findings: Findings) -> Json:
        if not isinstance(value, dict):
            findings.misfit(link, "Expected an object.")
            return NULLED
        answer = blank.copy()
        get: Callable[[str], Json] = value.get
        for key, coordinate, is_non_null, plain, complete in fields:
            found = get(key)
            kind = type(found)
            if kind is plain and (plain is not int or _MIN_INT <= found <= _MAX_INT):
                answer[key] = found
                continue
            if found is None:
                if is_non_null:
                    findings.null_for_non_null((link, key), coordinate)
                    return NULLED
                continue
            completed = complete(found, (link, key), findings)
            if completed is not NULLED:
                answer[key] = completed
            elif is_non_null:
                return NULLED
        return answer

    return complete_object


def list_of(item: Complete, *, has_non_null_items: bool, coordinate: str) -> Complete:
    """Lists of values that `item` completes."""

    def complete_list(value: Json, link: Link, findings: Findings) -> Json:
        if not isinstance(value, list | tuple):
            findings.misfit(link, f"Expected a list for field {coordinate}.")
            return NULLED
        answer: list[Json] = []
        for index, found in enumerate(value):
            if found is None:
                if has_non_null_items:
                    findings.null_for_non_null((link, index), coordinate)
                    return NULLED
                answer.append(None)
                continue
            completed = item(found, (link, index), findings)
            if completed is NULLED:
                if has_non_null_items:
                    return NULLED
                completed = None
            answer.append(completed)
        return answer

    return complete_list


def abstract_of(shape_for: Callable[[str | None], Complete | None], coordinate: str) -> Complete:
    """Objects whose `__typename` decides; `shape_for` gives None for types that clients may not see."""
    known: dict[str | None, Complete] = {}

    def complete_abstract(value: Json, link: Link, findings: Findings) -> Json:
        if not isinstance(value, dict):
            findings.misfit(link, f"Expected an object for field {coordinate}.")
            return NULLED
        typename = value.get("__typename")
        complete = known.get(typename) if type(typename) is str else None
        if complete is None:
            complete = shape_for(typename if isinstance(typename, str) else None)
            if complete is None:
                findings.misfit(
                    link, f"The runtime type of field {coordinate} is not one of its possible types."
                )
                return NULLED
            if isinstance(typename, str):
                known[typename] = complete
        return complete(value, link, findings)

    return complete_abstract


def enum_of(name: str, values: frozenset[str]) -> Complete:
    """Values of one enum, as far as clients may see them."""

    def complete_enum(value: Json, link: Link, findings: Findings) -> Json:
        if isinstance(value, str) and value in values:
            return value
        findings.misfit(link, f"Enum {name} cannot represent this value.")
        return NULLED

    return complete_enum


def any_scalar(value: Json, link: Link, findings: Findings) -> Json:
    """Custom scalars: only their subgraphs know what they may be."""
    return value


def _misfit(name: str, link: Link, findings: Findings) -> Json:
    findings.misfit(link, f"{name} cannot represent this value.")
    return NULLED


def _integer(value: Json, link: Link, findings: Findings) -> Json:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if type(value) is int and _MIN_INT <= value <= _MAX_INT:
        return value
    return _misfit("Int", link, findings)


def _float(value: Json, link: Link, findings: Findings) -> Json:
    if type(value) is int or (type(value) is float and value - value == 0):
        return value
    return _misfit("Float", link, findings)


def _string(value: Json, link: Link, findings: Findings) -> Json:
    return str(value) if isinstance(value, str) else _misfit("String", link, findings)


def _boolean(value: Json, link: Link, findings: Findings) -> Json:
    return value if isinstance(value, bool) else _misfit("Boolean", link, findings)


def _id(value: Json, link: Link, findings: Findings) -> Json:
    if isinstance(value, str) or type(value) is int:
        return str(value)
    return _misfit("ID", link, findings)


SCALARS: Mapping[str, tuple[type | None, Complete]] = {
    "Int": (int, _integer),
    "Float": (None, _float),
    "String": (str, _string),
    "Boolean": (bool, _boolean),
    "ID": (str, _id),
}
"""The Python type that passes as it is (None: none does), and the function for every other value."""
