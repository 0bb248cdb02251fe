"""Supergraph SDL → Supergraph. Accepts join v0.1 to v0.5 as the known composers print them."""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from graphql import (
    ConstDirectiveNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    FieldDefinitionNode,
    GraphQLSyntaxError,
    InputObjectTypeDefinitionNode,
    InputValueDefinitionNode,
    InterfaceTypeDefinitionNode,
    ListTypeNode,
    NonNullTypeNode,
    ObjectTypeDefinitionNode,
    ScalarTypeDefinitionNode,
    SchemaDefinitionNode,
    TypeDefinitionNode,
    TypeNode,
    UnionTypeDefinitionNode,
    parse,
    parse_type,
    print_ast,
    value_from_ast_untyped,
)
from graphql.language import DirectiveNode

from schema.supergraph.features import Features, read_features
from schema.supergraph.field_set import FieldSet, FieldSetMalformed, field_names, parse_field_set
from schema.supergraph.model import (
    Access,
    ContextArgument,
    EnumType,
    EnumValue,
    Field,
    FieldInSubgraph,
    InputObjectType,
    InputValue,
    InterfaceType,
    Key,
    NamedType,
    NotASupergraph,
    ObjectType,
    ScalarType,
    Subgraph,
    Supergraph,
    TypeInSubgraph,
    TypeRef,
    UnionType,
)

SPECIFIED_SCALARS = ("Int", "Float", "String", "Boolean", "ID")

_Fielded = ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode
_Applied = tuple[tuple[str, Mapping[str, Any]], ...]


def parse_supergraph(sdl: str) -> Supergraph:
    """The supergraph that the text describes; raises NotASupergraph."""
    try:
        document = parse(sdl, no_location=True)
    except GraphQLSyntaxError as error:
        where = "".join(f" (line {at.line}, column {at.column})" for at in error.locations or ())
        raise NotASupergraph(error.message + where) from error
    try:
        return _Reader(document).read()
    except FieldSetMalformed as error:
        raise NotASupergraph(str(error)) from error


