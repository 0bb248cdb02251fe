"""Our own rules, one file each: how large an operation may be.

They read the sizes of `limits.py` and run before the rules of the GraphQL specification, whose cost
grows with the operation.
"""

from collections.abc import Callable

from router.errors import LimitExceeded
from router.operation.limits import Size
from router.operation.rules.max_aliases import max_aliases
from router.operation.rules.max_depth import max_depth
from router.operation.rules.max_directives import max_directives
from router.operation.rules.max_root_fields import max_root_fields
from router.operation.rules.max_selections import max_selections
from router.settings import OperationLimits

Rule = Callable[[Size, OperationLimits], LimitExceeded | None]

RULES: tuple[Rule, ...] = (
    max_depth,  # first: the sentence that helps most when several limits are passed
    max_root_fields,
    max_aliases,
    max_directives,
    max_selections,  # last: what the others let through, written out
)
