"""Federation 1 subgraphs rewritten as Federation 2 ones, so that everything after knows one language only.

Federation 1 let subgraphs write much that had no effect, and shared value types without a word. What had no
effect is taken out; what was shared gets @shareable.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from schema.document.model import Directive, Field, InterfaceType, ObjectType, Schema, Type, UnionType
from schema.document.selection import FieldSelection, Selection, Selections, show_selections
from schema.document.values import EnumLiteral, Value, base_name
from schema.errors import Code
from schema.findings import Findings
from schema.subgraph.facts import Coordinate, field_set, is_complete, selected_fields
from schema.subgraph.model import Expanded, has, uses

SUBSCRIPTION = "Subscription"
WITH_FIELD_SETS = frozenset({"key", "requires", "provides"})


def upgrade(subgraphs: tuple[Expanded, ...], findings: Findings) -> tuple[Expanded, ...]:
    """The subgraphs, all of Federation 2."""
    if not any(subgraph.is_federation_1 for subgraph in subgraphs):
        return subgraphs
    _check_bases(subgraphs, findings)
    cleaned = tuple(
        _cleaned(subgraph, subgraphs, findings) if subgraph.is_federation_1 else subgraph
        for subgraph in subgraphs
    )
    resolving = _resolving(cleaned)
    return tuple(
        _shared(subgraph, resolving) if subgraph.is_federation_1 else subgraph for subgraph in cleaned
    )


def _check_bases(subgraphs: Sequence[Expanded], findings: Findings) -> None:
    """Note extensions of types that nobody defines."""
    defined = {
        type_.name
        for subgraph in subgraphs
        for type_ in subgraph.schema.types.values()
        if not _extends(type_) or not subgraph.is_federation_1
    }
    for subgraph in subgraphs:
        for type_ in subgraph.schema.types.values():
            is_root = type_.name in subgraph.schema.roots.values()
            if subgraph.is_federation_1 and not is_root and type_.name not in defined:
                findings.error(
                    Code.EXTENSION_WITH_NO_BASE,
                    f'"{type_.name}" is extended but no subgraph defines it: remove `extend` '
                    f"where the type belongs.",
                    type_.place,
                )


def _extends(type_: Type) -> bool:
    return type_.is_extension or has(type_, "extends")


def _cleaned(subgraph: Expanded, all_subgraphs: Sequence[Expanded], findings: Findings) -> Expanded:
    """The subgraph without everything that Federation 1 ignored."""
    steps: Sequence[Callable[[Expanded], Schema]] = (
        _with_text_field_sets,
        _without_ignored_directives,
        lambda step: _without_external_keys(step, all_subgraphs),
        _without_extensions,
        _without_own_requirements,
        lambda step: _without_unused_externals(step, findings),
        lambda step: _without_tags_on_external(step, all_subgraphs),
    )
    for step in steps:
        subgraph = replace(subgraph, schema=step(subgraph))
    return subgraph


def _with_text_field_sets(subgraph: Expanded) -> Schema:
    """Field sets written as lists or bare names, as strings."""

    def change(applied: tuple[Directive, ...]) -> tuple[Directive, ...]:
        return tuple(_with_text(use) if use.known_as in WITH_FIELD_SETS else use for use in applied)

    return _with_types(
        subgraph.schema, lambda type_, field: replace(field, directives=change(field.directives)), change
    )


def _with_text(use: Directive) -> Directive:
    fields = use.arguments.get("fields")
    text = _as_text(fields)
    return (
        use if text is None or text == fields else replace(use, arguments={**use.arguments, "fields": text})
    )


def _as_text(value: Value | None) -> str | None:
    match value:
        case str():
            return value
        case EnumLiteral(name=name):
            return name
        case tuple():
            parts = [_as_text(item) for item in value]
            return None if None in parts else " ".join(part for part in parts if part)
        case _:
            return None


def _without_ignored_directives(subgraph: Expanded) -> Schema:
    """No @key on interfaces, no @external on types, no @provides where nothing can be selected."""
    schema = subgraph.schema

    def change_field(type_: Type, field: Field) -> Field:
        unwanted: set[str] = set()
        if isinstance(type_, InterfaceType):
            unwanted |= {"external", "provides", "requires"}
        if not isinstance(schema.types.get(base_name(field.type)), ObjectType | InterfaceType | UnionType):
            unwanted.add("provides")
        return _without(field, unwanted)

    changed = _with_types(schema, change_field, lambda applied: applied)
    types: dict[str, Type] = {}
    for name, type_ in changed.types.items():
        match type_:
            case InterfaceType():
                types[name] = replace(type_, directives=_kept(type_.directives, {"key"}))
            case ObjectType():
                types[name] = replace(type_, directives=_kept(type_.directives, {"external"}))
            case _:
                types[name] = type_
    return replace(schema, types=types)


def _without_external_keys(subgraph: Expanded, all_subgraphs: Sequence[Expanded]) -> Schema:
    """Key fields of extensions were never external, whatever they said; what stands below them may be."""
    resolved: set[Coordinate] = set()
    for type_ in subgraph.schema.types.values():
        if not _extends(type_):
            continue
        if keys := subgraph.facts.keys.get(type_.name):
            for key in keys:
                for selected in selected_fields(subgraph.schema, type_.name, key.selections):
                    if selected.parent.name == type_.name:
                        resolved.add((type_.name, selected.field.name))
        else:
            resolved.update(_first_key_elsewhere(type_.name, subgraph, all_subgraphs))

    def change_field(type_: Type, field: Field) -> Field:
        return _without(field, {"external"}) if (type_.name, field.name) in resolved else field

    return _with_types(subgraph.schema, change_field, lambda applied: applied)


def _first_key_elsewhere(
    name: str, subgraph: Expanded, all_subgraphs: Sequence[Expanded]
) -> Iterable[Coordinate]:
    """The fields of the first key that each other subgraph has for the type."""
    for other in all_subgraphs:
        if other is not subgraph and (keys := other.facts.keys.get(name)):
            for selected in selected_fields(other.schema, name, keys[0].selections):
                if selected.parent.name == name:
                    yield name, selected.field.name


def _without_extensions(subgraph: Expanded) -> Schema:
    """Extensions of other subgraphs' types become plain definitions: Federation 2 has no owner of a type."""
    types = {
        name: replace(
            type_,
            is_extension=False,
            directives=tuple(replace(use, declaration=0) for use in type_.directives),
        )
        if _extends(type_)
        else type_
        for name, type_ in subgraph.schema.types.items()
    }
    return replace(subgraph.schema, types=types)