class _Reader:
    """Reads one document; exists only while parsing."""

    def __init__(self, document: DocumentNode) -> None:
        self._document = document
        self._features: Features = read_features(document)
        self._is_first_version = self._features.by_name["join"].version == "v0.1"
        self._nodes = {
            node.name.value: node for node in document.definitions if isinstance(node, TypeDefinitionNode)
        }
        self._graphs: dict[str, Subgraph] = {}

    def read(self) -> Supergraph:
        self._graphs = dict(self._read_graphs())
        types = {name: self._read_type(node) for name, node in self._nodes.items() if self._is_own(name)}
        for name in SPECIFIED_SCALARS:
            types.setdefault(name, ScalarType(name=name, sources=self._everywhere()))
        roots = self._read_roots(types)
        supergraph = Supergraph(
            subgraphs=MappingProxyType({graph.name: graph for graph in self._graphs.values()}),
            types=MappingProxyType(types),
            roots=MappingProxyType(roots),
            possible_types=MappingProxyType(_possible_types(types)),
            override_labels=frozenset(_override_labels(types)),
            document=self._document,
        )
        _check_references(supergraph)
        return supergraph

    def _is_own(self, name: str) -> bool:
        return not self._features.owns_type(name)

    def _everywhere(self) -> Mapping[str, TypeInSubgraph]:
        return MappingProxyType({g.name: TypeInSubgraph(subgraph=g.name) for g in self._graphs.values()})

    def _read_graphs(self) -> Iterator[tuple[str, Subgraph]]:
        join = self._features.by_name["join"]
        node = self._nodes.get(f"{join.namespace}__Graph")
        if not isinstance(node, EnumTypeDefinitionNode):
            raise NotASupergraph(f"it has no enum {join.namespace}__Graph, so it names no subgraphs")
        seen: set[str] = set()
        for value in node.values or ():
            found = self._first(value.directives, "join", "graph")
            if found is None or not isinstance(found.get("name"), str):
                raise NotASupergraph(f"subgraph {value.name.value} has no @join__graph(name:, url:)")
            if found["name"] in seen:
                raise NotASupergraph(f"two subgraphs are named {found['name']!r}")
            seen.add(found["name"])
            yield value.name.value, Subgraph(name=found["name"], url=found.get("url") or "")
        if not seen:
            raise NotASupergraph("it names no subgraphs")

    def _graph_name(self, value: object) -> str:
        graph = self._graphs.get(value) if isinstance(value, str) else None
        if graph is None:
            raise NotASupergraph(f"it speaks of a subgraph {value!r} which join__Graph does not list")
        return graph.name

    def _applied(
        self, directives: Iterable[DirectiveNode] | None, feature: str, name: str
    ) -> Iterator[Mapping[str, Any]]:
        wanted = self._features.directive(feature, name)
        for directive in directives or ():
            if directive.name.value == wanted:
                yield {a.name.value: value_from_ast_untyped(a.value) for a in directive.arguments or ()}

    def _first(
        self, directives: Iterable[DirectiveNode] | None, feature: str, name: str
    ) -> Mapping[str, Any] | None:
        return next(self._applied(directives, feature, name), None)

    def _is_inaccessible(self, directives: Iterable[DirectiveNode] | None) -> bool:
        return self._first(directives, "inaccessible", "inaccessible") is not None

    def _read_access(self, directives: tuple[ConstDirectiveNode, ...] | None) -> Access | None:
        if not directives:
            return None
        authenticated = self._first(directives, "authenticated", "authenticated") is not None
        scopes = self._first(directives, "requiresScopes", "requiresScopes") or {}
        policies = self._first(directives, "policy", "policy") or {}
        access = Access(
            authenticated=authenticated,
            scopes=tuple(tuple(group) for group in scopes.get("scopes") or ()),
            policies=tuple(tuple(group) for group in policies.get("policies") or ()),
        )
        return None if access == Access() else access

    def _read_type(self, node: TypeDefinitionNode) -> NamedType:
        name = node.name.value
        sources = self._read_sources(node)
        inaccessible = self._is_inaccessible(node.directives)
        access = self._read_access(node.directives)
        match node:
            case ScalarTypeDefinitionNode():
                return ScalarType(name=name, sources=sources, is_inaccessible=inaccessible, access=access)
            case EnumTypeDefinitionNode():
                values = {v.name: v for v in self._read_enum_values(node, sources)}
                return EnumType(
                    name=name,
                    sources=sources,
                    values=MappingProxyType(values),
                    is_inaccessible=inaccessible,
                    access=access,
                )
            case InputObjectTypeDefinitionNode():
                fields = MappingProxyType(self._read_inputs(node.fields))
                return InputObjectType(
                    name=name, sources=sources, fields=fields, is_inaccessible=inaccessible
                )
            case UnionTypeDefinitionNode():
                return self._read_union(node, sources, inaccessible)
            case ObjectTypeDefinitionNode() | InterfaceTypeDefinitionNode():
                kind = ObjectType if isinstance(node, ObjectTypeDefinitionNode) else InterfaceType
                return kind(
                    name=name,
                    sources=sources,
                    fields=MappingProxyType(
                        {f.name.value: self._read_field(f, sources) for f in node.fields or ()}
                    ),
                    interfaces=frozenset(i.name.value for i in node.interfaces or ()),
                    is_inaccessible=inaccessible,
                    access=access,
                )
            case _:
                raise NotASupergraph(f"type {name!r} is of no known kind")

    def _read_sources(self, node: TypeDefinitionNode) -> Mapping[str, TypeInSubgraph]:
        keys: dict[str, list[Key]] = {}
        flags: dict[str, dict[str, bool]] = {}
        for applied in self._applied(node.directives, "join", "type"):
            graph = self._graph_name(applied.get("graph"))
            known = keys.setdefault(graph, [])
            own = flags.setdefault(graph, {"extension": False, "object": False})
            own["extension"] |= bool(applied.get("extension", False))
            own["object"] |= bool(applied.get("isInterfaceObject", False))
            if applied.get("key"):
                fields = parse_field_set(applied["key"])
                known.append(Key(fields=fields, is_resolvable=bool(applied.get("resolvable", True))))
        if not keys:
            return self._everywhere() if self._is_first_version else MappingProxyType({})
        interfaces: dict[str, set[str]] = {graph: set() for graph in keys}
        for applied in self._applied(node.directives, "join", "implements"):
            interfaces.setdefault(self._graph_name(applied.get("graph")), set()).add(
                str(applied.get("interface"))
            )
        if self._is_first_version:
            written = {i.name.value for i in getattr(node, "interfaces", None) or ()}
            interfaces = dict.fromkeys(keys, written)
        contexts = [
            str(applied.get("name")) for applied in self._applied(node.directives, "context", "context")
        ]
        return MappingProxyType(
            {
                graph: TypeInSubgraph(
                    subgraph=graph,
                    keys=tuple(found),
                    interfaces=frozenset(interfaces[graph]),
                    is_interface_object=flags[graph]["object"],
                    is_extension=flags[graph]["extension"],
                    contexts=frozenset(contexts),
                )
                for graph, found in keys.items()
            }
        )

    def _read_field(self, node: FieldDefinitionNode, sources: Mapping[str, TypeInSubgraph]) -> Field:
        type_ref = _type_ref(node.type)
        return Field(
            name=node.name.value,
            type=type_ref,
            arguments=MappingProxyType(self._read_inputs(node.arguments)),
            sources=MappingProxyType(self._read_field_sources(node, type_ref, sources)),
            is_inaccessible=self._is_inaccessible(node.directives),
            access=self._read_access(node.directives),
        )

    def _read_field_sources(
        self, node: FieldDefinitionNode, type_ref: TypeRef, sources: Mapping[str, TypeInSubgraph]
    ) -> dict[str, FieldInSubgraph]:
        applied = tuple(self._applied(node.directives, "join", "field"))
        if not applied:
            graphs = self._owners(node, sources) if self._is_first_version else sources
            return {graph: FieldInSubgraph(subgraph=graph, type=type_ref) for graph in graphs}
        found: dict[str, FieldInSubgraph] = {}
        for arguments in applied:
            if arguments.get("graph") is None:
                continue
            source = self._read_field_source(arguments, type_ref)
            found[source.subgraph] = source
        if self._is_first_version:
            for graph, known in sources.items():
                if any(node.name.value in field_names(key.fields) for key in known.keys):
                    found.setdefault(graph, FieldInSubgraph(subgraph=graph, type=type_ref))
        return found

    def _owners(self, node: FieldDefinitionNode, sources: Mapping[str, TypeInSubgraph]) -> Iterable[str]:
        """Join v0.1: a field without @join__field stands where the type's owner is."""
        for type_node in self._nodes.values():
            if node in (getattr(type_node, "fields", None) or ()):
                owner = self._first(type_node.directives, "join", "owner")
                if owner is not None:
                    return (self._graph_name(owner.get("graph")),)
        return sources

    def _read_field_source(self, arguments: Mapping[str, Any], type_ref: TypeRef) -> FieldInSubgraph:
        written = arguments.get("type")
        # A field that moves by label is still resolved where it moves away from.
        is_gone = arguments.get("usedOverridden") and not arguments.get("overrideLabel")
        return FieldInSubgraph(
            subgraph=self._graph_name(arguments["graph"]),
            type=_type_ref(parse_type(written, no_location=True)) if written else type_ref,
            requires=_field_set_or_empty(arguments.get("requires")),
            provides=_field_set_or_empty(arguments.get("provides")),
            is_external=bool(arguments.get("external") or is_gone),
            override=arguments.get("override"),
            override_label=arguments.get("overrideLabel"),
            context_arguments=tuple(
                ContextArgument(
                    name=str(c.get("name")),
                    type=_type_ref(parse_type(str(c.get("type")), no_location=True)),
                    context=str(c.get("context")),
                    selection=str(c.get("selection")),
                )
                for c in arguments.get("contextArguments") or ()
            ),
        )

    def _read_inputs(self, nodes: Iterable[InputValueDefinitionNode] | None) -> dict[str, InputValue]:
        return {
            node.name.value: InputValue(
                name=node.name.value,
                type=_type_ref(node.type),
                default=print_ast(node.default_value) if node.default_value is not None else None,
                is_inaccessible=self._is_inaccessible(node.directives),
            )
            for node in nodes or ()
        }

    def _read_enum_values(
        self, node: EnumTypeDefinitionNode, sources: Mapping[str, TypeInSubgraph]
    ) -> Iterator[EnumValue]:
        for value in node.values or ():
            graphs = {
                self._graph_name(a.get("graph")) for a in self._applied(value.directives, "join", "enumValue")
            }
            yield EnumValue(
                name=value.name.value,
                subgraphs=frozenset(graphs or sources),
                is_inaccessible=self._is_inaccessible(value.directives),
            )

    def _read_union(
        self, node: UnionTypeDefinitionNode, sources: Mapping[str, TypeInSubgraph], inaccessible: bool
    ) -> UnionType:
        members = tuple(t.name.value for t in node.types or ())
        members_in: dict[str, set[str]] = {}
        for applied in self._applied(node.directives, "join", "unionMember"):
            members_in.setdefault(self._graph_name(applied.get("graph")), set()).add(
                str(applied.get("member"))
            )
        if not members_in:
            members_in = {graph: set(members) for graph in sources}
        return UnionType(
            name=node.name.value,
            sources=sources,
            members=members,
            members_in=MappingProxyType({graph: frozenset(found) for graph, found in members_in.items()}),
            is_inaccessible=inaccessible,
        )

    def _read_roots(self, types: Mapping[str, NamedType]) -> dict[str, str]:
        roots: dict[str, str] = {}
        for node in self._document.definitions:
            if isinstance(node, SchemaDefinitionNode):
                roots = {t.operation.value: t.type.name.value for t in node.operation_types}
        if "query" not in roots:
            raise NotASupergraph("its schema definition names no query type")
        for kind, name in roots.items():
            if not isinstance(types.get(name), ObjectType):
                raise NotASupergraph(f"its {kind} type {name!r} is not defined as an object type")
        return roots


