"""Refuses operations that ask too many things at once."""

from router.errors import LimitExceeded, MaxRootFieldsExceeded
from router.operation.limits import Size
from router.settings import OperationLimits


def max_root_fields(size: Size, limits: OperationLimits) -> LimitExceeded | None:
    """The refusal, or None when the operation is within the limit."""
    if size.root_fields <= limits.max_root_fields:
        return None
    return MaxRootFieldsExceeded(limit=limits.max_root_fields, actual=size.root_fields)
