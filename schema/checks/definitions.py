"""Changes of the directives that clients may write in operations."""

from collections.abc import Iterator, Mapping

from schema.checks.change import Change
from schema.checks.inputs import ARGUMENTS, compare_inputs
from schema.checks.kinds import Kind
from schema.document.model import DirectiveDefinition


def compare_definitions(
    old: Mapping[str, DirectiveDefinition], new: Mapping[str, DirectiveDefinition]
) -> Iterator[Change]:
    """What happened to them."""
    for name in sorted({*old, *new}):
        before, after = old.get(name), new.get(name)
        if before is None:
            yield Change(kind=Kind.DIRECTIVE_ADDED, coordinate=f"@{name}")
        elif after is None:
            yield Change(kind=Kind.DIRECTIVE_REMOVED, coordinate=f"@{name}")
        else:
            yield from _compare(before, after)


def _compare(old: DirectiveDefinition, new: DirectiveDefinition) -> Iterator[Change]:
    at = f"@{old.name}"
    for location in sorted({*new.locations} - {*old.locations}):
        yield Change(kind=Kind.DIRECTIVE_LOCATION_ADDED, coordinate=at, new=location)
    for location in sorted({*old.locations} - {*new.locations}):
        yield Change(kind=Kind.DIRECTIVE_LOCATION_REMOVED, coordinate=at, old=location)
    if new.is_repeatable and not old.is_repeatable:
        yield Change(kind=Kind.DIRECTIVE_BECAME_REPEATABLE, coordinate=at)
    if old.is_repeatable and not new.is_repeatable:
        yield Change(kind=Kind.DIRECTIVE_BECAME_UNREPEATABLE, coordinate=at)
    yield from compare_inputs(old.arguments, new.arguments, f"{at}({{}}:)", ARGUMENTS)
