"""Where in an answer something is missing because the caller may not see it."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from router.operation.model import Step, Withheld
from router.plan.result import FetchError

CODE = "UNAUTHORIZED_FIELD_OR_TYPE"
MESSAGE = "Unauthorized field or type"
_MOST_PLACES = 50
_MOST_LOOKS = 50_000

Path = tuple[str | int, ...]


def unauthorised(
    data: Any, withheld: Sequence[Withheld], variables: Mapping[str, Any]
) -> Iterator[FetchError]:
    """An error for each place, of lists for the first items only."""
    search = _Search(variables)
    for each in withheld:
        for path in islice(search.places(data, each.steps, ()), _MOST_PLACES):
            yield FetchError(message=MESSAGE, path=path, extensions={"code": CODE})


class _Search:
    """Looks through one answer; gives up where a client made it too much work."""

    def __init__(self, variables: Mapping[str, Any]) -> None:
        self._variables = variables
        self._looks = _MOST_LOOKS

    def places(self, value: Any, steps: Sequence[Step], path: Path) -> Iterator[Path]:
        """The places that these steps lead to from a value."""
        self._looks -= 1
        if self._looks < 0:
            return
        if isinstance(value, list):
            for index, item in enumerate(value):
                if self._looks < 0:
                    return
                yield from self.places(item, steps, (*path, index))
            return
        step = steps[0]
        if not isinstance(value, dict) or not self._takes_part(step, value):
            return
        if len(steps) == 1:
            yield (*path, step.key)
        else:
            yield from self.places(value.get(step.key), steps[1:], (*path, step.key))

    def _takes_part(self, step: Step, value: Mapping[str, Any]) -> bool:
        if step.types is not None and value.get("__typename") not in step.types:
            return False
        return all((self._variables.get(each.variable) is True) is each.wanted for each in step.conditions)