def _without_own_requirements(subgraph: Expanded) -> Schema:
    """@requires and @provides without the fields that the subgraph resolves itself."""

    def change_field(type_: Type, field: Field) -> Field:
        kept: list[Directive] = []
        for use in field.directives:
            if use.known_as not in ("requires", "provides"):
                kept.append(use)
                continue
            parent = type_.name if use.known_as == "requires" else base_name(field.type)
            selections = field_set(use)
            if not is_complete(subgraph.schema, parent, selections):
                kept.append(use)
            elif external := _external_only(subgraph, parent, selections):
                kept.append(replace(use, arguments={**use.arguments, "fields": show_selections(external)}))
        return replace(field, directives=tuple(kept)) if tuple(kept) != field.directives else field

    return _with_types(subgraph.schema, change_field, lambda applied: applied)


def _external_only(subgraph: Expanded, parent: str, selections: Selections) -> Selections:
    """The part of a field set that comes from elsewhere."""
    found: list[Selection] = []
    type_ = subgraph.schema.types.get(parent)
    for item in selections:
        if not isinstance(item, FieldSelection):
            below = _external_only(subgraph, item.on or parent, item.selections)
        elif subgraph.facts.is_external(parent, item.name):
            found.append(item)
            continue
        elif isinstance(type_, ObjectType | InterfaceType) and item.selections:
            below = _external_only(subgraph, base_name(type_.fields[item.name].type), item.selections)
        else:
            continue
        if below:
            found.append(replace(item, selections=below))
    return tuple(found)


