"""Refuses operations that carry too many directives."""

from router.errors import LimitExceeded, MaxDirectivesExceeded
from router.operation.limits import Size
from router.settings import OperationLimits


def max_directives(size: Size, limits: OperationLimits) -> LimitExceeded | None:
    """The refusal, or None when the operation is within the limit."""
    if size.directives <= limits.max_directives:
        return None
    return MaxDirectivesExceeded(limit=limits.max_directives, actual=size.directives)
