"""@skip and @include at run time."""

from collections.abc import Mapping
from typing import Any

from router.operation.model import Conditions


def hold(conditions: Conditions, variables: Mapping[str, Any]) -> bool:
    """Whether every condition is met by these variables."""
    return all((variables.get(each.variable) is True) is each.wanted for each in conditions)
