"""One world for any set of subgraphs: every value follows from the object it belongs to, so all agree.

An object is its type and a number, from which every key can be told and which can be told from every key.
Subgraphs are strict: they answer only what a real one could know. A field that is external here must have
been provided or told, a required one told truly, an overridden one is never asked for.
"""

import json
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import blake2b
from typing import Any, TypeAlias

from graphql import (
    FieldNode,
    GraphQLEnumType,
    GraphQLError,
    GraphQLNamedType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    GraphQLSchema,
    InlineFragmentNode,
    SelectionNode,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    parse,
    validate,
)
from graphql.execution import execute_sync, get_argument_values

from router.subgraph_client.protocol import SubgraphRequest, SubgraphResponse
from tests.factories.subgraph_parts import Part, Selections

VARIETY = 4
_MISSING = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """One object. `told` came with a representation, `provided` is what the way here provides."""

    typename: str
    number: int
    seed: str
    told: Mapping[str, Any] | None = None
    provided: Selections = ()


@dataclass(frozen=True, slots=True)
class Kind:
    """What a field gives wherever it is resolved: the strictest of what the subgraphs say.

    `possible`: the types of the objects, None for a leaf.
    """

    name: str
    is_null: bool
    item: "Kind | None" = None
    possible: tuple[str, ...] | None = None


Arguments: TypeAlias = Mapping[str, Any]


