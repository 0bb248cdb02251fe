"""Supergraph SDL → Supergraph. Accepts join v0.1 to v0.5 as the known composers print them."""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from types import MappingProxyType

from schema.document import model as document
from schema.document.declarations import parse_type_ref
from schema.document.parse import parse_schema
from schema.document.tokens import Unexpected
from schema.document.values import EnumLiteral, ListOf, Named, Null, Value, print_value
from schema.document.values import TypeRef as WrittenType
from schema.spec.incremental import NAME as INCREMENTAL
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


DIRECTIVES = (
    *(
        ("join", name)
        for name in ("graph", "type", "field", "implements", "enumValue", "unionMember", "owner")
    ),
    (INCREMENTAL, "stream"),
    *((name, name) for name in ("context", "inaccessible", "authenticated", "requiresScopes", "policy")),
)
NOTHING: Mapping[str, InputValue] = MappingProxyType({})

_Fielded = document.ObjectType | document.InterfaceType
ACCESS = ("authenticated", "requiresScopes", "policy")


def parse_supergraph(sdl: str) -> Supergraph:
    """The supergraph that the text describes; raises NotASupergraph."""
    schema, errors = parse_schema(sdl, "supergraph", max_length=None)
    if schema is None or errors:
        first = errors[0]
        where = "".join(f" (line {at.line}, column {at.column})" for at in first.places)
        raise NotASupergraph(first.message + where)
    return supergraph_of(schema)


def supergraph_of(schema: document.Schema) -> Supergraph:
    """The supergraph that the schema describes; raises NotASupergraph."""
    try:
        return _Reader(schema).read()
    except FieldSetMalformed as error:
        raise NotASupergraph(str(error)) from error


