"""One subgraph's SDL → Expanded: linked names resolved, machinery left out, definitions added."""

from collections.abc import Mapping
from dataclasses import replace

from schema.document.model import (
    Directive,
    DirectiveDefinition,
    EnumType,
    InputValue,
    ObjectType,
    ScalarType,
    Schema,
    Type,
)
from schema.document.parse import DEFAULT_ROOTS, parse_schema
from schema.document.rewrite import with_directives, with_type_names
from schema.document.values import base_name, renamed
from schema.errors import Code
from schema.expand.links import PURPOSES, read_links
from schema.findings import Findings
from schema.spec.directives import (
    BUILT_IN_SCALARS,
    FEDERATION_1,
    FEDERATION_1_NAMES,
    FEDERATION_TYPES,
    MACHINERY_TYPES,
    NEWEST,
    UPGRADED,
    built_in_directives,
    federation_directives,
    own_feature,
)
from schema.spec.link import LINK
from schema.subgraph.model import Expanded, Feature, Subgraph

MACHINERY_FIELDS = frozenset({"_service", "_entities"})


def expand(subgraph: Subgraph, graph: str, findings: Findings) -> Expanded | None:
    """The subgraph ready for validation; None when its text cannot be read."""
    schema, errors = parse_schema(subgraph.sdl, subgraph.name)
    findings.errors.extend(errors)
    if schema is None:
        return None
    schema = _with_unlisted_roots(schema)
    features = read_links(schema, findings)
    is_federation_1 = not any(feature.url.name == "federation" for feature in features)
    _check_linked_types(schema, features, findings)
    _check_roots(schema, findings)
    schema = _without_machinery(schema, features)
    schema = _with_usual_roots(schema)
    schema = _resolved(schema, features, is_federation_1)
    expanded = Expanded(
        name=subgraph.name,
        url=subgraph.url,
        graph=graph,
        schema=schema,
        features=features,
        is_federation_1=is_federation_1,
    )
    specified = _specified(expanded)
    definitions = {**built_in_directives(), **specified, **schema.directives}
    return replace(expanded, specified=specified, schema=replace(schema, directives=definitions))


def _without_machinery(schema: Schema, features: tuple[Feature, ...]) -> Schema:
    """The schema without what federation itself puts into it: _service, _entities and linked scalars."""
    linked = {feature.type_name(name) for feature in features for name in feature.own_types}
    types: dict[str, Type] = {}
    query = schema.roots.get("query")
    for name, type_ in schema.types.items():
        if name in MACHINERY_TYPES or name in linked or name in BUILT_IN_SCALARS:
            continue
        if name == query and isinstance(type_, ObjectType):
            fields = {key: field for key, field in type_.fields.items() if key not in MACHINERY_FIELDS}
            type_ = replace(type_, fields=fields) if len(fields) < len(type_.fields) else type_
        types[name] = type_
    return replace(schema, types=types)


def _check_linked_types(schema: Schema, features: tuple[Feature, ...], findings: Findings) -> None:
    """Note types that have the name of a built-in or linked one but are something else."""
    for name in sorted(BUILT_IN_SCALARS & schema.types.keys()):
        if not isinstance(schema.types[name], ScalarType):
            message = f'"{name}" is a scalar of GraphQL itself: rename the type.'
            findings.error(Code.TYPE_DEFINITION_INVALID, message, schema.types[name].place)
    for feature in features:
        for name in feature.own_types:
            type_ = schema.types.get(feature.type_name(name))
            if type_ is None:
                continue
            if feature.url.identity == LINK and name == "Purpose":
                is_right = isinstance(type_, ScalarType) or (
                    isinstance(type_, EnumType) and type_.values.keys() <= set(PURPOSES)
                )
                wanted = f"an enum of {' and '.join(PURPOSES)}"
            else:
                is_right, wanted = isinstance(type_, ScalarType), "a scalar"
            if not is_right:
                findings.error(
                    Code.TYPE_DEFINITION_INVALID,
                    f'"{type_.name}" belongs to {feature.url}, where it is {wanted}: correct '
                    f"it or remove it.",
                    type_.place,
                )


