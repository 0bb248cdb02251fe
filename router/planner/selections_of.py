"""Field sets of directives as selections, so that one walk serves client operations and requirements."""

from functools import lru_cache

from router.operation.model import Argument, Field, InlineFragment, Selection, SelectionSet
from schema.supergraph.field_set import FieldPart, FieldSet


@lru_cache(maxsize=4096)
def selections_of(field_set: FieldSet) -> tuple[Selection, ...]:
    """The field set as selections: `"owner { id }"` becomes `owner { id }` without aliases or conditions."""
    return tuple(
        _field(part)
        if isinstance(part, FieldPart)
        else InlineFragment(
            type_condition=part.type_condition,
            selections=SelectionSet(parent_type=part.type_condition, items=selections_of(part.selections)),
        )
        for part in field_set
    )


def _field(part: FieldPart) -> Field:
    return Field(
        name=part.name,
        response_key=part.name,
        arguments=tuple(Argument(name=name, value=value) for name, value in part.arguments),
        selections=SelectionSet(parent_type="", items=selections_of(part.selections))
        if part.selections
        else None,
    )
