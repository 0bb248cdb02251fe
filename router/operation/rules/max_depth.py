"""Refuses operations that nest fields too deep."""

from router.errors import LimitExceeded, MaxDepthExceeded
from router.operation.limits import Size
from router.settings import OperationLimits


def max_depth(size: Size, limits: OperationLimits) -> LimitExceeded | None:
    """The refusal, or None when the operation is within the limit."""
    if size.depth <= limits.max_depth:
        return None
    return MaxDepthExceeded(limit=limits.max_depth, actual=size.depth)