class _Reader:
    """Reads one document; exists only while reading."""

    def __init__(self, schema: document.Schema) -> None:
        self._schema = schema
        self._features: Features = read_features(schema)
        self._is_first_version = self._features.by_name["join"].version == "v0.1"
        self._names = {
            (feature, name): self._features.directive(feature, name) for feature, name in DIRECTIVES
        }
        self._inaccessible = self._names["inaccessible", "inaccessible"]
        self._access = frozenset(self._names[name, name] for name in ACCESS)
        self._type_refs: dict[WrittenType, TypeRef] = {}
        self._written_refs: dict[str, TypeRef] = {}
        self._graphs: dict[str, Subgraph] = {}

    def read(self) -> Supergraph:
        self._graphs = dict(self._read_graphs())
        types = {
            name: self._read_type(type_) for name, type_ in self._schema.types.items() if self._is_own(name)
        }
        for name in SPECIFIED_SCALARS:
            types.setdefault(name, ScalarType(name=name, sources=self._everywhere()))
        roots = self._read_roots(types)
        supergraph = Supergraph(
            subgraphs=MappingProxyType({graph.name: graph for graph in self._graphs.values()}),
            types=MappingProxyType(types),
            roots=MappingProxyType(roots),
            possible_types=MappingProxyType(_possible_types(types)),
            override_labels=frozenset(_override_labels(types)),
            document=self._schema,
        )
        _check_references(supergraph)
        return supergraph

    def _is_own(self, name: str) -> bool:
        return not self._features.owns_type(name)

    def _everywhere(self) -> Mapping[str, TypeInSubgraph]:
        return MappingProxyType({g.name: TypeInSubgraph(subgraph=g.name) for g in self._graphs.values()})

    def _read_graphs(self) -> Iterator[tuple[str, Subgraph]]:
        join = self._features.by_name["join"]
        graphs = self._schema.types.get(f"{join.namespace}__Graph")
        if not isinstance(graphs, document.EnumType):
            raise NotASupergraph(f"it has no enum {join.namespace}__Graph, so it names no subgraphs")
        seen: set[str] = set()
        for value in graphs.values.values():
            found = self._first(value.directives, "join", "graph") or {}
            name, url = found.get("name"), found.get("url")
            if not isinstance(name, str):
                raise NotASupergraph(f"subgraph {value.name} has no @join__graph(name:, url:)")
            if name in seen:
                raise NotASupergraph(f"two subgraphs are named {name!r}")
            seen.add(name)
            streams = self._first(value.directives, INCREMENTAL, "stream") is not None
            yield value.name, Subgraph(name=name, url=url if isinstance(url, str) else "", streams=streams)
        if not seen:
            raise NotASupergraph("it names no subgraphs")

    def _graph_name(self, value: Value | None) -> str:
        name = value.name if isinstance(value, EnumLiteral) else value
        graph = self._graphs.get(name) if isinstance(name, str) else None
        if graph is None:
            raise NotASupergraph(f"it speaks of a subgraph {name!r} which join__Graph does not list")
        return graph.name

    def _applied(
        self, directives: Iterable[document.Directive], feature: str, name: str
    ) -> Iterator[Mapping[str, Value]]:
        wanted = self._names[feature, name]
        return (use.arguments for use in directives if use.name == wanted)

    def _first(
        self, directives: Iterable[document.Directive], feature: str, name: str
    ) -> Mapping[str, Value] | None:
        return next(self._applied(directives, feature, name), None)

    def _is_inaccessible(self, directives: tuple[document.Directive, ...]) -> bool:
        wanted = self._inaccessible
        return any(use.name == wanted for use in directives)

    def _read_access(self, directives: tuple[document.Directive, ...]) -> Access | None:
        if not any(use.name in self._access for use in directives):
            return None
        authenticated = self._first(directives, "authenticated", "authenticated") is not None
        scopes = self._first(directives, "requiresScopes", "requiresScopes") or {}
        policies = self._first(directives, "policy", "policy") or {}
        access = Access(
            authenticated=authenticated,
            scopes=_alternatives(scopes.get("scopes")),
            policies=_alternatives(policies.get("policies")),
        )
        return None if access == Access() else access

    def _read_type(self, type_: document.Type) -> NamedType:
        name = type_.name
        sources = self._read_sources(type_)
        inaccessible = self._is_inaccessible(type_.directives)
        access = self._read_access(type_.directives)
        match type_:
            case document.ScalarType():
                return ScalarType(name=name, sources=sources, is_inaccessible=inaccessible, access=access)
            case document.EnumType():
                values = {value.name: value for value in self._read_enum_values(type_, sources)}
                return EnumType(
                    name=name,
                    sources=sources,
                    values=MappingProxyType(values),
                    is_inaccessible=inaccessible,
                    access=access,
                )
            case document.InputType():
                entries = MappingProxyType(self._read_inputs(type_.fields))
                return InputObjectType(
                    name=name, sources=sources, fields=entries, is_inaccessible=inaccessible
                )
            case document.UnionType():
                return self._read_union(type_, sources, inaccessible)
            case document.ObjectType() | document.InterfaceType():
                kind = ObjectType if isinstance(type_, document.ObjectType) else InterfaceType
                read = partial(self._read_field, type_, sources)
                return kind(
                    name=name,
                    sources=sources,
                    fields=MappingProxyType({key: read(field) for key, field in type_.fields.items()}),
                    interfaces=frozenset(type_.interfaces),
                    is_inaccessible=inaccessible,
                    access=access,
                )

    def _read_sources(self, type_: document.Type) -> Mapping[str, TypeInSubgraph]:
        keys: dict[str, list[Key]] = {}
        extending: set[str] = set()
        as_objects: set[str] = set()
        for applied in self._applied(type_.directives, "join", "type"):
            graph = self._graph_name(applied.get("graph"))
            known = keys.setdefault(graph, [])
            if _is_set(applied.get("extension")):
                extending.add(graph)
            if _is_set(applied.get("isInterfaceObject")):
                as_objects.add(graph)
            if fields := _text(applied.get("key")):
                is_resolvable = "resolvable" not in applied or _is_set(applied["resolvable"])
                known.append(Key(fields=parse_field_set(fields), is_resolvable=is_resolvable))
        if not keys:
            return self._everywhere() if self._is_first_version else MappingProxyType({})
        interfaces: dict[str, set[str]] = {graph: set() for graph in keys}
        for applied in self._applied(type_.directives, "join", "implements"):
            graph = self._graph_name(applied.get("graph"))
            interfaces.setdefault(graph, set()).add(_text(applied.get("interface")))
        if self._is_first_version:
            interfaces = {graph: set(getattr(type_, "interfaces", ())) for graph in keys}
        contexts = frozenset(
            _text(applied.get("name")) for applied in self._applied(type_.directives, "context", "context")
        )
        return MappingProxyType(
            {
                graph: TypeInSubgraph(
                    subgraph=graph,
                    keys=tuple(found),
                    interfaces=frozenset(interfaces[graph]),
                    is_interface_object=graph in as_objects,
                    is_extension=graph in extending,
                    contexts=contexts,
                )
                for graph, found in keys.items()
            }
        )

    def _read_field(
        self, parent: _Fielded, sources: Mapping[str, TypeInSubgraph], field: document.Field
    ) -> Field:
        type_ref = self._type_ref(field.type)
        return Field(
            name=field.name,
            type=type_ref,
            arguments=MappingProxyType(self._read_inputs(field.arguments)) if field.arguments else NOTHING,
            sources=MappingProxyType(self._read_field_sources(parent, field, type_ref, sources)),
            is_inaccessible=self._is_inaccessible(field.directives),
            access=self._read_access(field.directives),
        )

    def _read_field_sources(
        self,
        parent: _Fielded,
        field: document.Field,
        type_ref: TypeRef,
        sources: Mapping[str, TypeInSubgraph],
    ) -> dict[str, FieldInSubgraph]:
        applied = tuple(self._applied(field.directives, "join", "field"))
        if not applied:
            graphs = self._owners(parent, sources) if self._is_first_version else sources
            return {graph: FieldInSubgraph(subgraph=graph, type=type_ref) for graph in graphs}
        found: dict[str, FieldInSubgraph] = {}
        for arguments in applied:
            if arguments.get("graph", Null.NULL) is Null.NULL:
                continue
            source = self._read_field_source(arguments, type_ref)
            found[source.subgraph] = source
        if self._is_first_version:
            for graph, known in sources.items():
                if any(field.name in field_names(key.fields) for key in known.keys):
                    found.setdefault(graph, FieldInSubgraph(subgraph=graph, type=type_ref))
        return found

    def _owners(self, parent: _Fielded, sources: Mapping[str, TypeInSubgraph]) -> Iterable[str]:
        """Join v0.1: a field without @join__field stands where the type's owner is."""
        owner = self._first(parent.directives, "join", "owner")
        return sources if owner is None else (self._graph_name(owner.get("graph")),)

    def _read_field_source(self, arguments: Mapping[str, Value], type_ref: TypeRef) -> FieldInSubgraph:
        graph = self._graph_name(arguments["graph"])
        if len(arguments) == 1:
            return FieldInSubgraph(subgraph=graph, type=type_ref)
        label = _text(arguments.get("overrideLabel")) or None
        # A field that moves by label is still resolved where it moves away from.
        is_gone = _is_set(arguments.get("usedOverridden")) and label is None
        contexts = arguments.get("contextArguments")
        return FieldInSubgraph(
            subgraph=graph,
            type=self._type_ref_of(written) if (written := _text(arguments.get("type"))) else type_ref,
            requires=_field_set_or_empty(arguments.get("requires")),
            provides=_field_set_or_empty(arguments.get("provides")),
            is_external=is_gone or _is_set(arguments.get("external")),
            override=_text(arguments.get("override")) or None,
            override_label=label,
            context_arguments=tuple(
                ContextArgument(
                    name=_text(item.get("name")),
                    type=self._type_ref_of(_text(item.get("type"))),
                    context=_text(item.get("context")),
                    selection=_text(item.get("selection")),
                )
                for item in (contexts if isinstance(contexts, tuple) else ())
                if isinstance(item, Mapping)
            ),
        )

    def _read_inputs(self, inputs: Mapping[str, document.InputValue]) -> dict[str, InputValue]:
        return {
            name: InputValue(
                name=name,
                type=self._type_ref(entry.type),
                default=None if entry.default is None else print_value(entry.default),
                is_inaccessible=self._is_inaccessible(entry.directives),
            )
            for name, entry in inputs.items()
        }

    def _read_enum_values(
        self, type_: document.EnumType, sources: Mapping[str, TypeInSubgraph]
    ) -> Iterator[EnumValue]:
        for value in type_.values.values():
            graphs = {
                self._graph_name(applied.get("graph"))
                for applied in self._applied(value.directives, "join", "enumValue")
            }
            yield EnumValue(
                name=value.name,
                subgraphs=frozenset(graphs or sources),
                is_inaccessible=self._is_inaccessible(value.directives),
            )

    def _read_union(
        self, type_: document.UnionType, sources: Mapping[str, TypeInSubgraph], inaccessible: bool
    ) -> UnionType:
        members_in: dict[str, set[str]] = {}
        for applied in self._applied(type_.directives, "join", "unionMember"):
            graph = self._graph_name(applied.get("graph"))
            members_in.setdefault(graph, set()).add(_text(applied.get("member")))
        if not members_in:
            members_in = {graph: set(type_.members) for graph in sources}
        return UnionType(
            name=type_.name,
            sources=sources,
            members=tuple(type_.members),
            members_in=MappingProxyType({graph: frozenset(found) for graph, found in members_in.items()}),
            is_inaccessible=inaccessible,
        )

    def _read_roots(self, types: Mapping[str, NamedType]) -> dict[str, str]:
        roots = dict(self._schema.roots)
        if "query" not in roots:
            raise NotASupergraph("its schema definition names no query type")
        for kind, name in roots.items():
            if not isinstance(types.get(name), ObjectType):
                raise NotASupergraph(f"its {kind} type {name!r} is not defined as an object type")
        return roots

    def _type_ref(self, ref: WrittenType) -> TypeRef:
        """Types that are written alike are one object: there are few, used often."""
        known = self._type_refs.get(ref)
        if known is None:
            depth, inner = 0, ref
            while not isinstance(inner, Named):
                depth += isinstance(inner, ListOf)
                inner = inner.of
            known = self._type_refs[ref] = TypeRef(inner.name, str(ref), depth)
        return known

    def _type_ref_of(self, text: str) -> TypeRef:
        """A type that stands in a string."""
        known = self._written_refs.get(text)
        if known is None:
            try:
                known = self._type_ref(parse_type_ref(text))
            except Unexpected as error:
                raise NotASupergraph(f"{text!r} is no type") from error
            self._written_refs[text] = known
        return known


def _text(value: Value | None) -> str:
    """The string, or the name of the enum value; empty when it is something else."""
    if isinstance(value, EnumLiteral):
        return value.name
    return value if isinstance(value, str) else ""


def _is_set(value: Value | None) -> bool:
    return value is True


def _alternatives(value: Value | None) -> tuple[tuple[str, ...], ...]:
    groups = value if isinstance(value, tuple) else ()
    return tuple(tuple(_text(item) for item in group) for group in groups if isinstance(group, tuple))


def _field_set_or_empty(value: Value | None) -> FieldSet:
    text = _text(value)
    return parse_field_set(text) if text else ()


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
        missing = sorted(name for name in names if name not in types)
        if missing:
            raise NotASupergraph(f"{known.name!r} speaks of {missing[0]!r}, which is not defined")
