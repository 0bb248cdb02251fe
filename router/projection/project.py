"""Fetched data to the response: what was asked, in order, nulls propagated by the specification."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from router.plan.result import Fetched, FetchError
from router.projection.collect import existing_path, visible_path
from router.projection.complete import NULLED, Findings
from router.projection.shape import Shape


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What the client gets, before masking and encoding. `data` None: a null went up to the root."""

    data: dict[str, Any] | None
    errors: tuple[FetchError, ...] = ()


def project(fetched: Fetched, shape: Shape, variables: Mapping[str, Any]) -> Result:
    """The response to `shape`'s operation; `fetched` stays as it is, and leaf values are shared with it."""
    root = shape.root(variables)
    fetch_errors = _visible(fetched.errors, shape, variables) if fetched.errors else ()
    findings = Findings(fetch_errors)
    data = root.complete(fetched.data, None, findings)
    if data is NULLED:
        return Result(data=None, errors=(*fetch_errors, *findings.errors))
    if root.introspected and shape.introspection is not None:
        answers = shape.introspection.answer(variables)
        for key in root.introspected:
            data[key] = answers.get(key)
    if fetch_errors:
        fetch_errors = distinct(moved(error, existing_path(error.path or (), data)) for error in fetch_errors)
    return Result(data=data, errors=(*fetch_errors, *findings.errors))


def _visible(
    errors: Sequence[FetchError], shape: Shape, variables: Mapping[str, Any]
) -> tuple[FetchError, ...]:
    """The errors at paths the client knows; not those of fields that take no part in this request."""
    truth = shape.truth(variables)
    visible: list[FetchError] = []
    for error in errors:
        path = visible_path(error.path or (), shape.operation.selections, truth)
        if path is not None:
            visible.append(moved(error, path))
    return distinct(visible)


def moved(error: FetchError, path: tuple[str | int, ...]) -> FetchError:
    """The error at another place."""
    return error if path == (error.path or ()) else replace(error, path=path or None)


def distinct(errors: Iterable[FetchError]) -> tuple[FetchError, ...]:
    """The same thing about the same place is told once."""
    distinct: dict[tuple[object, ...], FetchError] = {}
    for error in errors:
        same = (error.message, error.path, error.extensions.get("code"), error.extensions.get("service"))
        distinct.setdefault(same, error)
    return tuple(distinct.values())
