"""What a supergraph asks of whoever wants to see something: @authenticated, @requiresScopes, @policy."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from schema.supergraph.field_set import FieldSet, FragmentPart
from schema.supergraph.model import Access, InterfaceType, ObjectType, Supergraph

Rules = frozenset[Access]


@dataclass(frozen=True, slots=True, kw_only=True)
class Guards:
    """What a supergraph asks for: by coordinate (`User.email`), and by type. `possible`: objects of types."""

    fields: Mapping[str, Rules]
    types: Mapping[str, Access]
    possible: Mapping[str, frozenset[str]]


def guards_of(supergraph: Supergraph) -> Guards | None:
    """The rules of a supergraph; None if it has none."""
    types = {
        name: access
        for name, type_ in supergraph.types.items()
        if (access := getattr(type_, "access", None)) is not None
    }
    fields: dict[str, Rules] = {}
    for type_ in supergraph.types.values():
        if isinstance(type_, ObjectType | InterfaceType):
            for each in type_.fields.values():
                rules = frozenset(_rules(supergraph, type_, each.name))
                if rules:
                    fields[f"{type_.name}.{each.name}"] = rules
    if not fields and not types:
        return None
    possible = {name: frozenset(members) for name, members in supergraph.possible_types.items()}
    return Guards(fields=fields, types=types, possible=possible)


def _rules(supergraph: Supergraph, parent: ObjectType | InterfaceType, name: str) -> Iterator[Access]:
    """What a field asks for: itself, its type, and what it is made from by its subgraphs."""
    known = parent.fields[name]
    yield from _own(supergraph, parent, name)
    for source in known.sources.values():
        yield from _needed(supergraph, parent.name, source.requires)


def _own(supergraph: Supergraph, parent: ObjectType | InterfaceType, name: str) -> Iterator[Access]:
    known = parent.fields[name]
    returned = supergraph.types.get(known.type.name)
    for access in (known.access, getattr(returned, "access", None)):
        if access is not None:
            yield access


def _needed(supergraph: Supergraph, parent: str, selections: FieldSet) -> Iterator[Access]:
    type_ = supergraph.types.get(parent)
    for each in selections:
        if isinstance(each, FragmentPart):
            yield from _needed(supergraph, each.type_condition, each.selections)
        elif isinstance(type_, ObjectType | InterfaceType) and each.name in type_.fields:
            yield from _own(supergraph, type_, each.name)
            yield from _needed(supergraph, type_.fields[each.name].type.name, each.selections)
