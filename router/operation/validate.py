"""Is this document safe and does it fit the schema? Limits first, then the rules of the specification."""

from collections.abc import Iterable

import graphql
from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    NoFragmentCyclesRule,
    NoSchemaIntrospectionCustomRule,
    OverlappingFieldsCanBeMergedRule,
    specified_rules,
)

from router.errors import LimitExceeded, Problem, ValidationFailed
from router.operation.limits import FragmentCycle, Size, sizes
from router.operation.rules import RULES
from router.operation.rules.overlapping_fields import OverlappingFields
from router.operation.rules.together import violations
from router.settings import OperationLimits

_WITH_INTROSPECTION = tuple(
    OverlappingFields if rule is OverlappingFieldsCanBeMergedRule else rule for rule in specified_rules
)
_WITHOUT_INTROSPECTION = (*_WITH_INTROSPECTION, NoSchemaIntrospectionCustomRule)
_MAX_PROBLEMS = 50
_LARGEST_SHOWN = 1_000_000


def validate(
    document: DocumentNode,
    schema: GraphQLSchema,
    *,
    limits: OperationLimits | None = None,
    introspection: bool = True,
) -> None:
    """Nothing, if the document may run; raises a LimitExceeded or ValidationFailed with every problem."""
    check_limits(document, schema, limits or OperationLimits())
    check_rules(document, schema, introspection=introspection)


def check_rules(document: DocumentNode, schema: GraphQLSchema, *, introspection: bool) -> None:
    """Nothing, if a document within its limits fits the schema; raises ValidationFailed.

    Where introspection is off, error messages do not suggest names of the schema either.
    """
    rules = _WITH_INTROSPECTION if introspection else _WITHOUT_INTROSPECTION
    errors = violations(schema, document, rules, max_errors=_MAX_PROBLEMS, hide_suggestions=not introspection)
    if errors:
        raise _refusal(errors)


def check_limits(document: DocumentNode, schema: GraphQLSchema, limits: OperationLimits) -> int:
    """How much the largest operation selects, fragments written out; raises a LimitExceeded."""
    found = _sizes(document, schema)
    for size in found:
        for rule in RULES:
            refusal = rule(size, limits)
            if refusal is not None:
                refusal = _without_huge_figure(refusal)
                try:
                    raise refusal
                finally:
                    del refusal  # or it and this frame hold each other, and the document with them
    return max((size.selections for size in found), default=0)


def _sizes(document: DocumentNode, schema: GraphQLSchema) -> tuple[Size, ...]:
    try:
        return sizes(document)
    except FragmentCycle as cycle:
        errors = graphql.validate(schema, document, [NoFragmentCyclesRule], max_errors=_MAX_PROBLEMS)
        raise _refusal(errors) from cycle


def _without_huge_figure(refusal: LimitExceeded) -> LimitExceeded:
    """A fragment bomb has a size of hundreds of digits: say "more than" instead."""
    if refusal.actual is None or refusal.actual <= _LARGEST_SHOWN:
        return refusal
    return type(refusal)(limit=refusal.limit)


def _refusal(errors: Iterable[GraphQLError]) -> ValidationFailed:
    problems = tuple(
        Problem(
            message=error.message,
            locations=tuple((place.line, place.column) for place in error.locations or ()),
        )
        for error in errors
    )
    return ValidationFailed(problems[0].message, problems=problems)