class World:
    """The data behind a set of subgraphs (name → SDL) whose client schema is `api`."""

    def __init__(self, sdl: Mapping[str, str], api: GraphQLSchema) -> None:
        self.api = api
        self.parts = {name: Part(name, text) for name, text in sdl.items()}
        self.turns = 0
        every = {each for part in self.parts.values() for each in part.objects}
        self._types = sorted(every)
        self._kinds: dict[tuple[str, str], Kind] = {}

    def clients(self) -> dict[str, "ToldSubgraph"]:
        """The subgraphs, in process."""
        return {name: ToldSubgraph(self, part) for name, part in self.parts.items()}

    def told(self, text: str, variables: Mapping[str, Any]) -> Any:
        """What one schema over the whole world answers; the world has no errors."""
        self.turns = 0
        result = execute_sync(
            self.api,
            parse(text),
            variable_values=dict(variables),
            field_resolver=self._resolve,
            type_resolver=_typename,
        )
        assert not result.errors, result.errors
        return result.data

    def implementations(self, name: str) -> set[str]:
        """All object types of an interface, in whichever subgraph."""
        return {each for part in self.parts.values() for each in part.implementing(name)}

    def value(self, thing: Thing, name: str, arguments: Arguments) -> Any:
        """What is in a field of an object."""
        seed = f"{thing.seed}/{name}{_signed(arguments)}"
        if thing.typename == "Mutation":
            self.turns += 1
            seed += f"@{self.turns}"
        kind = self.kind(thing.typename, name)
        if (thing.typename, name) in self._keyed:
            return self._key_value(thing, name, kind, seed)
        return self._value(kind, seed)

    def kind(self, typename: str, name: str) -> Kind:
        """What this field gives."""
        known = self._kinds.get((typename, name))
        if known is None:
            declared = [
                (part, part.fields(own)[name].type)
                for part in self.parts.values()
                for own in self._names_in(part, typename)
                if name in part.fields(own)
            ]
            known = self._kinds[typename, name] = self._strictest(declared)
        return known

    def entity(self, part: Part, representation: Mapping[str, Any]) -> Thing:
        """The object that a representation stands for; an error if this subgraph cannot know it."""
        typename = representation["__typename"]
        keys = part.resolvable_keys.get(typename, ())
        told = [key for key in keys if _covers(representation, key)]
        if not told:
            raise GraphQLError(f"{part.name} has no key of {typename} for {sorted(representation)}")
        number = next(iter(_numbers(representation, told[0])), None)
        if number is None:
            raise GraphQLError(f"No key of {typename} in {dict(representation)}")
        concrete = typename
        if typename not in self._types:
            concrete = self._types[number % len(self._types)]
            if concrete not in self.implementations(typename):
                raise GraphQLError(f"{dict(representation)} is no {typename}")
        number = self._number_of(concrete, number // len(self._types))
        return Thing(typename=concrete, number=number, seed=f"{concrete}#{number}", told=representation)

    def is_true(self, thing: Thing, told: Any, selections: Selections) -> bool:
        """Whether exactly what these selections say of the object was told."""
        if not isinstance(told, Mapping):
            return False
        for each in selections:
            if isinstance(each, InlineFragmentNode):
                below = each.selection_set.selections
                if self._applies(each, thing) and not self.is_true(thing, told, below):
                    return False
                continue
            assert isinstance(each, FieldNode)
            name = each.name.value
            if name == "__typename":
                continue
            truth = self.value(thing, name, self._arguments(thing, each))
            if not self._is_same(truth, told.get(name, _MISSING), each):
                return False
        return True

    def _applies(self, fragment: InlineFragmentNode, thing: Thing) -> bool:
        condition = fragment.type_condition.name.value if fragment.type_condition else thing.typename
        return condition == thing.typename or thing.typename in self._members(condition)

    def _is_same(self, truth: Any, told: Any, field: FieldNode) -> bool:
        if isinstance(truth, list):
            return (
                isinstance(told, list)
                and len(truth) == len(told)
                and all(self._is_same(a, b, field) for a, b in zip(truth, told, strict=True))
            )
        if isinstance(truth, Thing):
            assert field.selection_set
            return self.is_true(truth, told, field.selection_set.selections)
        return bool(truth == told)

    def _members(self, name: str) -> set[str]:
        unions = {each for part in self.parts.values() for each in part.possible(name)}
        return unions | self.implementations(name)

    def _arguments(self, thing: Thing, node: FieldNode) -> Arguments:
        for part in self.parts.values():
            for name in self._names_in(part, thing.typename):
                field = part.fields(name).get(node.name.value)
                if field is not None:
                    return get_argument_values(field, node)
        raise AssertionError(f"{thing.typename}.{node.name.value} is nowhere")

    def _resolve(self, source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        thing = source if isinstance(source, Thing) else root_of(self.api, info)
        return self.value(thing, info.field_name, arguments)

    @cached_property
    def _keyed(self) -> set[tuple[str, str]]:
        """Fields that are, or lead to, a part of some key."""
        found: set[tuple[str, str]] = set()
        for part in self.parts.values():
            for typename, keys in part.keys.items():
                owners = {typename} if typename in self._types else self.implementations(typename)
                for key in keys:
                    for owner in owners:
                        found |= set(self._keyed_by(part, owner, typename, key))
        return found

    def _keyed_by(
        self, part: Part, owner: str, own: str, selections: Selections
    ) -> Iterator[tuple[str, str]]:
        for each in selections:
            assert isinstance(each, FieldNode)
            yield owner, each.name.value
            if each.selection_set:
                below = get_named_type(part.fields(own)[each.name.value].type).name
                for name in {below} if below in self._types else self._members(below):
                    yield from self._keyed_by(part, name, below, each.selection_set.selections)

    @cached_property
    def _entities(self) -> set[str]:
        keyed = {name for part in self.parts.values() for name in part.keys}
        return keyed | {each for name in keyed for each in self.implementations(name)}

    def _names_in(self, part: Part, typename: str) -> list[str]:
        """Under which names a subgraph has fields of an object type."""
        if typename in ("Query", "Mutation"):
            root = part.schema.query_type if typename == "Query" else part.schema.mutation_type
            return [root.name] if root else []
        objects = [name for name in part.interface_objects if typename in self.implementations(name)]
        return [typename, *objects]

    def _strictest(self, declared: list[tuple[Part, GraphQLOutputType]]) -> Kind:
        is_present = any(is_non_null_type(each) for _, each in declared)
        bare = [(p, each.of_type if is_non_null_type(each) else each) for p, each in declared]
        if any(is_list_type(each) for _, each in bare):
            items = self._strictest([(p, each.of_type) for p, each in bare])  # type: ignore[union-attr]
            return Kind(items.name, not is_present, items)
        names = [(p, get_named_type(each)) for p, each in bare]
        first = names[0][1]
        if is_leaf_type(first):
            return Kind(first.name, not is_present)
        possible = set.intersection(*(self._possible(p, each) for p, each in names))
        seen = sorted(name for name in possible if name in self.api.type_map)
        return Kind(first.name, not is_present, possible=tuple(seen))

    def _possible(self, part: Part, named: GraphQLNamedType) -> set[str]:
        if named.name in part.interface_objects:
            return self.implementations(named.name)
        if named is part.schema.query_type:
            return {"Query"}
        return part.possible(named.name) if is_abstract_type(named) else {named.name}

    def _key_value(self, thing: Thing, name: str, kind: Kind, seed: str) -> Any:
        if kind.item is not None:
            return [self._key_value(thing, name, kind.item, seed)]
        if kind.possible:
            target = kind.possible[0]
            number = self._number_of(target, thing.number // len(self._types))
            return Thing(typename=target, number=number, seed=self._seed(target, number, seed))
        if kind.name == "Int":
            return thing.number
        return f"{name}:{thing.number}" if self._is_text(kind.name) else self._leaf(kind.name, seed)

    def _is_text(self, name: str) -> bool:
        return name not in ("Float", "Boolean") and not any(
            isinstance(part.schema.type_map.get(name), GraphQLEnumType) for part in self.parts.values()
        )

    def _value(self, kind: Kind, seed: str) -> Any:
        number = number_of(seed)
        if kind.is_null and number % 8 == 0:
            return None
        number //= 8
        if kind.item is not None:
            return [self._value(kind.item, f"{seed}/{index}") for index in range(number % 4)]
        if kind.possible is None:
            return self._leaf(kind.name, seed)
        if not kind.possible:
            return None
        target = kind.possible[number % len(kind.possible)]
        if target == "Query":
            return Thing(typename=target, number=0, seed=target)
        number = self._number_of(target, number // 16 % VARIETY)
        return Thing(typename=target, number=number, seed=self._seed(target, number, seed))

    def _seed(self, typename: str, number: int, seed: str) -> str:
        return f"{typename}#{number}" if typename in self._entities else seed

    def _number_of(self, typename: str, variant: int) -> int:
        return variant * len(self._types) + self._types.index(typename)

    def _leaf(self, name: str, seed: str) -> Any:
        number = number_of(seed)
        enums = [part.schema.type_map.get(name) for part in self.parts.values()]
        values = [set(each.values) for each in enums if isinstance(each, GraphQLEnumType)]
        if values:
            seen = self.api.type_map.get(name)
            values += [set(seen.values)] if isinstance(seen, GraphQLEnumType) else []
            common = sorted(set.intersection(*values))
            return common[number % len(common)] if common else None
        match name:
            case "Int":
                return number % 1000
            case "Float":
                return number % 1000 / 8
            case "Boolean":
                return number % 2 == 0
            case _:
                return f"{name} {number % 1000}"


class ToldSubgraph:
    """One subgraph, which checks all that it is asked and told."""

    def __init__(self, world: World, part: Part) -> None:
        self._world = world
        self._part = part
        self.requests: list[SubgraphRequest] = []

    async def execute(self, request: SubgraphRequest) -> SubgraphResponse:
        """The world's answer, or an error if the question makes no sense here."""
        self.requests.append(request)
        schema = self._part.schema
        document = parse(request.document)
        assert validate(schema, document) == [], f"{self._part.name}: {request.document}"
        result = execute_sync(
            schema,
            document,
            variable_values=dict(request.variables),
            field_resolver=self._resolve,
            type_resolver=self._shown,
        )
        errors = tuple(dict(error.formatted) for error in result.errors or ())
        return SubgraphResponse(data=result.data, errors=errors)

    async def subscribe(self, request: SubgraphRequest) -> AsyncIterator[SubgraphResponse]:
        """The world stands still: one event, the state of things."""
        yield await self.execute(request)

    async def close(self) -> None:
        """Nothing is held."""

    def _resolve(self, source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        part, name = self._part, info.field_name
        if name == "_entities":
            return [self._world.entity(part, each) for each in arguments["representations"]]
        thing = source if isinstance(source, Thing) else root_of(part.schema, info)
        place = (info.parent_type.name, name)
        required = part.requires.get(place)
        if required is not None and not self._world.is_true(thing, thing.told, required):
            raise GraphQLError(f"{part.name} was not truly told what {place} requires")
        provided = self._provided(thing, place)
        if place in part.overridden(self._world.parts.values()):
            raise GraphQLError(f"{part.name} no longer resolves {place}")
        value = self._world.value(thing, name, self._known(thing, name, arguments))
        return _with_provided(value, (*part.provides.get(place, ()), *provided))

    def _provided(self, thing: Thing, place: tuple[str, str]) -> Selections:
        """What the way to this object provides below this field; an error if it is out of reach."""
        matching = [each for each in _flat(thing.provided) if each.name.value == place[1]]
        below = tuple(one for each in matching if each.selection_set for one in each.selection_set.selections)
        is_told = thing.told is not None and place[1] in thing.told
        if place in self._part.external and not matching and not is_told:
            raise GraphQLError(f"{place} is external to {self._part.name}")
        return below

    def _known(self, thing: Thing, name: str, arguments: Arguments) -> Arguments:
        """The arguments that clients see; others do not change the world."""
        seen = self._world.api.type_map.get(thing.typename)
        fields = getattr(seen, "fields", {})
        if name not in fields:
            return arguments
        return {key: value for key, value in arguments.items() if key in fields[name].args}

    def _shown(self, value: Any, *_: Any) -> str:
        assert isinstance(value, Thing)
        if value.told is not None and value.told["__typename"] in self._part.interface_objects:
            return str(value.told["__typename"])
        return value.typename


def root_of(schema: GraphQLSchema, info: GraphQLResolveInfo[Any]) -> Thing:
    """Where an operation begins."""
    name = "Mutation" if info.parent_type is schema.mutation_type else "Query"
    return Thing(typename=name, number=0, seed=name)


def number_of(seed: str) -> int:
    """A number that follows from the seed."""
    return int.from_bytes(blake2b(seed.encode(), digest_size=6).digest())


def _typename(value: Any, *_: Any) -> str:
    assert isinstance(value, Thing)
    return value.typename


def _with_provided(value: Any, provided: Selections) -> Any:
    if not provided:
        return value
    if isinstance(value, list):
        return [_with_provided(each, provided) for each in value]
    return replace(value, provided=provided) if isinstance(value, Thing) else value


def _flat(selections: Iterable[SelectionNode]) -> Iterator[FieldNode]:
    for each in selections:
        if isinstance(each, FieldNode):
            yield each
        elif isinstance(each, InlineFragmentNode):
            yield from _flat(each.selection_set.selections)


def _signed(arguments: Arguments) -> str:
    given = {key: value for key, value in arguments.items() if value is not None}
    return f"({json.dumps(given, sort_keys=True, default=str)})" if given else ""


def _covers(told: Any, key: Selections) -> bool:
    if isinstance(told, list):
        return all(_covers(each, key) for each in told)
    return isinstance(told, Mapping) and all(
        each.name.value in told
        and (not each.selection_set or _covers(told[each.name.value], each.selection_set.selections))
        for each in _flat(key)
    )


def _numbers(told: Any, key: Selections) -> Iterator[int]:
    """What the parts of a key say: those that stand in the object itself first."""
    if isinstance(told, list):
        told = told[0]
    for each in sorted(_flat(key), key=lambda field: field.selection_set is not None):
        value = told[each.name.value]
        if each.selection_set:
            yield from _numbers(value, each.selection_set.selections)
        elif isinstance(value, int) and not isinstance(value, bool):
            yield value
        elif isinstance(value, str) and value.startswith(f"{each.name.value}:"):
            yield int(value.rpartition(":")[2])
