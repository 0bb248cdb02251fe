"""Changes of what is said of a part to clients: descriptions, @deprecated, @specifiedBy, @oneOf."""

from collections.abc import Iterator, Mapping

from schema.checks.change import Change
from schema.checks.kinds import Kind
from schema.document.model import Directive, DirectiveDefinition, Element, Schema, Type, elements

NO_REASON = "No longer supported"


def compare_said_of_schema(old: str, new: str) -> Iterator[Change]:
    """Whether the schema as a whole is described in other words."""
    if old != new:
        yield Change(kind=Kind.DESCRIPTION_CHANGED, coordinate="schema", old=old, new=new)


def compare_said(old: Mapping[str, Type], new: Mapping[str, Type]) -> Iterator[Change]:
    """What happened to every part that is in both."""
    before = dict(elements(Schema(types=old)))
    for at, after in elements(Schema(types=new)):
        if (part := before.get(at)) is not None and type(part) is type(after):
            yield from _compare(at, part, after)


def compare_said_of_directives(
    old: Mapping[str, DirectiveDefinition], new: Mapping[str, DirectiveDefinition]
) -> Iterator[Change]:
    """What happened to the descriptions of directives and to their arguments."""
    for name in sorted(old.keys() & new.keys()):
        before, after = old[name], new[name]
        if before.description != after.description:
            yield Change(kind=Kind.DESCRIPTION_CHANGED, coordinate=f"@{name}")
        for argument in before.arguments.keys() & after.arguments.keys():
            at = f"@{name}({argument}:)"
            yield from _compare(at, before.arguments[argument], after.arguments[argument])


def _compare(at: str, old: Element, new: Element) -> Iterator[Change]:
    if old.description != new.description:
        yield Change(kind=Kind.DESCRIPTION_CHANGED, coordinate=at, old=old.description, new=new.description)
    if not old.directives and not new.directives:
        return
    yield from _compare_deprecation(at, _argument(old, "deprecated"), _argument(new, "deprecated"))
    yield from _compare_specification(at, _argument(old, "specifiedBy"), _argument(new, "specifiedBy"))
    was, now = _argument(old, "oneOf"), _argument(new, "oneOf")
    if was is None and now is not None:
        yield Change(kind=Kind.ONE_OF_ADDED, coordinate=at)
    if was is not None and now is None:
        yield Change(kind=Kind.ONE_OF_REMOVED, coordinate=at)


_ARGUMENTS = {"deprecated": "reason", "specifiedBy": "url", "oneOf": ""}


def _argument(part: Element, directive: str) -> str | None:
    """The text that the directive carries; None if it is not there."""
    found = next((use for use in part.directives if use.name == directive), None)
    return None if found is None else _text(found)


def _text(use: Directive) -> str:
    value = use.arguments.get(_ARGUMENTS[use.name])
    return value if isinstance(value, str) else NO_REASON


def _compare_deprecation(at: str, old: str | None, new: str | None) -> Iterator[Change]:
    if old is None and new is not None:
        yield Change(kind=Kind.DEPRECATION_ADDED, coordinate=at, new=new)
    elif old is not None and new is None:
        yield Change(kind=Kind.DEPRECATION_REMOVED, coordinate=at, old=old)
    elif old is not None and new is not None and old != new:
        yield Change(kind=Kind.DEPRECATION_REASON_CHANGED, coordinate=at, old=old, new=new)


def _compare_specification(at: str, old: str | None, new: str | None) -> Iterator[Change]:
    if old is None and new is not None:
        yield Change(kind=Kind.SPECIFIED_BY_ADDED, coordinate=at, new=new)
    elif old is not None and new is None:
        yield Change(kind=Kind.SPECIFIED_BY_REMOVED, coordinate=at, old=old)
    elif old is not None and new is not None and old != new:
        yield Change(kind=Kind.SPECIFIED_BY_CHANGED, coordinate=at, old=old, new=new)
