"""What a fetch's document asks for: its selections with conditions decided and fragments taken apart."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from graphql import (
    BooleanValueNode,
    DirectiveNode,
    FieldNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    parse,
)

from router.compiled.source import NotCompilable
from router.plan.nodes import EntityCall, Fetch, OutputRewrite
from router.plan.paths import Key
from schema.supergraph.model import InterfaceType, ObjectType, Supergraph, TypeRef

Truth = Mapping[str, bool]
Types = frozenset[str]


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """One selection set."""

    fields: tuple["AskedField", ...]

    def find(self, shown: str, types: Types) -> "list[AskedField]":
        """The fields that objects of these types have under a key of the response tree."""
        same_key = [each for each in self.fields if each.shown == shown]
        found = [each for each in same_key if each.types is None or types <= each.types]
        for each in same_key:
            if each.types is None or types <= each.types or types.isdisjoint(each.types):
                continue
            if not found or each.below is not None:
                raise NotCompilable("asked of some types only")
        return found


@dataclass(frozen=True, slots=True, eq=False)
class AskedField:
    """One field: its `key` in the answer, the key under which the response tree shows it.

    `types`: the object types it is asked of; None: all that there can be.
    """

    key: str
    shown: str
    name: str
    types: Types | None
    below: Asked | None


def possible_types(supergraph: Supergraph, name: str) -> Types:
    """The object types that a value of the type can have."""
    return frozenset(supergraph.possible_types.get(name, ())) or frozenset((name,))


def declared_type(supergraph: Supergraph, types: Iterable[str], field: str) -> TypeRef:
    """The type of a field that all these object types have."""
    found: dict[tuple[str, int], TypeRef] = {}
    for name in types:
        known = supergraph.types[name]
        if not isinstance(known, ObjectType | InterfaceType) or field not in known.fields:
            raise NotCompilable("a field that its type does not have")
        declared = known.fields[field].type
        found[declared.name, declared.list_depth] = declared
    if len(found) != 1:
        raise NotCompilable("a field of several types")
    return next(iter(found.values()))


def asked_by(fetch: Fetch, supergraph: Supergraph, truth: Truth) -> Asked:
    """What a root fetch asks for."""
    return _Reader(supergraph, truth).read(_selections(fetch), _renamed(fetch.rewrites), ())


def asked_by_calls(fetch: Fetch, supergraph: Supergraph, truth: Truth) -> Iterator[tuple[EntityCall, Asked]]:
    """What each call of an entity fetch asks of its entities."""
    by_alias = {
        (node.alias or node.name).value: node.selection_set
        for node in _selections(fetch).selections
        if isinstance(node, FieldNode)
    }
    for call in fetch.calls:
        selections = by_alias[call.alias]
        assert selections is not None
        yield call, _Reader(supergraph, truth).read(selections, _renamed(call.rewrites), ())


def _selections(fetch: Fetch) -> SelectionSetNode:
    definition = parse(fetch.document, no_location=True).definitions[0]
    assert isinstance(definition, OperationDefinitionNode)
    return definition.selection_set


_Place = tuple[str, ...]
_Renamed = Mapping[tuple[_Place, str], str]


def _renamed(rewrites: Iterable[OutputRewrite]) -> _Renamed:
    """Keys of the answer and what they are renamed to, by place."""
    renamed = {
        (tuple(step.name for step in each.path if isinstance(step, Key)), each.alias): each.name
        for each in rewrites
    }
    aliases = {alias for _, alias in renamed}
    if any(not aliases.isdisjoint(place) for place, _ in renamed):
        raise NotCompilable("renamed below a renamed field")
    return renamed


class _Reader:
    def __init__(self, supergraph: Supergraph, truth: Truth) -> None:
        self._supergraph = supergraph
        self._truth = truth

    def read(self, selections: SelectionSetNode, renamed: _Renamed, place: _Place) -> Asked:
        """One selection set with everything below it."""
        return Asked(tuple(self._fields(selections, renamed, place, None)))

    def _fields(
        self, selections: SelectionSetNode, renamed: _Renamed, place: _Place, types: Types | None
    ) -> Iterator[AskedField]:
        for node in selections.selections:
            if not self._takes_part(node.directives):
                continue
            match node:
                case FieldNode():
                    key = (node.alias or node.name).value
                    below = node.selection_set
                    yield AskedField(
                        key,
                        renamed.get((place, key), key),
                        node.name.value,
                        types,
                        None if below is None else self.read(below, renamed, (*place, key)),
                    )
                case InlineFragmentNode():
                    yield from self._fields(node.selection_set, renamed, place, self._narrowed(types, node))
                case _:
                    raise NotCompilable("named fragments")

    def _narrowed(self, types: Types | None, node: InlineFragmentNode) -> Types | None:
        if node.type_condition is None:
            return types
        possible = possible_types(self._supergraph, node.type_condition.name.value)
        return possible if types is None else types & possible

    def _takes_part(self, directives: Sequence[DirectiveNode] | None) -> bool:
        for directive in directives or ():
            name = directive.name.value
            if name not in ("include", "skip") or not directive.arguments:
                raise NotCompilable("unknown directive")
            value = directive.arguments[0].value
            match value:
                case VariableNode():
                    holds = self._truth.get(value.name.value)
                case BooleanValueNode():
                    holds = value.value
                case _:
                    holds = None
            if holds is None:
                raise NotCompilable("unknown condition")
            if holds is not (name == "include"):
                return False
        return True
