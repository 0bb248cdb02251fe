"""A world of media: one subgraph knows the interface, others extend it as an interface object.

Every value follows from the id of the object it belongs to and the name of the field; ids tell the type, so
that all subgraphs agree. `media_worlds` draws who offers which root fields, what is shared and which
subgraph has the field that leads from one medium to the next.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from graphql import (
    REMOVE,
    GraphQLResolveInfo,
    GraphQLSchema,
    InterfaceTypeDefinitionNode,
    ObjectTypeDefinitionNode,
    SchemaExtensionNode,
    StringValueNode,
    Visitor,
    VisitorAction,
    build_schema,
    execute_sync,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    parse,
    print_ast,
    validate,
    visit,
)
from hypothesis import strategies as st

from router.subgraph_client.protocol import SubgraphRequest, SubgraphResponse

POSSIBLE: Mapping[str, tuple[str, ...]] = {"Media": ("Film", "Song"), "Thing": ("Pod", "Song")}
LEADS_TO: Mapping[str, str] = {
    "media": "Media",
    "best": "Media",
    "things": "Thing",
    "songs": "Song",
    "inside": "Box",
    "pod": "Pod",
}
_LINK = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", '
    'import: ["@key", "@shareable", "@external", "@requires", "@interfaceObject"])\n'
)
_COMMON = "id: ID! title: String best: Media views: Int rank: String owner: String"

MONOLITH = f"""
type Query {{ media: [Media!] songs: [Song!] things: [Thing] }}
interface Media {{ {_COMMON} }}
interface Thing {{ id: ID! }}
type Song implements Media & Thing {{ {_COMMON} seconds: Int singer: String inside: Box }}
type Film implements Media {{ {_COMMON} frames: Int }}
type Pod implements Thing {{ id: ID! label: String size: Int }}
type Box {{ pod: Pod label: String }}
"""


@st.composite
def media_worlds(draw: st.DrawFn) -> Mapping[str, str]:
    """Subgraph name to SDL; `library` knows the interface, `stats` and `owners` the interface object."""
    roots: dict[str, list[str]] = {name: [] for name in ("library", "stats", "owners", "songs")}
    _offer(draw, roots, "media: [Media!]", ("library", "stats", "owners"))
    _offer(draw, roots, "songs: [Song!]", ("library", "songs"))
    roots["library"].append("things: [Thing]")
    best = dict.fromkeys(roots, "")
    best[draw(st.sampled_from(("library", "stats", "owners")))] = "best: Media"
    shared = " @shareable" if draw(st.booleans()) else ""
    stats = f"id: ID! views: Int{shared} {best['stats']}"
    stats += ' title: String @external rank: String @requires(fields: "title")'
    owners = f"id: ID! owner: String {best['owners']}" + (" views: Int @shareable" if shared else "")
    sdl = {
        "library": f"""
            interface Media @key(fields: "id") {{ id: ID! title: String {best["library"]} }}
            type Song implements Media & Thing @key(fields: "id") {{
              id: ID! title: String seconds: Int {best["library"]}
            }}
            type Film implements Media @key(fields: "id") {{
              id: ID! title: String frames: Int {best["library"]}
            }}
            interface Thing {{ id: ID! }}
            type Pod implements Thing @key(fields: "id") {{ id: ID! label: String }}""",
        "stats": f'type Media @interfaceObject @key(fields: "id") {{ {stats} }}',
        "owners": f'type Media @interfaceObject @key(fields: "id") {{ {owners} }}',
        "songs": """
            type Song @key(fields: "id") { id: ID! singer: String inside: Box }
            type Box { pod: Pod label: String }
            type Pod @key(fields: "id") { id: ID! size: Int }""",
    }
    return {
        name: f"{_LINK}{text}\n" + (f"type Query {{ {' '.join(roots[name])} }}" if roots[name] else "")
        for name, text in sdl.items()
    }


def _offer(draw: st.DrawFn, roots: dict[str, list[str]], field: str, candidates: tuple[str, ...]) -> None:
    owners = draw(st.lists(st.sampled_from(candidates), min_size=1, max_size=2, unique=True))
    for owner in owners:
        roots[owner].append(field + (" @shareable" if len(owners) > 1 else ""))


def number(*seed: object) -> int:
    """A number that follows from the seed."""
    return int.from_bytes(blake2b(repr(seed).encode(), digest_size=4).digest())


def leaf(id: str, field: str) -> str:
    """The text in a field of an object."""
    return f"{field} {number(id, field) % 1000}"


@dataclass(frozen=True)
class Medium:
    """One object of the world; `told` is what a subgraph was told of it, `shown` the type it has there."""

    id: str
    told: Mapping[str, Any] | None = None
    shown: str | None = None


_ROOT = Medium("root")


def resolve(source: Any, info: GraphQLResolveInfo[Any], **_: Any) -> Any:
    """Any field of any object of the world."""
    medium = source if isinstance(source, Medium) else _ROOT
    declared = get_nullable_type(info.return_type)
    if is_leaf_type(get_named_type(declared)):
        if info.field_name == "id":
            return medium.id
        is_number = get_named_type(declared).name == "Int"
        return number(medium.id, info.field_name) % 1000 if is_number else leaf(medium.id, info.field_name)
    seed = (medium.id, info.field_name)
    if is_list_type(declared):
        return [_child(*seed, index) for index in range(number("length", *seed) % 3)]
    if number("null", *seed) % 6 == 0 and not is_non_null_type(info.return_type):
        return None
    return _child(*seed)


def _child(*seed: object) -> Medium:
    target = LEADS_TO[str(seed[1])]
    possible = POSSIBLE.get(target, (target,))
    return Medium(f"{possible[number('type', *seed) % len(possible)]}:{number('id', *seed) % 30}")


def resolve_type(value: Any, info: Any, declared: Any) -> str:
    """The type of an object in an abstract position."""
    assert isinstance(value, Medium)
    return value.shown or value.id.partition(":")[0]


def monolith() -> GraphQLSchema:
    """The whole world in one schema."""
    return build_schema(MONOLITH)


def told_by_the_monolith(schema: GraphQLSchema, text: str) -> Any:
    """What one schema over the same world answers."""
    result = execute_sync(schema, parse(text), field_resolver=resolve, type_resolver=resolve_type)
    assert not result.errors
    return result.data


class _WithoutDirectives(Visitor):
    def enter_directive(self, *_: Any) -> VisitorAction:
        return REMOVE


class MediaSubgraph:
    """One subgraph, which checks all that it is told and asked."""

    def __init__(self, sdl: str) -> None:
        nodes = [n for n in parse(sdl).definitions if not isinstance(n, SchemaExtensionNode)]
        objects = [n for n in nodes if isinstance(n, ObjectTypeDefinitionNode)]
        self._interfaces = {n.name.value for n in nodes if isinstance(n, InterfaceTypeDefinitionNode)}
        self._requires = {
            (n.name.value, f.name.value): argument.value.value
            for n in objects
            for f in n.fields or ()
            for directive in f.directives or ()
            if directive.name.value == "requires"
            for argument in directive.arguments or ()
            if isinstance(argument.value, StringValueNode)
        }
        entities = [n.name.value for n in objects if any(d.name.value == "key" for d in n.directives or ())]
        texts = [print_ast(visit(node, _WithoutDirectives())) for node in nodes]
        if not any(node.name.value == "Query" for node in objects):
            texts.append("type Query { _none: Int }")
        texts.append(f"scalar _Any union _Entity = {' | '.join(entities)}")
        texts.append("extend type Query { _entities(representations: [_Any!]!): [_Entity]! }")
        self.schema = build_schema("\n".join(texts))

    async def execute(self, request: SubgraphRequest) -> SubgraphResponse:
        """The world's answer, or an error if the question makes no sense."""
        document = parse(request.document)
        assert validate(self.schema, document) == [], request.document
        result = execute_sync(
            self.schema,
            document,
            variable_values=dict(request.variables),
            field_resolver=self._resolve,
            type_resolver=resolve_type,
        )
        errors = tuple(dict(error.formatted) for error in result.errors or ())
        return SubgraphResponse(data=result.data, errors=errors)

    async def subscribe(self, request: SubgraphRequest) -> AsyncIterator[SubgraphResponse]:
        """The world stands still: one event, the state of things."""
        yield await self.execute(request)

    async def close(self) -> None:
        """Nothing is held."""

    def _resolve(self, source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        if info.field_name == "_entities":
            return [self._entity(each) for each in arguments["representations"]]
        required = self._requires.get((info.parent_type.name, info.field_name))
        if required is not None:
            told = source.told or {}
            assert told.get(required) == leaf(source.id, required), f"{required} was not told"
        return resolve(source, info, **arguments)

    def _entity(self, told: Mapping[str, Any]) -> Medium:
        typename, real = told["__typename"], told["id"].partition(":")[0]
        assert typename in self.schema.type_map, f"{typename} is not known here"
        assert real in POSSIBLE.get(typename, (typename,)), f"{told} is no {typename}"
        return Medium(told["id"], told, real if typename in self._interfaces else typename)
