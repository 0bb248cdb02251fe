"""Who may see a field must be allowed to see what it is made from."""

from collections.abc import Iterator, Mapping, Sequence

from schema.document.model import Directive, Field, InterfaceType, ObjectType, Schema
from schema.document.print import print_directive
from schema.document.selection import FieldSelection, Selections
from schema.document.values import Value, base_name
from schema.errors import Code
from schema.findings import Findings
from schema.subgraph.context import parse_context_value
from schema.subgraph.facts import field_set, read_selections
from schema.subgraph.model import Expanded, uses

ARGUMENTS = {"requiresScopes": "scopes", "policy": "policies"}
Alternatives = frozenset[frozenset[str]]


def check_access(supergraph: Schema, subgraphs: Sequence[Expanded], findings: Findings) -> None:
    """Note fields that read, through @requires or @fromContext, what their own access rules do not cover."""
    names = _names(subgraphs)
    for subgraph in subgraphs:
        for type_, field in subgraph.facts.fields:
            own = list(_uses_on(supergraph, type_.name, field.name))
            for parent, selections, use in _reads(subgraph, type_.name, field):
                needed = list(_uses_in(supergraph, parent, selections))
                if use.known_as == "fromContext":
                    needed += supergraph.types[parent].directives
                if missing := _missing(own, needed, names):
                    rules = " and ".join(dict.fromkeys(print_directive(rule) for rule in missing))
                    findings.error(
                        Code.MISSING_TRANSITIVE_AUTH_REQUIREMENTS,
                        f'"{type_.name}.{field.name}" reads, through @{use.name}, what asks for {rules}, '
                        f"which it does not ask for itself: repeat that on the field.",
                        use.place,
                    )


def _names(subgraphs: Sequence[Expanded]) -> Mapping[str, str]:
    """How the access rules are called in the supergraph → what federation calls them."""
    found = {name: name for name in ("authenticated", *ARGUMENTS)}
    for subgraph in subgraphs:
        for name in ("authenticated", *ARGUMENTS):
            found[subgraph.directive_name(name).removeprefix("@")] = name
    return found


def _reads(subgraph: Expanded, type_name: str, field: Field) -> Iterator[tuple[str, Selections, Directive]]:
    for use in uses(field, "requires"):
        yield type_name, field_set(use), use
    for argument in field.arguments.values():
        for use in uses(argument, "fromContext"):
            text = use.arguments.get("field")
            value = parse_context_value(text) if isinstance(text, str) else None
            if value is not None:
                for name in subgraph.facts.contexts.get(value.context, ()):
                    yield name, read_selections(value.selection), use


def _uses_on(supergraph: Schema, type_name: str, field_name: str) -> Iterator[Directive]:
    """The directives of a field and of its type."""
    type_ = supergraph.types.get(type_name)
    if isinstance(type_, ObjectType | InterfaceType) and field_name in type_.fields:
        yield from type_.directives
        yield from type_.fields[field_name].directives


def _uses_in(supergraph: Schema, parent: str, selections: Selections) -> Iterator[Directive]:
    """The directives of everything that a selection reads, fields and the types of what they hold."""
    type_ = supergraph.types.get(parent)
    for item in selections:
        if not isinstance(item, FieldSelection):
            if item.on and (narrower := supergraph.types.get(item.on)):
                yield from narrower.directives
            yield from _uses_in(supergraph, item.on or parent, item.selections)
        elif isinstance(type_, ObjectType | InterfaceType) and (field := type_.fields.get(item.name)):
            yield from field.directives
            below = supergraph.types.get(base_name(field.type))
            if below is not None:
                yield from below.directives
            yield from _uses_in(supergraph, base_name(field.type), item.selections)


def _missing(
    own: Sequence[Directive], needed: Sequence[Directive], names: Mapping[str, str]
) -> list[Directive]:
    """The needed rules that somebody who meets the own ones may still not meet."""
    return [use for use in needed if use.name in names and not _covers(own, use, names)]


def _covers(own: Sequence[Directive], needed: Directive, names: Mapping[str, str]) -> bool:
    known_as = names[needed.name]
    alike = [use for use in own if names.get(use.name) == known_as]
    if known_as == "authenticated":
        return bool(alike)
    argument = ARGUMENTS[known_as]
    wanted = _alternatives(needed.arguments.get(argument))
    return any(
        all(any(small <= big for small in wanted) for big in _alternatives(use.arguments.get(argument)))
        for use in alike
    )


def _alternatives(value: Value | None) -> Alternatives:
    items = value if isinstance(value, tuple) else ()
    return frozenset(
        frozenset(text for text in item if isinstance(text, str)) for item in items if isinstance(item, tuple)
    )
