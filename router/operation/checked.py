"""Syntax tree → Checked: the operation to run, once limits and rules hold for the whole document."""

from dataclasses import dataclass

from graphql import DocumentNode, GraphQLSchema

from router.errors import ValidationFailed
from router.operation.fingerprint import fingerprint
from router.operation.model import Operation, SelectionSet
from router.operation.normalise import normalise
from router.operation.validate import check_limits, check_rules
from router.settings import OperationLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """An operation that may be planned. `selections`: how much it selects, at every level."""

    operation: Operation
    fingerprint: str
    selections: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is wanted of a document: which operation, within which limits, and whether in parts."""

    name: str | None
    limits: OperationLimits
    introspection: bool
    in_parts: bool


def checked(
    document: DocumentNode, schema: GraphQLSchema, wish: Wish, *, at_most: int | None = None
) -> Checked | None:
    """The operation; None if the document selects more than `at_most`, which is known early.

    Raises a LimitExceeded, ValidationFailed or OperationUnresolved.
    """
    try:
        selected = check_limits(document, schema, wish.limits)
        if at_most is not None and selected > at_most:
            return None
        check_rules(document, schema, introspection=wish.introspection)
        operation = normalise(
            document, wish.name, schema, max_selections=wish.limits.max_selections, in_parts=wish.in_parts
        )
        return Checked(
            operation=operation,
            fingerprint=fingerprint(operation),
            selections=count(operation.selections),
        )
    except RecursionError as cause:
        raise ValidationFailed("The document is nested too deeply to be checked.") from cause


def count(selections: SelectionSet) -> int:
    """How much is selected, at every level."""
    return sum(1 + (count(item.selections) if item.selections else 0) for item in selections)
