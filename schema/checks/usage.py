"""What one operation uses of a schema, as coordinates: the net that catches changes which would hit it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableDefinitionNode,
    VariableNode,
    get_named_type,
    is_list_type,
    is_non_null_type,
    type_from_ast,
)
from graphql.language import EnumValueNode

Shapes = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """The coordinates that an operation uses, leaves out, and may give null for."""

    used: frozenset[str]
    omitted: frozenset[str]
    nullable: frozenset[str]


def spread(outer: str, inner: str) -> str:
    """The mark of a fragment on one type within another."""
    return f"{outer} > {inner}"


def usage_of(
    document: DocumentNode, operation: OperationDefinitionNode, schema: GraphQLSchema, shapes: Shapes | None
) -> Usage:
    """What a valid operation uses; without shapes of its variables, everything that they could give."""
    walk = _Walk(document, operation, schema, shapes)
    walk.run()
    return Usage(
        used=frozenset(walk.used), omitted=frozenset(walk.omitted), nullable=frozenset(walk.nullable)
    )


@dataclass(slots=True)
class _Variable:
    node: VariableDefinitionNode
    type: Any


@dataclass(slots=True)
class _Walk:
    """One way through one operation."""

    document: DocumentNode
    operation: OperationDefinitionNode
    schema: GraphQLSchema
    shapes: Shapes | None
    used: set[str] = field(default_factory=set)
    omitted: set[str] = field(default_factory=set)
    nullable: set[str] = field(default_factory=set)
    _variables: dict[str, _Variable] = field(default_factory=dict)
    _fragments: dict[str, FragmentDefinitionNode] = field(default_factory=dict)
    _seen: set[str] = field(default_factory=set)

    def run(self) -> None:
        """Collect everything."""
        for node in self.document.definitions:
            if isinstance(node, FragmentDefinitionNode):
                self._fragments[node.name.value] = node
        for variable in self.operation.variable_definitions or ():
            type_ = type_from_ast(self.schema, variable.type)
            if type_ is not None:
                self._variables[variable.variable.name.value] = _Variable(variable, type_)
                self.used.add(get_named_type(type_).name)
                if variable.default_value is not None:
                    self._value(variable.default_value, type_, "")
            self._directives(variable.directives)
        self._directives(self.operation.directives)
        self.used.add(self.operation.operation.value)
        root = self.schema.get_root_type(self.operation.operation)
        if root is not None:
            self._selections(self.operation.selection_set, root)

    def _selections(self, node: SelectionSetNode, parent: Any) -> None:
        self.used.add(parent.name)
        for selection in node.selections:
            self._directives(selection.directives)
            match selection:
                case FieldNode():
                    self._field(selection, parent)
                case InlineFragmentNode(type_condition=condition):
                    inner = parent if condition is None else self.schema.get_type(condition.name.value)
                    self.used.add(spread(parent.name, getattr(inner, "name", "")))
                    self._selections(selection.selection_set, inner)
                case FragmentSpreadNode(name=name):
                    self._fragment(name.value, parent)

    def _fragment(self, name: str, parent: Any) -> None:
        fragment = self._fragments.get(name)
        if fragment is None:
            return
        self.used.add(spread(parent.name, fragment.type_condition.name.value))
        if name in self._seen:
            return
        self._seen.add(name)
        self._directives(fragment.directives)
        self._selections(fragment.selection_set, self.schema.get_type(fragment.type_condition.name.value))

    def _field(self, node: FieldNode, parent: Any) -> None:
        name = node.name.value
        definition: GraphQLField | None = getattr(parent, "fields", {}).get(name)
        if definition is None:
            return  # __typename, and the introspection fields of the root
        self.used.add(f"{parent.name}.{name}")
        if isinstance(parent, GraphQLInterfaceType):
            self._implementations(parent, name)
        self._arguments(node.arguments, definition.args, f"{parent.name}.{name}({{}}:)")
        inner = get_named_type(definition.type)
        self.used.add(inner.name)
        if node.selection_set:
            self._selections(node.selection_set, inner)

    def _implementations(self, interface: GraphQLInterfaceType, name: str) -> None:
        """A field selected on an interface is answered by those who implement it."""
        implementations = self.schema.get_implementations(interface)
        found: Sequence[GraphQLObjectType | GraphQLInterfaceType]
        found = [*implementations.objects, *implementations.interfaces]
        self.used.update(f"{one.name}.{name}" for one in found)

    def _directives(self, nodes: Sequence[DirectiveNode] | None) -> None:
        for node in nodes or ():
            name = node.name.value
            self.used.add(f"@{name}")
            definition = self.schema.get_directive(name)
            if definition is not None:
                self._arguments(node.arguments, definition.args, f"@{name}({{}}:)")

    def _arguments(self, nodes: Sequence[Any] | None, definitions: Mapping[str, Any], at: str) -> None:
        given = {node.name.value: node.value for node in nodes or ()}
        for name, definition in definitions.items():
            where = at.format(name)
            if name in given:
                self.used.add(where)
                self._value(given[name], definition.type, where)
            else:
                self.omitted.add(where)

    def _value(self, node: ValueNode, type_: Any, at: str) -> None:
        """What a literal uses; `at` is what it is given for."""
        named = get_named_type(type_)
        self.used.add(named.name)
        match node:
            case VariableNode(name=name):
                self._variable(name.value, type_, at)
            case NullValueNode():
                self.nullable.add(at)
            case ListValueNode(values=values):
                for item in values:
                    self._value(item, _item_type(type_), at)
            case ObjectValueNode(fields=entries) if isinstance(named, GraphQLInputObjectType):
                self._arguments(entries, named.fields, f"{named.name}.{{}}")
            case EnumValueNode(value=value) if isinstance(named, GraphQLEnumType):
                self.used.add(f"{named.name}.{value}")
            case _:
                pass

    def _variable(self, name: str, type_: Any, at: str) -> None:
        variable = self._variables.get(name)
        if variable is None:
            return
        if self.shapes is not None:
            for shape in self.shapes:
                if name in shape:
                    self._shape(shape[name], type_, at)
                elif variable.node.default_value is None:
                    self.omitted.add(at)
            return
        if not is_non_null_type(variable.type):
            self.nullable.add(at)
            if variable.node.default_value is None:
                self.omitted.add(at)
        elif is_list_type(variable.type.of_type) and not is_non_null_type(variable.type.of_type.of_type):
            self.nullable.add(at)
        self._anything(get_named_type(type_))

    def _shape(self, shape: Any, type_: Any, at: str) -> None:
        """What a variable's value used, by its shape: null, a list, an object, an enum value, or anything."""
        named = get_named_type(type_)
        match shape:
            case None:
                self.nullable.add(at)
            case list():
                for item in shape:
                    self._shape(item, _item_type(type_), at)
            case dict() if isinstance(named, GraphQLInputObjectType):
                for name, definition in named.fields.items():
                    where = f"{named.name}.{name}"
                    if name in shape:
                        self.used.update((where, get_named_type(definition.type).name))
                        self._shape(shape[name], definition.type, where)
                    else:
                        self.omitted.add(where)
            case str() if isinstance(named, GraphQLEnumType) and shape in named.values:
                self.used.add(f"{named.name}.{shape}")
            case _:
                self._anything(named)

    def _anything(self, named: Any) -> None:
        """Everything that a value of unknown shape could use."""
        if f"{named.name}.*" in self._seen:
            return
        self._seen.add(f"{named.name}.*")
        self.used.add(named.name)
        if isinstance(named, GraphQLEnumType):
            self.used.update(f"{named.name}.{value}" for value in named.values)
        elif isinstance(named, GraphQLInputObjectType):
            for name, definition in named.fields.items():
                at = f"{named.name}.{name}"
                self.used.add(at)
                self.omitted.add(at)
                if not is_non_null_type(definition.type):
                    self.nullable.add(at)
                self._anything(get_named_type(definition.type))


def _item_type(type_: Any) -> Any:
    """The type of what stands in a list of this type."""
    bare = type_.of_type if is_non_null_type(type_) else type_
    return bare.of_type if is_list_type(bare) else bare
