"""Changes of what clients give: arguments of fields and directives, and fields of input types."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from schema.checks.change import Change
from schema.checks.kinds import Kind
from schema.checks.references import Fit, fit_of
from schema.document.model import InputValue
from schema.document.values import NonNull, Value, print_value


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """The kinds that belong to arguments, or those that belong to input fields."""

    prefix: str

    def kind(self, what: str) -> Kind:
        """The kind for what happened: `REMOVED` of an argument is ARGUMENT_REMOVED."""
        return Kind(f"{self.prefix}_{what}")

    @property
    def required_added(self) -> Kind:
        """The kind for a new one that must be given."""
        return Kind(f"REQUIRED_{self.prefix}_ADDED")


ARGUMENTS = Family(prefix="ARGUMENT")
INPUT_FIELDS = Family(prefix="INPUT_FIELD")


def compare_inputs(
    old: Mapping[str, InputValue], new: Mapping[str, InputValue], at: str, family: Family
) -> Iterator[Change]:
    """What happened to them; `at` is their coordinate with {} for the name."""
    for name in {**old, **new}:
        before, after = old.get(name), new.get(name)
        where = at.format(name)
        if before is None and after is not None:
            kind = family.required_added if is_required(after) else family.kind("ADDED")
            yield Change(kind=kind, coordinate=where, new=_written(after))
        elif before is not None and after is None:
            yield Change(kind=family.kind("REMOVED"), coordinate=where, old=_written(before))
        elif before is not None and after is not None:
            yield from _compare(where, before, after, family)


def is_required(value: InputValue) -> bool:
    """Whether it must be given."""
    return isinstance(value.type, NonNull) and value.default is None


def _written(value: InputValue) -> str:
    return str(value.type) if value.default is None else f"{value.type} = {print_value(value.default)}"


def _compare(at: str, old: InputValue, new: InputValue, family: Family) -> Iterator[Change]:
    before, after = _written(old), _written(new)
    was_required, now_required = is_required(old), is_required(new)
    fit = fit_of(old.type, new.type)
    if fit is Fit.OTHER:
        yield Change(kind=family.kind("TYPE_CHANGED"), coordinate=at, old=str(old.type), new=str(new.type))
        return
    if now_required and not was_required:
        yield Change(kind=family.kind("BECAME_REQUIRED"), coordinate=at, old=before, new=after)
    elif fit in (Fit.TIGHTER, Fit.MIXED):
        kind = family.kind("BECAME_NON_NULL")
        yield Change(kind=kind, coordinate=at, old=str(old.type), new=str(new.type))
    elif fit is Fit.LOOSER:
        kind = family.kind("BECAME_NULLABLE")
        yield Change(kind=kind, coordinate=at, old=str(old.type), new=str(new.type))
    elif was_required and not now_required:
        yield Change(kind=family.kind("BECAME_OPTIONAL"), coordinate=at, old=before, new=after)
    if not was_required and not now_required:
        yield from _compare_defaults(at, old.default, new.default, family)


def _compare_defaults(at: str, old: Value | None, new: Value | None, family: Family) -> Iterator[Change]:
    """What leaving it out means; never asked of one that had to be given."""
    if old is None and new is not None:
        yield Change(kind=family.kind("DEFAULT_ADDED"), coordinate=at, new=print_value(new))
    elif old is not None and new is None:
        yield Change(kind=family.kind("DEFAULT_REMOVED"), coordinate=at, old=print_value(old))
    elif old is not None and new is not None and old != new:
        yield Change(
            kind=family.kind("DEFAULT_CHANGED"), coordinate=at, old=print_value(old), new=print_value(new)
        )
