"""Changes of the fields that clients select, and of their arguments."""

from collections.abc import Iterator

from schema.checks.change import Change
from schema.checks.inputs import ARGUMENTS, compare_inputs
from schema.checks.kinds import Kind
from schema.checks.references import Fit, fit_of
from schema.document.model import Field, InterfaceType, ObjectType

_TYPE_KINDS = {
    Fit.OTHER: Kind.FIELD_TYPE_CHANGED,
    Fit.LOOSER: Kind.FIELD_BECAME_NULLABLE,
    Fit.MIXED: Kind.FIELD_BECAME_NULLABLE,
    Fit.TIGHTER: Kind.FIELD_BECAME_NON_NULL,
}


def compare_fields(old: ObjectType | InterfaceType, new: ObjectType | InterfaceType) -> Iterator[Change]:
    """What happened to the fields of one type."""
    for name in {**old.fields, **new.fields}:
        before, after = old.fields.get(name), new.fields.get(name)
        at = f"{old.name}.{name}"
        if before is None and after is not None:
            yield Change(kind=Kind.FIELD_ADDED, coordinate=at, new=str(after.type))
        elif before is not None and after is None:
            yield Change(kind=Kind.FIELD_REMOVED, coordinate=at, old=str(before.type))
        elif before is not None and after is not None:
            yield from _compare_field(at, before, after)


def _compare_field(at: str, old: Field, new: Field) -> Iterator[Change]:
    kind = _TYPE_KINDS.get(fit_of(old.type, new.type))
    if kind is not None:
        yield Change(kind=kind, coordinate=at, old=str(old.type), new=str(new.type))
    if old.arguments or new.arguments:
        yield from compare_inputs(old.arguments, new.arguments, f"{at}({{}}:)", ARGUMENTS)