def _without_unused_externals(subgraph: Expanded, findings: Findings) -> Schema:
    """External fields that nothing needs are left out."""
    facts = subgraph.facts
    unused = facts.external - facts.used
    mentioned = _mentioned_types(subgraph.schema)
    types: dict[str, Type] = {}
    for name, type_ in subgraph.schema.types.items():
        if isinstance(type_, ObjectType | InterfaceType):
            fields = {key: field for key, field in type_.fields.items() if (name, key) not in unused}
            if type_.fields and not fields and name not in subgraph.schema.roots.values():
                if name not in mentioned:
                    continue
                findings.error(
                    Code.TYPE_WITH_ONLY_UNUSED_EXTERNAL,
                    f'All fields of "{name}" are @external and nothing in subgraph '
                    f'"{subgraph.name}" needs them: '
                    f"remove the type there.",
                    type_.place,
                )
            type_ = replace(type_, fields=fields) if len(fields) < len(type_.fields) else type_
        types[name] = type_
    return replace(subgraph.schema, types=types)


def _mentioned_types(schema: Schema) -> frozenset[str]:
    """The types that some field or union of the schema names."""
    found: set[str] = set()
    for type_ in schema.types.values():
        match type_:
            case ObjectType(fields=fields) | InterfaceType(fields=fields):
                found.update(base_name(field.type) for field in fields.values())
            case UnionType(members=members):
                found.update(members)
            case _:
                pass
    return frozenset(found)


def _without_tags_on_external(subgraph: Expanded, all_subgraphs: Sequence[Expanded]) -> Schema:
    """A @tag on an external field counts where the field is resolved, if it stands there too."""
    tagged = {
        (type_.name, field.name)
        for other in all_subgraphs
        if other.name != subgraph.name
        for type_, field in other.facts.fields
        if uses(field, "tag")
    }

    def change_field(type_: Type, field: Field) -> Field:
        coordinate = (type_.name, field.name)
        is_repeated = coordinate in tagged and coordinate in subgraph.facts.external
        return _without(field, {"tag"}) if is_repeated else field

    return _with_types(subgraph.schema, change_field, lambda applied: applied)


def _resolving(subgraphs: Iterable[Expanded]) -> Mapping[Coordinate, frozenset[str]]:
    """For each field of an object the subgraphs that resolve it, at least on some path."""
    found: defaultdict[Coordinate, set[str]] = defaultdict(set)
    for subgraph in subgraphs:
        for type_, field in subgraph.facts.fields:
            if not subgraph.facts.is_fully_external(type_.name, field.name):
                found[type_.name, field.name].add(subgraph.name)
    return {coordinate: frozenset(names) for coordinate, names in found.items()}


def _shared(subgraph: Expanded, resolving: Mapping[Coordinate, frozenset[str]]) -> Expanded:
    """The subgraph with @shareable on the fields that others resolve as well."""
    facts = subgraph.facts

    def change_field(type_: Type, field: Field) -> Field:
        coordinate = (type_.name, field.name)
        if not isinstance(type_, ObjectType) or type_.name == SUBSCRIPTION or coordinate in facts.shareable:
            return field
        if coordinate in facts.external or not resolving[coordinate] - {subgraph.name}:
            return field
        shareable = Directive(name="shareable", known_as="shareable", place=field.place)
        return replace(field, directives=(*field.directives, shareable))

    schema = _with_types(subgraph.schema, change_field, lambda applied: applied)
    return replace(subgraph, schema=schema)


def _with_types(
    schema: Schema,
    change_field: Callable[[Type, Field], Field],
    change_directives: Callable[[tuple[Directive, ...]], tuple[Directive, ...]],
) -> Schema:
    types: dict[str, Type] = {}
    for name, type_ in schema.types.items():
        if isinstance(type_, ObjectType | InterfaceType):
            fields = {key: change_field(type_, field) for key, field in type_.fields.items()}
            type_ = replace(type_, fields=fields, directives=change_directives(type_.directives))
        types[name] = type_
    return replace(schema, types=types)


def _without(field: Field, unwanted: set[str]) -> Field:
    if not any(uses(field, name) for name in unwanted):
        return field
    return replace(field, directives=_kept(field.directives, unwanted))


def _kept(applied: tuple[Directive, ...], unwanted: set[str]) -> tuple[Directive, ...]:
    return tuple(use for use in applied if use.known_as not in unwanted)