def _check_roots(schema: Schema, findings: Findings) -> None:
    """Note a type that is the root of two kinds of operation."""
    kinds: dict[str, str] = {}
    for kind, name in schema.roots.items():
        other = kinds.setdefault(name, kind)
        if other != kind:
            type_ = schema.types.get(name)
            findings.error(
                Code.INVALID_GRAPHQL,
                f'Type "{name}" is the root of both {other} and {kind}: give each a type of its own.',
                type_.place if type_ else schema.place,
            )


def _with_unlisted_roots(schema: Schema) -> Schema:
    """The schema with types of usual names as roots, also where its `schema` block does not list them."""
    roots = dict(schema.roots)
    for kind, usual in DEFAULT_ROOTS.items():
        if isinstance(schema.types.get(usual), ObjectType):
            roots.setdefault(kind, usual)
    return replace(schema, roots=roots) if len(roots) > len(schema.roots) else schema


def _with_usual_roots(schema: Schema) -> Schema:
    """The schema with its roots named Query, Mutation and Subscription; there is always a Query."""
    names: dict[str, str] = {}
    for kind, usual in DEFAULT_ROOTS.items():
        root = schema.roots.get(kind)
        root = root if root in schema.types else None
        if root is not None and root != usual:
            names[root] = usual
        if usual in schema.types and root != usual:
            names.pop(root or "", None)  # two types would have the name; validation says so
    schema = with_type_names(schema, names)
    if "Query" not in schema.types:
        query = ObjectType(name="Query")
        schema = replace(schema, types={**schema.types, "Query": query})
        schema = replace(schema, roots={"query": "Query", **schema.roots})
    return schema


def _resolved(schema: Schema, features: tuple[Feature, ...], is_federation_1: bool) -> Schema:
    """The schema with `known_as` set on every directive that a linked specification defines."""
    known: dict[str, str] = {}
    federation_1 = FEDERATION_1_NAMES | (federation_directives(UPGRADED).keys() & schema.directives.keys())

    def known_as(name: str) -> str:
        if name not in known:
            known[name] = name if is_federation_1 and name in federation_1 else _known_as(name, features)
        return known[name]

    def resolve(applied: tuple[Directive, ...]) -> tuple[Directive, ...]:
        return tuple(
            replace(use, known_as=found) if (found := known_as(use.name)) else use for use in applied
        )

    return with_directives(schema, resolve)


def _known_as(name: str, features: tuple[Feature, ...]) -> str:
    for feature in features:
        if own := feature.own_directive_name(name):
            return "link" if feature.url.identity == LINK else own_feature(feature.url.identity).get(own, "")
    return ""


def _specified(subgraph: Expanded) -> Mapping[str, DirectiveDefinition]:
    """The directives that linked specifications define, under the subgraph's names for them."""
    definitions: dict[str, DirectiveDefinition] = {}
    if subgraph.is_federation_1:
        repeated = {
            name: definition
            for name, definition in federation_directives(UPGRADED).items()
            if name in subgraph.schema.directives
        }
        definitions.update(_named(federation_directives(FEDERATION_1), {}, {"FieldSet": "_FieldSet"}))
        definitions.update(_named(repeated, {}, {"FieldSet": "_FieldSet"}))
    for feature in subgraph.features:
        own = own_feature(feature.url.identity)
        every = federation_directives(subgraph.version if feature is subgraph.federation else NEWEST)
        wanted = {name: every[known] for name, known in own.items() if known in every}
        names = {name: feature.directive_name(name) for name in wanted}
        types = {name: feature.type_name(name) for name in FEDERATION_TYPES}
        definitions.update(_named(wanted, names, types))
    return definitions


def _named(
    definitions: Mapping[str, DirectiveDefinition], names: Mapping[str, str], types: Mapping[str, str]
) -> dict[str, DirectiveDefinition]:
    """Definitions under the names that a subgraph gives to them and to the types of their arguments."""
    found: dict[str, DirectiveDefinition] = {}
    for name, definition in definitions.items():
        arguments = {key: _retyped(argument, types) for key, argument in definition.arguments.items()}
        local = names.get(name, name)
        found[local] = replace(definition, name=local, arguments=arguments)
    return found


def _retyped(argument: InputValue, types: Mapping[str, str]) -> InputValue:
    name = base_name(argument.type)
    return replace(argument, type=renamed(argument.type, types[name])) if name in types else argument
