"""Operation to Shape: how to print a response, compiled once beside the plan.

A Shape holds one compiled tree for each way its conditions can turn out, made when first needed. Below
abstract types the tree grows by one branch for each runtime type that turns up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLAbstractType,
    GraphQLEnumType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
    is_interface_type,
    is_object_type,
)

from router.operation.model import Field, InlineFragment, Operation, OperationKind, SelectionSet
from router.projection.collect import Truth, collect, condition_variables, takes_part
from router.projection.complete import (
    SCALARS,
    Complete,
    Entry,
    abstract_of,
    any_scalar,
    enum_of,
    list_of,
    object_of,
)
from router.projection.introspect import Introspection

_Fielded = GraphQLObjectType | GraphQLInterfaceType
_MAX_VARIANTS = 64
INTROSPECTION = frozenset({"__schema", "__type"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RootShape:
    """The compiled tree for one outcome of the conditions; `introspected` fields come from the schema."""

    complete: Complete
    introspected: tuple[str, ...]


@dataclass(slots=True, kw_only=True)
class Shape:
    """How responses to one operation look. Fills itself; may be shared between requests."""

    operation: Operation
    schema: GraphQLSchema
    introspection: Introspection | None
    condition_names: tuple[str, ...]
    _variants: dict[tuple[bool, ...], RootShape] = field(default_factory=dict)

    def root(self, variables: Mapping[str, Any]) -> RootShape:
        """The tree for these values of the condition variables."""
        outcome = tuple(variables.get(name) is True for name in self.condition_names)
        variant = self._variants.get(outcome)
        if variant is None:
            variant = _Compiler(self.schema, self.truth(variables)).root(self.operation)
            if len(self._variants) >= _MAX_VARIANTS:
                self._variants.clear()
            self._variants[outcome] = variant
        return variant

    def truth(self, variables: Mapping[str, Any]) -> Truth:
        """What the variables of conditions say in this request."""
        return {name: variables.get(name) is True for name in self.condition_names}


def shape_of(operation: Operation, schema: GraphQLSchema) -> Shape:
    """The Shape of an operation's responses."""
    introspected = tuple(
        item for item in operation.selections if isinstance(item, Field) and item.name in INTROSPECTION
    )
    return Shape(
        operation=operation,
        schema=schema,
        introspection=Introspection(operation, introspected, schema) if introspected else None,
        condition_names=tuple(sorted(condition_variables(operation.selections))),
    )


class _Compiler:
    """Compiles the tree for one outcome of the conditions; equal parts are compiled once."""

    def __init__(self, schema: GraphQLSchema, truth: Truth) -> None:
        self._schema = schema
        self._truth = truth
        self._objects: dict[tuple[str, tuple[int, ...]], Complete] = {}

    def root(self, operation: Operation) -> RootShape:
        root = self._schema.type_map[operation.selections.parent_type]
        assert is_object_type(root)
        grouped = collect([operation.selections], root.name, self._truth, self._schema)
        introspected = tuple(key for key, fields in grouped.items() if fields[0].name in INTROSPECTION)
        return RootShape(complete=self._object_from(root, grouped), introspected=introspected)

    def object(self, named: GraphQLObjectType, selection_sets: Sequence[SelectionSet]) -> Complete:
        """What objects of this type answer to all of the selection sets."""
        key = named.name, tuple(id(each) for each in selection_sets)
        complete = self._objects.get(key)
        if complete is None:
            grouped = collect(selection_sets, named.name, self._truth, self._schema)
            complete = self._objects[key] = self._object_from(named, grouped)
        return complete

    def _object_from(self, named: _Fielded, grouped: Mapping[str, Sequence[Field]]) -> Complete:
        template: dict[str, Any] = {}
        entries: list[Entry] = []
        for key, fields in grouped.items():
            name = fields[0].name
            template[key] = named.name if name == "__typename" else None
            if name != "__typename" and name not in INTROSPECTION:
                entries.append(self._entry(named, key, fields))
        return object_of(template, entries)

    def _entry(self, parent: _Fielded, key: str, fields: Sequence[Field]) -> Entry:
        declared = parent.fields[fields[0].name].type
        coordinate = f"{parent.name}.{fields[0].name}"
        is_non_null = isinstance(declared, GraphQLNonNull)
        nullable = declared.of_type if isinstance(declared, GraphQLNonNull) else declared
        sub_selections = [each.selections for each in fields if each.selections is not None]
        plain = SCALARS[nullable.name][0] if _is_built_in(nullable) else None
        complete = self._value(nullable, sub_selections, coordinate)
        return Entry(key=key, coordinate=coordinate, is_non_null=is_non_null, plain=plain, complete=complete)

    def _value(
        self, declared: GraphQLOutputType, selection_sets: Sequence[SelectionSet], coordinate: str
    ) -> Complete:
        match declared:
            case GraphQLNonNull():
                return self._value(declared.of_type, selection_sets, coordinate)
            case GraphQLList():
                return list_of(
                    self._value(declared.of_type, selection_sets, coordinate),
                    has_non_null_items=isinstance(declared.of_type, GraphQLNonNull),
                    coordinate=coordinate,
                )
            case GraphQLScalarType():
                return SCALARS[declared.name][1] if declared.name in SCALARS else any_scalar
            case GraphQLEnumType():
                return enum_of(declared.name, frozenset(declared.values))
            case GraphQLObjectType():
                return self.object(declared, selection_sets)
            case _ if is_abstract_type(declared):
                return self._abstract(declared, selection_sets, coordinate)
            case _:
                raise AssertionError(declared)

    def _abstract(
        self, declared: GraphQLAbstractType, selection_sets: Sequence[SelectionSet], coordinate: str
    ) -> Complete:
        possible = {each.name: each for each in self._schema.get_possible_types(declared)}

        def shape_for(typename: str | None) -> Complete | None:
            if typename is None:
                return self._without_type(declared, tuple(possible.values()), selection_sets)
            runtime = possible.get(typename)
            return None if runtime is None else self.object(runtime, selection_sets)

        return abstract_of(shape_for, coordinate)

    def _without_type(
        self,
        declared: GraphQLAbstractType,
        possible: Sequence[GraphQLObjectType],
        selection_sets: Sequence[SelectionSet],
    ) -> Complete | None:
        """What objects answer whose type the subgraph did not say, where that makes no difference."""
        if len(possible) == 1:
            return self.object(possible[0], selection_sets)
        if not is_interface_type(declared):
            return None
        if any(depends_on_type(each, self._truth) for each in selection_sets):
            return None
        grouped = collect(selection_sets, declared.name, self._truth, self._schema)
        return self._object_from(declared, grouped)


def _is_built_in(declared: GraphQLOutputType) -> bool:
    return isinstance(declared, GraphQLScalarType) and get_named_type(declared).name in SCALARS


def depends_on_type(selection_set: SelectionSet, truth: Truth | None = None) -> bool:
    """Whether an object's runtime type decides what is answered; without truth, in any request."""
    return any(
        (isinstance(item, InlineFragment) or item.name == "__typename") and takes_part(item, truth)
        for item in selection_set
    )


def is_answered_by_router_alone(operation: Operation) -> bool:
    """No subgraph is needed: only introspection and `__typename` at the root of a query."""
    return operation.kind is OperationKind.QUERY and all(
        isinstance(item, Field) and (item.name in INTROSPECTION or item.name == "__typename")
        for item in operation.selections
    )
