"""Fetched data to the response: what was asked, in order, nulls propagated by the specification."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from router.operation.model import SelectionSet
from router.plan.result import Fetched, FetchError
from router.projection.collect import visible_path
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
    fetch_errors = _located(fetched.errors, shape.operation.selections)
    findings = Findings(fetch_errors)
    data = root.complete(fetched.data, None, findings)
    if data is NULLED:
        return Result(data=None, errors=(*fetch_errors, *findings.errors))
    if root.introspected and shape.introspection is not None:
        answers = shape.introspection.answer(variables)
        for key in root.introspected:
            data[key] = answers.get(key)
    return Result(data=data, errors=(*fetch_errors, *findings.errors))


def _located(errors: list[FetchError], selections: SelectionSet) -> tuple[FetchError, ...]:
    """The fetches' errors at paths the client knows, once each."""
    if not errors:
        return ()
    located: list[FetchError] = []
    seen: set[tuple[object, ...]] = set()
    for error in errors:
        if error.path is not None:
            path = visible_path(error.path, selections)
            error = error if path == error.path else replace(error, path=path or None)
        same = (error.message, error.path, error.extensions.get("code"), error.extensions.get("service"))
        if same not in seen:
            seen.add(same)
            located.append(error)
    return tuple(located)
