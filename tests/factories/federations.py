"""One world, told by a monolith or by any set of subgraphs: every value follows from where it stands.

The monolith schema is fixed; `partitions` draws how its fields are spread over subgraphs: who owns what,
what is shared, which keys lead where, what is required from others and what is provided on the way.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from graphql import (
    ExecutionResult,
    GraphQLEnumType,
    GraphQLFloat,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLOutputType,
    GraphQLResolveInfo,
    GraphQLSchema,
    build_schema,
    execute_sync,
    is_abstract_type,
    is_object_type,
    parse,
)
from hypothesis import strategies as st

from router.subgraph_client.protocol import SubgraphRequest, SubgraphResponse

ENTITIES: Mapping[str, Mapping[str, str]] = {
    "User": {
        "name": "String",
        "age": "Int",
        "best": "Product",
        "friends": "[User!]",
        "home": "Address",
        "feed": "[Item]",
        "label(x: Int)": "String!",
        "idol": "Named",
    },
    "Product": {
        "name": "String",
        "price": "Int",
        "weight": "Float",
        "shipping": "String",
        "maker": "User",
        "reviews": "[Review!]!",
        "mood": "Mood",
        "related(x: Int!)": "[[Node]!]",
    },
    "Review": {"body": "String!", "author": "User!", "product": "Product", "stars": "Int", "about": "Item!"},
}
ROOT_FIELDS: Mapping[str, str] = {
    "users": "[User!]!",
    "user(x: Int)": "User",
    "products": "[Product]",
    "items": "[Item!]",
    "node(x: Int)": "Node",
    "named": "[Named]",
    "home": "Address!",
    "review": "Review!",
}
_SHARED = """
type Address @shareable { street: String city: City! }
type City @shareable { name: String! country: String }
enum Mood { GOOD BAD }
"""
_KINDS = {
    "Item": "union Item = User | Product | Review\n",
    "Node": "interface Node { id: ID! }\n",
    "Named": "interface Named { id: ID! name: String }\n",
}
_NAMED = ("User", "Product")
_LINK = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", '
    'import: ["@key", "@shareable", "@external", "@requires", "@provides"])\n'
)


def monolith() -> GraphQLSchema:
    """Everything in one schema."""
    types = "".join(
        f"type {name} implements Node{' & Named' if name in _NAMED else ''} {{ id: ID! "
        f"{'code: String! ' if name == 'Product' else ''}{_fields(fields)} }}\n"
        for name, fields in ENTITIES.items()
    )
    query = f"type Query {{ {_fields(ROOT_FIELDS)} }}\n"
    return build_schema(query + types + "".join(_KINDS.values()) + _SHARED.replace("@shareable ", ""))


def _fields(fields: Mapping[str, str]) -> str:
    return " ".join(f"{name}: {kind}" for name, kind in fields.items())


@dataclass(frozen=True)
class Partition:
    """Subgraph name to its SDL."""

    sdl: Mapping[str, str]


@dataclass
class _Draft:
    """One subgraph while it is drawn."""

    name: str
    owned: dict[str, dict[str, str]] = field(
        default_factory=lambda: {name: {} for name in (*ENTITIES, "Query")}
    )
    product_keys: tuple[str, ...] = ("id",)

    def mentions(self, name: str) -> bool:
        """Some field that this subgraph owns is of this type."""
        return any(name in text for fields in self.owned.values() for text in fields.values())


@st.composite
def partitions(draw: st.DrawFn) -> Partition:
    """A way to spread the world over two to four subgraphs."""
    drafts = [_Draft(name) for name in "abcd"[: draw(st.integers(2, 4))]]
    for typename, fields in (*ENTITIES.items(), ("Query", ROOT_FIELDS)):
        for name, kind in fields.items():
            owners = draw(st.lists(st.sampled_from(drafts), min_size=1, max_size=2, unique_by=id))
            for owner in owners:
                shareable = " @shareable" if len(owners) > 1 else ""
                owner.owned[typename][name] = kind + shareable
    if draw(st.booleans()):
        _let_shipping_require(draw, drafts)
    _own_names_where_interfaces_need_them(drafts)
    _let_roots_provide(draw, drafts)
    drafts[0].product_keys = ("id", "code")
    for draft in drafts[1:]:
        keys = [("id",), ("id", "code")]
        if not draft.mentions("Node") and not draft.mentions("Named"):
            keys.append(("code",))
        draft.product_keys = draw(st.sampled_from(keys))
    return Partition({draft.name: _sdl(draft) for draft in drafts if any(draft.owned.values())})


def _let_shipping_require(draw: st.DrawFn, drafts: Sequence[_Draft]) -> None:
    """One subgraph computes `shipping` from fields of others."""
    chosen = draw(st.sampled_from(drafts))
    others = [draft for draft in drafts if draft is not chosen]
    for draft in drafts:
        draft.owned["Product"].pop("shipping", None)
    for name in ("price", "weight"):
        kind = ENTITIES["Product"][name]
        chosen.owned["Product"][name] = f"{kind} @external"
        owners = [draft for draft in others if name in draft.owned["Product"]] or [
            draw(st.sampled_from(others))
        ]
        for owner in owners:
            owner.owned["Product"][name] = kind + (" @shareable" if len(owners) > 1 else "")
    chosen.owned["Product"]["shipping"] = 'String @requires(fields: "price weight")'


def _own_names_where_interfaces_need_them(drafts: Sequence[_Draft]) -> None:
    for typename in _NAMED:
        owners = [draft for draft in drafts if draft.mentions("Named") or "name" in draft.owned[typename]]
        for owner in owners:
            owner.owned[typename]["name"] = "String" + (" @shareable" if len(owners) > 1 else "")


def _let_roots_provide(draw: st.DrawFn, drafts: Sequence[_Draft]) -> None:
    for draft in drafts:
        users = draft.owned["Query"].get("users")
        missing = [name for name in ("name", "age") if name not in draft.owned["User"]]
        if users is None or not missing or not draw(st.booleans()):
            continue
        draft.owned["Query"]["users"] = f'{users} @provides(fields: "{" ".join(missing)}")'
        for name in missing:
            kind = ENTITIES["User"][name]
            for owner in drafts:
                if name in owner.owned["User"] and "@" not in owner.owned["User"][name]:
                    owner.owned["User"][name] = f"{kind} @shareable"
            draft.owned["User"][name] = f"{kind} @external"


def _sdl(draft: _Draft) -> str:
    kinds = {name for name in _KINDS if draft.mentions(name)}
    text = _LINK
    if draft.owned["Query"]:
        text += f"type Query {{ {_fields(draft.owned['Query'])} }}\n"
    for typename in ENTITIES:
        text += _entity(draft, typename, kinds)
    text += "".join(_KINDS[name] for name in sorted(kinds))
    return text + _SHARED


def _entity(draft: _Draft, typename: str, kinds: set[str]) -> str:
    keys = draft.product_keys if typename == "Product" else ("id",)
    interfaces = [name for name in ("Node", *(("Named",) if typename in _NAMED else ())) if name in kinds]
    implements = f" implements {' & '.join(interfaces)}" if interfaces else ""
    directives = "".join(f' @key(fields: "{key}")' for key in keys)
    key_fields = " ".join({"id": "id: ID!", "code": "code: String!"}[key] for key in keys)
    return f"type {typename}{implements}{directives} {{ {key_fields} {_fields(draft.owned[typename])} }}\n"


@dataclass(frozen=True)
class Thing:
    """One object. Entities have an id, other objects a seed; `given` came with a representation."""

    typename: str
    seed: str
    id: str | None = None
    given: Mapping[str, Any] = field(default_factory=dict)


_ROOT = Thing("Query", "root")


def resolve(source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
    """Any field of any object of the world."""
    thing = source if isinstance(source, Thing) else _ROOT
    name = info.field_name
    if name == "_entities":
        return [_from_representation(each) for each in arguments["representations"]]
    return _field_value(thing, name, arguments, info.return_type, info.schema)


def resolve_type(value: Any, info: Any, declared: Any) -> str:
    """The type of an object in an abstract position."""
    assert isinstance(value, Thing)
    return value.typename


def _from_representation(representation: Mapping[str, Any]) -> Thing | None:
    id, code = representation.get("id"), representation.get("code")
    if id is None and code is None:
        return None
    id = id if id is not None else str(code).removeprefix("code-")
    return Thing(representation["__typename"], f"#{id}", id, representation)


def _field_value(
    thing: Thing, name: str, arguments: Mapping[str, Any], declared: GraphQLOutputType, schema: GraphQLSchema
) -> Any:
    if thing.id is not None and name == "id":
        return thing.id
    if thing.id is not None and name == "code":
        return f"code-{thing.id}"
    if name == "shipping":
        return _shipping(thing, schema)
    given = "".join(f"{key}={arguments[key]}" for key in sorted(arguments))
    return _value(f"{thing.seed}/{name}({given})", declared, schema)


def _shipping(thing: Thing, schema: GraphQLSchema) -> str:
    """Computed from price and weight: those of the representation, or where it names none, its own."""
    is_told = bool(thing.given.keys() & {"price", "weight"})
    price, weight = (
        thing.given.get(name, "missing") if is_told else _value(f"{thing.seed}/{name}()", kind, schema)
        for name, kind in (("price", GraphQLInt), ("weight", GraphQLFloat))
    )
    return f"ship {price} {weight}"


def _value(seed: str, declared: GraphQLOutputType, schema: GraphQLSchema) -> Any:
    if isinstance(declared, GraphQLNonNull):
        return _present(seed, declared.of_type, schema)
    return None if _number(f"{seed}?") % 7 == 0 else _present(seed, declared, schema)


def _present(seed: str, declared: GraphQLOutputType, schema: GraphQLSchema) -> Any:
    number = _number(seed)
    if isinstance(declared, GraphQLList):
        return [_value(f"{seed}/{index}", declared.of_type, schema) for index in range(number % 4)]
    if isinstance(declared, GraphQLEnumType):
        return sorted(declared.values)[number % len(declared.values)]
    if is_abstract_type(declared):
        possible = sorted(each.name for each in schema.get_possible_types(declared))
        return _entity_thing(possible[number % len(possible)], number // 7)
    if is_object_type(declared):
        return (
            _entity_thing(declared.name, number) if declared.name in ENTITIES else Thing(declared.name, seed)
        )
    return _scalar(str(declared), number)


def _entity_thing(typename: str, number: int) -> Thing:
    id = str(number % 5)
    return Thing(typename, f"#{id}", id)


def _scalar(name: str, number: int) -> Any:
    match name:
        case "Int":
            return number % 1000
        case "Float":
            return number % 1000 / 8
        case _:
            return f"{name} {number % 1000}"


def _number(seed: str) -> int:
    return int.from_bytes(blake2b(seed.encode(), digest_size=6).digest())


class WorldSubgraph:
    """A subgraph of the world, executed by graphql-core; keeps what it was asked and what it handed over."""

    def __init__(self, sdl: str, *, is_shared: bool = True) -> None:
        self._is_shared = is_shared
        self._handed: list[tuple[Any, Any]] = []
        entities = " | ".join(name for name in ENTITIES if f"type {name}" in sdl)
        own = sdl.split("\n", 1)[1]
        if "type Query" not in own:
            own = f"type Query {{ _unused: Int }}\n{own}"
        extra = (
            f"scalar _Any\nunion _Entity = {entities}\n"
            "extend type Query { _entities(representations: [_Any!]!): [_Entity]! }\n"
        )
        self.schema = build_schema(own + extra, assume_valid_sdl=True)
        self.requests: list[SubgraphRequest] = []

    async def execute(self, request: SubgraphRequest) -> SubgraphResponse:
        """The world's answer to this request."""
        self.requests.append(request)
        result = run(self.schema, request.document, request.variables)
        errors = tuple(dict(error.formatted) for error in result.errors or ())
        self._handed.append((result.data, deepcopy(result.data)))
        return SubgraphResponse(data=result.data, errors=errors, is_shared=self._is_shared)

    @property
    def has_been_changed(self) -> bool:
        """Somebody wrote into an answer after it was handed over."""
        return any(data != before for data, before in self._handed)

    async def subscribe(self, request: SubgraphRequest) -> AsyncIterator[SubgraphResponse]:
        """The world stands still: one event, the state of things."""
        yield await self.execute(request)

    async def close(self) -> None:
        """Nothing is held."""


def run(schema: GraphQLSchema, text: str, variables: Mapping[str, Any]) -> ExecutionResult:
    """The world's answer to an operation, told by this schema."""
    return execute_sync(
        schema,
        parse(text),
        variable_values=dict(variables),
        field_resolver=resolve,
        type_resolver=resolve_type,
    )
