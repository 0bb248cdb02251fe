"""What the SDL of one subgraph says, read with graphql-core alone: its schema, keys and promises."""

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, TypeAlias

from graphql import (
    REMOVE,
    BooleanValueNode,
    ConstDirectiveNode,
    DefinitionNode,
    DirectiveDefinitionNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    EnumTypeExtensionNode,
    GraphQLField,
    GraphQLSchema,
    InputObjectTypeDefinitionNode,
    InputObjectTypeExtensionNode,
    InterfaceTypeDefinitionNode,
    InterfaceTypeExtensionNode,
    ObjectTypeDefinitionNode,
    ObjectTypeExtensionNode,
    OperationDefinitionNode,
    ScalarTypeExtensionNode,
    SchemaExtensionNode,
    SelectionNode,
    StringValueNode,
    UnionTypeDefinitionNode,
    UnionTypeExtensionNode,
    Visitor,
    VisitorAction,
    build_ast_schema,
    is_abstract_type,
    parse,
    visit,
)

Selections: TypeAlias = tuple[SelectionNode, ...]
Composite: TypeAlias = ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode
Place: TypeAlias = tuple[str, str]
_DEFINITION_OF: Mapping[type, type] = {
    ObjectTypeExtensionNode: ObjectTypeDefinitionNode,
    InterfaceTypeExtensionNode: InterfaceTypeDefinitionNode,
    UnionTypeExtensionNode: UnionTypeDefinitionNode,
    EnumTypeExtensionNode: EnumTypeDefinitionNode,
    InputObjectTypeExtensionNode: InputObjectTypeDefinitionNode,
}
_LISTS = ("directives", "interfaces", "fields", "types", "values")


class Part:
    """One subgraph's SDL."""

    def __init__(self, name: str, sdl: str) -> None:
        self.name = name
        self._nodes = _defined(parse(sdl).definitions)
        self.composites: Mapping[str, Composite] = {
            node.name.value: node
            for node in self._nodes
            if isinstance(node, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode)
        }
        self.schema = self._built()

    @cached_property
    def interface_objects(self) -> set[str]:
        """Types that are interfaces elsewhere."""
        return {name for name, node in self.composites.items() if _has(node, "interfaceObject")}

    @cached_property
    def objects(self) -> set[str]:
        """Object types, but for the roots."""
        roots = {self.schema.query_type, self.schema.mutation_type}
        return {
            name
            for name, node in self.composites.items()
            if isinstance(node, ObjectTypeDefinitionNode)
            and name not in self.interface_objects
            and self.schema.type_map[name] not in roots
        }

    @cached_property
    def keys(self) -> Mapping[str, list[Selections]]:
        """Every key of every type."""
        return self._keys(is_resolvable=False)

    @cached_property
    def resolvable_keys(self) -> Mapping[str, list[Selections]]:
        """The keys by which this subgraph can be asked."""
        return self._keys(is_resolvable=True)

    @cached_property
    def requires(self) -> Mapping[Place, Selections]:
        """What must be told for a field."""
        return self._field_sets("requires")

    @cached_property
    def provides(self) -> Mapping[Place, Selections]:
        """What is known on the way through a field."""
        return self._field_sets("provides")

    @cached_property
    def external(self) -> set[Place]:
        """Fields that only others resolve; parts of keys are known even so."""
        found = {
            (name, field.name.value)
            for name, node in self.composites.items()
            for field in node.fields or ()
            if _has(field, "external") or _has(node, "external")
        }
        named = {
            (name, each.name.value)  # type: ignore[attr-defined]
            for name, keys in self.keys.items()
            for key in keys
            for each in key
        }
        return found - named - self._nested_in_keys()

    @cached_property
    def overrides(self) -> set[tuple[str, str, str]]:
        """(type, field, subgraph from which it is taken) of whole overrides."""
        return {
            (name, field.name.value, str(_argument(directive, "from")))
            for name, node in self.composites.items()
            for field in node.fields or ()
            for directive in field.directives or ()
            if directive.name.value == "override" and _argument(directive, "label") is None
        }

    def overridden(self, parts: Iterable["Part"]) -> set[Place]:
        """Fields that others have taken over from this subgraph."""
        if not hasattr(self, "_overridden"):
            taken = {(t, f) for part in parts for t, f, source in part.overrides if source == self.name}
            self._overridden = taken - {
                (name, each.name.value)  # type: ignore[attr-defined]
                for name, keys in self.keys.items()
                for key in keys
                for each in key
            }
        return self._overridden

    def fields(self, name: str) -> Mapping[str, GraphQLField]:
        """The fields of a type, none if it is not known here."""
        return getattr(self.schema.type_map.get(name), "fields", {}) if name in self.composites else {}

    def implementing(self, name: str) -> set[str]:
        """The object types that implement an interface here."""
        return {
            each
            for each in self.objects
            if any(interface.name.value == name for interface in self.composites[each].interfaces or ())
        }

    def possible(self, name: str) -> set[str]:
        """The object types of an abstract type here."""
        found = self.schema.type_map.get(name)
        return (
            {each.name for each in self.schema.get_possible_types(found)}
            if is_abstract_type(found)
            else set()
        )

    def _keys(self, *, is_resolvable: bool) -> Mapping[str, list[Selections]]:
        found: dict[str, list[Selections]] = {}
        for name, node in self.composites.items():
            for directive in node.directives or ():
                if directive.name.value == "key" and not (
                    is_resolvable and _argument(directive, "resolvable") is False
                ):
                    found.setdefault(name, []).append(selections_of(str(_argument(directive, "fields"))))
        return found

    def _field_sets(self, directive_name: str) -> Mapping[Place, Selections]:
        return {
            (name, field.name.value): selections_of(str(_argument(directive, "fields")))
            for name, node in self.composites.items()
            for field in node.fields or ()
            for directive in field.directives or ()
            if directive.name.value == directive_name
        }

    def _nested_in_keys(self) -> set[Place]:
        found: set[Place] = set()
        for name, keys in self.keys.items():
            for key in keys:
                self._note_nested(name, key, found)
        return found

    def _note_nested(self, name: str, selections: Selections, found: set[Place]) -> None:
        for each in selections:
            field_name: str = each.name.value  # type: ignore[attr-defined]
            found.add((name, field_name))
            nested = each.selection_set  # type: ignore[attr-defined]
            if nested and field_name in self.fields(name):
                from_here = self.fields(name)[field_name].type
                while hasattr(from_here, "of_type"):
                    from_here = from_here.of_type
                self._note_nested(str(from_here), nested.selections, found)

    def _built(self) -> GraphQLSchema:
        plain: list[Any] = [visit(node, _WithoutDirectives()) for node in self._nodes]
        has_query = any(
            isinstance(node, ObjectTypeDefinitionNode) and node.name.value == "Query" for node in plain
        )
        extra = "scalar _Any\n"
        entities = sorted(self._entities())
        if not has_query and not any(type(node).__name__ == "SchemaDefinitionNode" for node in plain):
            extra += "type Query { _none: Int }\n"
        document = DocumentNode(definitions=(*plain, *parse(extra).definitions))
        schema = build_ast_schema(document, assume_valid_sdl=True)
        if not entities or schema.query_type is None:
            return schema
        more = f"union _Entity = {' | '.join(entities)}\n"
        more += f"extend type {schema.query_type.name} {{ _entities(representations: [_Any!]!): [_Entity]! }}"
        whole = DocumentNode(definitions=(*document.definitions, *parse(more).definitions))
        return build_ast_schema(whole, assume_valid_sdl=True)

    def _entities(self) -> set[str]:
        keyed = {name for name, node in self.composites.items() if _has(node, "key")}
        return {name for name in keyed if isinstance(self.composites[name], ObjectTypeDefinitionNode)}


