"""Refuses operations whose fragments multiply."""

from router.errors import LimitExceeded, MaxSelectionsExceeded
from router.operation.limits import Size
from router.settings import OperationLimits


def max_selections(size: Size, limits: OperationLimits) -> LimitExceeded | None:
    """The refusal, or None when the operation is within the limit."""
    if size.selections <= limits.max_selections:
        return None
    return MaxSelectionsExceeded(limit=limits.max_selections, actual=size.selections)
