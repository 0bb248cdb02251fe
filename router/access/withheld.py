"""Where in an answer something is missing because the caller may not see it."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from router.operation.model import Step, Withheld
from router.plan.result import FetchError

CODE = "UNAUTHORIZED_FIELD_OR_TYPE"
MESSAGE = "Unauthorized field or type"
_MOST_PLACES = 50

Path = tuple[str | int, ...]


def unauthorised(
    data: Any, withheld: Sequence[Withheld], variables: Mapping[str, Any]
) -> Iterator[FetchError]:
    """An error for each place, of lists for the first items only."""
    for each in withheld:
        for path in islice(_places(data, each.steps, variables, ()), _MOST_PLACES):
            yield FetchError(message=MESSAGE, path=path, extensions={"code": CODE})


def _places(value: Any, steps: tuple[Step, ...], variables: Mapping[str, Any], path: Path) -> Iterator[Path]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _places(item, steps, variables, (*path, index))
        return
    if not isinstance(value, dict):
        return
    step, *rest = steps
    if step.types is not None and value.get("__typename") not in step.types:
        return
    if any((variables.get(each.variable) is True) is not each.wanted for each in step.conditions):
        return
    if rest:
        yield from _places(value.get(step.key), tuple(rest), variables, (*path, step.key))
    else:
        yield (*path, step.key)
