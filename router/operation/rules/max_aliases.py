"""Refuses operations that rename too many fields: one field asked a thousand times."""

from router.errors import LimitExceeded, MaxAliasesExceeded
from router.operation.limits import Size
from router.settings import OperationLimits


def max_aliases(size: Size, limits: OperationLimits) -> LimitExceeded | None:
    """The refusal, or None when the operation is within the limit."""
    if size.aliases <= limits.max_aliases:
        return None
    return MaxAliasesExceeded(limit=limits.max_aliases, actual=size.aliases)
