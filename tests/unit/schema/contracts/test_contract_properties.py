"""Contracts over generated supergraphs: a valid part of the API, without excluded tags, and stable."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_introspection_type,
    is_specified_scalar_type,
    validate_schema,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schema.compose import CompositionFailed, Subgraph, compose
from schema.contracts.contract import apply
from schema.contracts.filter import Filter
from schema.document.model import elements
from schema.document.parse import parse_schema
from schema.supergraph.api import api_schema
from schema.supergraph.parse import parse_supergraph

LINK = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable", '
    '"@tag", "@inaccessible", "@interfaceObject"])\n'
)
TAGS = ("a", "b", "c")
OBJECTS = ("A", "B", "C")
COMPOSITES = (*OBJECTS, "I", "J", "U")
OTHERS = ("E", "In", "Deep", "Time")
OUTPUTS = ("Int", "A", "B!", "[C]", "I", "J", "U", "E", "Time")
ARGUMENTS = ("n: Int", "e: E", "e: E = ONE", "in: In", "deep: [Deep!]", "must: Int!", "at: Time")


def put(tags: Iterable[str]) -> str:
    """The tags as directives."""
    return "".join(f' @tag(name: "{tag}")' for tag in sorted(set(tags)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Tagging:
    """Where tags go. A careful one tags fields like the types they lead to, so that most contracts fit."""

    draw: st.DrawFn
    is_careful: bool
    often: int
    types: Mapping[str, frozenset[str]]

    def some(self) -> str:
        """Tags for an element that nothing depends on; mostly none."""
        if self.draw(st.integers(0, self.often)):
            return ""
        return put(self.draw(st.lists(st.sampled_from(TAGS), min_size=1, max_size=2, unique=True)))

    def rare(self) -> str:
        """Tags for an element that others depend on."""
        return "" if self.is_careful else self.some()

    def of(self, written: str) -> str:
        """Tags for what has a type, such as `[In!]! = 1`."""
        kind = written.partition("=")[0].strip(" []!")
        if not self.is_careful or kind not in self.types:
            return self.rare() if "!" in written or "=" in written else self.some()
        return put(self.types[kind]) if kind in COMPOSITES else put(self.types[kind]) or self.some()

    def fields(self, prefix: str) -> str:
        """Fields of an object type."""
        lines = []
        for number in range(self.draw(st.integers(1, 4))):
            chosen = self.draw(
                st.lists(
                    st.sampled_from(ARGUMENTS), max_size=2, unique_by=lambda each: each.partition(":")[0]
                )
            )
            arguments = [f"{each}{self.of(each.partition(':')[2])}" for each in chosen]
            listed = f"({', '.join(arguments)})" if arguments else ""
            kind = self.draw(st.sampled_from(OUTPUTS))
            hidden = "" if self.draw(st.integers(0, 30)) else " @inaccessible"
            lines.append(f"{prefix}{number}{listed}: {kind}{self.of(kind.strip('!'))}{hidden}")
        return "\n  ".join(lines)


@st.composite
def taggings(draw: st.DrawFn) -> Tagging:
    is_careful = draw(st.integers(0, 4)) > 0
    tag_sets = st.lists(st.sampled_from(TAGS), max_size=2, unique=True).map(frozenset)
    types = {
        name: draw(tag_sets) if draw(st.booleans()) else frozenset[str]() for name in COMPOSITES + OTHERS
    }
    return Tagging(draw=draw, is_careful=is_careful, often=draw(st.sampled_from([1, 3, 8])), types=types)


def sdl(tagging: Tagging, prefix: str) -> str:
    """One subgraph. Types of the same name fit those of the other subgraph."""
    draw, some, rare = tagging.draw, tagging.some, tagging.rare

    def on(name: str) -> str:
        return put(tagging.types[name])

    parts = [LINK]
    for name, interfaces in zip(OBJECTS, ("", "I", "I & J"), strict=True):
        implements = f" implements {interfaces}" if interfaces else ""
        more = f" more: Int{some()}" if "J" in interfaces else ""
        parts.append(
            f'type {name}{implements} @key(fields: "id") @shareable{on(name)} {{\n'
            f"  id: ID{some()} same: Int{rare()}{more}\n  {tagging.fields(prefix)}\n}}"
        )
    members = " | ".join(draw(st.lists(st.sampled_from(OBJECTS), min_size=1, max_size=3, unique=True)))
    inner = (("n", "Int"), ("more", "In"), ("deep", "Deep"), ("e", "E = TWO"), ("b", "Boolean!"))
    entries = "\n  ".join(f"{name}: {kind}{tagging.of(kind)}" for name, kind in inner)
    has_mutation = draw(st.booleans())
    parts += [
        f"interface I{on('I')} {{ id: ID{some()} same: Int{rare()} }}",
        f"interface J implements I{on('J')} {{ id: ID{some()} same: Int{rare()} more: Int{some()} }}",
        f"union U{on('U')} = {members}",
        f"enum E{on('E')} {{ ONE{rare()} TWO{rare()} THREE{some()} }}",
        f"scalar Time{on('Time')}",
        f"input In{on('In')} {{\n  {entries}\n}}",
        f"input Deep{on('Deep')} {{ at: Time{on('Time')} deep: Deep{on('Deep')} n: Int }}",
        f"type Query {{\n  {tagging.fields(f'q{prefix}')}\n  {prefix}: Int{put(TAGS[:1])}\n}}",
        f"type Mutation {{ m{prefix}: Int{some()} }}" if has_mutation else "",
    ]
    return "\n".join(parts)


@st.composite
def supergraphs(draw: st.DrawFn) -> str:
    """Supergraphs with tags on every kind of element; empty when the subgraphs did not compose."""
    tagging = draw(taggings())
    texts = [sdl(tagging, prefix) for prefix in ("x", "y")[: draw(st.integers(1, 2))]]
    try:
        return compose(
            [Subgraph(name=f"s{number}", url="", sdl=text) for number, text in enumerate(texts)]
        ).supergraph_sdl
    except CompositionFailed:
        return ""


@st.composite
def filters(draw: st.DrawFn) -> Filter:
    chosen = draw(st.lists(st.sampled_from(TAGS), min_size=1, max_size=3, unique=True))
    split = draw(st.integers(0, len(chosen)))
    return Filter(
        include=frozenset(chosen[:split]),
        exclude=frozenset(chosen[split:]),
        hide_unreachable=draw(st.booleans()),
    )


def own_types(schema: GraphQLSchema) -> Iterator[GraphQLNamedType]:
    for type_ in schema.type_map.values():
        if not is_introspection_type(type_) and not is_specified_scalar_type(type_):
            yield type_


def lines_of(schema: GraphQLSchema) -> set[tuple[str, str]]:
    """Everything a schema says: coordinates with their types."""
    found: set[tuple[str, str]] = set()
    for type_ in own_types(schema):
        found.add((type_.name, type(type_).__name__))
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
            found |= {(f"{type_.name} implements", interface.name) for interface in type_.interfaces}
            for name, field in type_.fields.items():
                found.add((f"{type_.name}.{name}", str(field.type)))
                found |= {(f"{type_.name}.{name}({key}:)", str(arg.type)) for key, arg in field.args.items()}
        if isinstance(type_, GraphQLInputObjectType):
            found |= {(f"{type_.name}.{name}", str(entry.type)) for name, entry in type_.fields.items()}
        if isinstance(type_, GraphQLEnumType):
            found |= {(f"{type_.name}.{name}", "") for name in type_.values}
        if isinstance(type_, GraphQLUnionType):
            found |= {(f"{type_.name} |", member.name) for member in type_.types}
    return found


def tags_of(supergraph_sdl: str) -> Mapping[str, frozenset[str]]:
    """Coordinate → its tags and, for fields of objects and interfaces, those of the type."""
    schema, _ = parse_schema(supergraph_sdl, "supergraph")
    assert schema is not None
    own = {
        coordinate: frozenset(str(use.arguments["name"]) for use in element.directives if use.name == "tag")
        for coordinate, element in elements(schema)
    }
    return {
        coordinate: tags | own[coordinate.partition(".")[0]]
        if "." in coordinate and "(" not in coordinate
        else tags
        for coordinate, tags in own.items()
    }


def reachable(schema: GraphQLSchema, start: set[str]) -> set[str]:
    """The names of the types that something visible leads to from the roots and the given types."""
    roots = (schema.query_type, schema.mutation_type, schema.subscription_type)
    found = start | {root.name for root in roots if root is not None}
    while True:
        more = set(found)
        for name in found:
            type_ = schema.type_map[name]
            if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
                more |= {interface.name for interface in type_.interfaces}
                for field in type_.fields.values():
                    more.add(get_named_type(field.type).name)
                    more |= {get_named_type(argument.type).name for argument in field.args.values()}
            if isinstance(type_, GraphQLInterfaceType):
                more |= {each.name for each in schema.get_implementations(type_).objects}
            if isinstance(type_, GraphQLUnionType):
                more |= {member.name for member in type_.types}
            if isinstance(type_, GraphQLInputObjectType):
                more |= {get_named_type(entry.type).name for entry in type_.fields.values()}
        if more == found:
            return found
        found = more


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(supergraphs(), filters())
def test_a_variant_is_a_valid_part_of_the_api(supergraph: str, wanted: Filter) -> None:
    if not supergraph:
        return
    try:
        made = apply(supergraph, wanted).supergraph_sdl
    except CompositionFailed:
        # What nothing leads to cannot be what is missing.
        with pytest.raises(CompositionFailed):
            apply(supergraph, replace(wanted, hide_unreachable=False))
        return

    variant, base = api_schema(parse_supergraph(made)), api_schema(parse_supergraph(supergraph))
    assert validate_schema(variant) == []
    assert lines_of(variant) <= lines_of(base)
    tags = tags_of(supergraph)
    shown = {coordinate for coordinate, _ in lines_of(variant) if coordinate in tags}
    assert not {each for each in shown if tags[each] & wanted.exclude}
    if wanted.include:
        assert not {each for each in shown if needs_tag(each, base) and not tags[each] & wanted.include}
    if wanted.hide_unreachable:
        kept = {type_.name for type_ in own_types(variant) if tags[type_.name] & wanted.include}
        assert {type_.name for type_ in own_types(variant)} <= reachable(variant, kept)
    assert apply(made, wanted).supergraph_sdl == made


def needs_tag(coordinate: str, base: GraphQLSchema) -> bool:
    """Whether a contract that includes tags asks for one here."""
    type_ = base.type_map[coordinate.partition(".")[0]]
    is_field = isinstance(type_, GraphQLObjectType | GraphQLInterfaceType) and "." in coordinate
    return (is_field and "(" not in coordinate) or isinstance(type_, GraphQLUnionType)