def _field_set_or_empty(text: str | None) -> FieldSet:
    return parse_field_set(text) if text else ()


def _type_ref(node: TypeNode) -> TypeRef:
    depth, inner = 0, node
    while isinstance(inner, ListTypeNode | NonNullTypeNode):
        depth += isinstance(inner, ListTypeNode)
        inner = inner.type
    return TypeRef(print_ast(inner), print_ast(node), depth)


def _possible_types(types: Mapping[str, NamedType]) -> dict[str, tuple[str, ...]]:
    found: dict[str, set[str]] = {}
    for known in types.values():
        match known:
            case ObjectType():
                found.setdefault(known.name, set()).add(known.name)
                for interface in known.interfaces:
                    found.setdefault(interface, set()).add(known.name)
            case UnionType():
                found.setdefault(known.name, set()).update(known.members)
            case InterfaceType():
                found.setdefault(known.name, set())
            case _:
                pass
    return {name: tuple(sorted(members)) for name, members in found.items()}


def _override_labels(types: Mapping[str, NamedType]) -> Iterator[str]:
    for known in types.values():
        if isinstance(known, ObjectType | InterfaceType):
            for field in known.fields.values():
                for source in field.sources.values():
                    if source.override_label is not None:
                        yield source.override_label


def _check_references(supergraph: Supergraph) -> None:
    """Every type that is spoken of exists."""
    types = supergraph.types
    for known in types.values():
        names: set[str] = set()
        match known:
            case ObjectType() | InterfaceType():
                names |= known.interfaces
                for field in known.fields.values():
                    names.add(field.type.name)
                    names.update(source.type.name for source in field.sources.values())
                    names.update(argument.type.name for argument in field.arguments.values())
            case InputObjectType():
                names.update(field.type.name for field in known.fields.values())
            case UnionType():
                names.update(known.members)
            case _:
                pass
        missing = sorted(names - types.keys())
        if missing:
            raise NotASupergraph(f"{known.name!r} speaks of {missing[0]!r}, which is not defined")