def selections_of(field_set: str) -> Selections:
    """A field set, parsed."""
    text = field_set.strip()
    operation = parse(f"{{ {text.removeprefix('{').removesuffix('}') if text.startswith('{') else text} }}")
    [definition] = operation.definitions
    assert isinstance(definition, OperationDefinitionNode)
    return definition.selection_set.selections


def _defined(definitions: Iterable[DefinitionNode]) -> list[Any]:
    """Extensions joined with what they extend."""
    found: dict[str, Any] = {}
    rest: list[Any] = []
    for node in definitions:
        if isinstance(node, SchemaExtensionNode | ScalarTypeExtensionNode | DirectiveDefinitionNode):
            continue
        named = getattr(node, "name", None)
        if named is None:
            rest.append(node)
            continue
        name = named.value
        kind = _DEFINITION_OF.get(type(node), type(node))
        before = found.get(name)
        members = {
            key: (*(getattr(before, key, None) or ()), *(getattr(node, key) or ()))
            for key in _LISTS
            if hasattr(node, key)
        }
        if hasattr(node, "type"):
            members["type"] = node.type
        found[name] = kind(name=named, **members) if members else node
    return [*rest, *found.values()]


def _has(node: Any, directive_name: str) -> bool:
    return any(each.name.value == directive_name for each in node.directives or ())


def _argument(directive: ConstDirectiveNode, name: str) -> str | bool | None:
    for each in directive.arguments or ():
        if each.name.value == name:
            value = each.value
            assert isinstance(value, StringValueNode | BooleanValueNode)
            return value.value
    return None


class _WithoutDirectives(Visitor):
    def enter_directive(self, *_: Any) -> VisitorAction:
        return REMOVE
