"""The schema of one subgraph, read back out of a supergraph, to validate what a plan asks it."""

from collections.abc import Iterator

from graphql import GraphQLSchema, build_schema

from schema.supergraph.model import (
    EnumType,
    Field,
    InputObjectType,
    InputValue,
    InterfaceType,
    NamedType,
    ObjectType,
    ScalarType,
    Supergraph,
    UnionType,
)
from schema.supergraph.parse import SPECIFIED_SCALARS


def subgraph_schema(supergraph: Supergraph, name: str) -> GraphQLSchema:
    """Everything that the supergraph says one subgraph has, with `_entities`."""
    texts: list[str] = []
    for known in supergraph.types.values():
        if name in known.sources and known.name not in SPECIFIED_SCALARS:
            texts.extend(_definition(supergraph, known, name))
    entities = sorted(
        known.name
        for known in supergraph.types.values()
        if isinstance(known, ObjectType | InterfaceType)
        and name in known.sources
        and known.sources[name].keys
        and (isinstance(known, ObjectType) or known.sources[name].is_interface_object)
    )
    query = supergraph.roots["query"]
    if not any(text.startswith(f"type {query} ") for text in texts):
        texts.append(f"type {query} {{ _none: Int }}")
    if entities:
        texts.append(f"union _Entity = {' | '.join(entities)} scalar _Any")
        texts.append(f"extend type {query} {{ _entities(representations: [_Any!]!): [_Entity]! }}")
    if supergraph.subgraphs[name].streams:
        texts.append("directive @stream(if: Boolean! = true, initialCount: Int = 0) on FIELD")
    roots = " ".join(
        f"{kind}: {type_name}"
        for kind, type_name in supergraph.roots.items()
        if kind == "query" or name in supergraph.types[type_name].sources
    )
    return build_schema("\n".join([f"schema {{ {roots} }}", *texts]))


def _definition(supergraph: Supergraph, known: NamedType, name: str) -> Iterator[str]:
    match known:
        case ScalarType():
            yield f"scalar {known.name}"
        case EnumType():
            values = [value.name for value in known.values.values() if name in value.subgraphs]
            yield f"enum {known.name} {{ {' '.join(values)} }}"
        case InputObjectType():
            yield f"input {known.name} {{ {' '.join(map(_input, known.fields.values()))} }}"
        case UnionType():
            yield f"union {known.name} = {' | '.join(sorted(known.members_in[name]))}"
        case ObjectType() | InterfaceType():
            is_object = isinstance(known, ObjectType) or known.sources[name].is_interface_object
            above = known.sources[name].interfaces
            implements = f" implements {' & '.join(sorted(above))}" if above else ""
            fields = [_field(field, name) for field in known.fields.values() if name in field.sources]
            if fields:
                kind = "type" if is_object else "interface"
                yield f"{kind} {known.name} {implements} {{ {' '.join(fields)} }}"
            elif known.name in supergraph.roots.values():
                yield f"type {known.name} {{ _none: Int }}"


def _field(field: Field, name: str) -> str:
    source = field.sources[name]
    arguments = " ".join(map(_input, field.arguments.values()))
    arguments += "".join(f" {each.name}: {each.type.text}" for each in source.context_arguments)
    return f"{field.name}{f'({arguments})' if arguments else ''}: {source.type.text}"


def _input(value: InputValue) -> str:
    default = "" if value.default is None else f" = {value.default}"
    return f"{value.name}: {value.type.text}{default}"
