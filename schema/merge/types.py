"""Merges types: finds the one kind that all subgraphs agree on and hands over to the file for that kind."""

from collections.abc import Iterator, Sequence
from typing import Any, cast

from schema.document.model import (
    Directive,
    EnumType,
    InputType,
    InterfaceType,
    ObjectType,
    ScalarType,
    Type,
    UnionType,
    kind_of,
)
from schema.document.parse import DEFAULT_ROOTS
from schema.document.values import EnumLiteral, Value
from schema.errors import Code
from schema.merge.access import with_access
from schema.merge.descriptions import merge_descriptions
from schema.merge.directives import merge_directives
from schema.merge.enums import Use, merge_enum_values, type_uses
from schema.merge.executable import directive_arguments
from schema.merge.fields import merge_fields
from schema.merge.inputs import merge_input_fields
from schema.merge.interfaces import merge_interfaces, with_interface_object_fields
from schema.merge.presence import hint_presence
from schema.merge.sources import Merging, Source, places, variants
from schema.merge.unions import merge_members
from schema.subgraph.model import has


def merge_types(merging: Merging) -> dict[str, Type]:
    """All types of the supergraph by name, sorted; enums last, as their values depend on who uses them."""
    merged: dict[str, Type] = {}
    enums: dict[str, Sequence[Source[EnumType]]] = {}
    for name, sources in merging.types.items():
        is_root = name in DEFAULT_ROOTS.values()
        if not is_root and all(source.element.is_extension for source in sources):
            merging.findings.error(
                Code.EXTENSION_WITH_NO_BASE,
                f'"{name}" is extended but no subgraph defines it: remove `extend` where the type belongs.',
                *places(sources),
            )
        kinds = [_kind(source) for source in sources]
        if len(set(kinds)) > 1:
            texts = [_kind_text(source) for source in sources]
            merging.findings.error(
                Code.TYPE_KIND_MISMATCH,
                f'Type "{name}" is of different kinds: {variants(sources, texts)}. '
                f"Make it the same kind everywhere, or rename it in one subgraph.",
                *places(sources),
            )
            if all(isinstance(source.element, ObjectType) for source in sources):
                _merge_type(merging, name, ObjectType, sources)  # for what else is wrong with it
        elif kinds[0] is EnumType:
            enums[name] = cast("Sequence[Source[EnumType]]", sources)
        else:
            merged[name] = _merge_type(merging, name, kinds[0], sources)
    merged = with_access(merging, with_interface_object_fields(merging, merged))
    uses = type_uses(merged.values(), directive_arguments(merging))
    for name, enum in enums.items():
        values = merge_enum_values(merging, name, uses.get(name, Use.NOWHERE), enum)
        merged[name] = EnumType(**_common(merging, name, enum), values=values)
    return {name: merged[name] for name in sorted(merged)}


def _kind(source: Source[Type]) -> type[Type]:
    """The kind that the type has in the supergraph, if this subgraph is right."""
    if has(source.element, "interfaceObject"):
        return InterfaceType
    return type(source.element)


def _kind_text(source: Source[Type]) -> str:
    return "interface object" if has(source.element, "interfaceObject") else kind_of(source.element)


def _merge_type(merging: Merging, name: str, kind: type[Type], sources: tuple[Source[Type], ...]) -> Type:
    common = _common(merging, name, sources)
    if kind is ScalarType:
        return ScalarType(**common)
    if kind is UnionType:
        return UnionType(
            **common, members=merge_members(merging, cast("Sequence[Source[UnionType]]", sources))
        )
    if kind is InputType:
        entries = merge_input_fields(merging, name, cast("Sequence[Source[InputType]]", sources))
        return InputType(**common, fields=entries)
    composite = cast("Sequence[Source[ObjectType | InterfaceType]]", sources)
    hint_presence(merging, name, composite)
    interfaces = merge_interfaces(composite)
    fields = merge_fields(merging, name, composite)
    merged_as = ObjectType if kind is ObjectType else InterfaceType
    return merged_as(**common, interfaces=interfaces, fields=fields)


def _common(merging: Merging, name: str, sources: Sequence[Source[Type]]) -> dict[str, Any]:
    """What types of all kinds have."""
    return {
        "name": name,
        "description": merge_descriptions(merging, name, sources),
        "directives": (
            *_join_types(sources),
            *_join_kind(sources),
            *merge_directives(merging, name, sources),
        ),
    }


def _join_types(sources: Sequence[Source[Type]]) -> Iterator[Directive]:
    """@join__type: once per subgraph and key."""
    for source in sources:
        graph: dict[str, Value] = {"graph": EnumLiteral(source.subgraph.graph)}
        more: dict[str, Value] = {"isInterfaceObject": True} if has(source.element, "interfaceObject") else {}
        keys = source.subgraph.facts.keys.get(source.element.name, ())
        if not keys:
            yield Directive(name="join__type", arguments={**graph, **more})
        for key in keys:
            arguments: dict[str, Value] = {**graph, "key": key.text}
            if key.on_extension:
                arguments["extension"] = True
            if not key.is_resolvable:
                arguments["resolvable"] = False
            yield Directive(name="join__type", arguments={**arguments, **more})


def _join_kind(sources: Sequence[Source[Type]]) -> Iterator[Directive]:
    """@join__implements and @join__unionMember: what each subgraph says about interfaces and unions."""
    for source in sources:
        graph = EnumLiteral(source.subgraph.graph)
        match source.element:
            case ObjectType(interfaces=interfaces) | InterfaceType(interfaces=interfaces):
                for name in interfaces:
                    yield Directive(name="join__implements", arguments={"graph": graph, "interface": name})
            case UnionType(members=members):
                for name in members:
                    yield Directive(name="join__unionMember", arguments={"graph": graph, "member": name})
            case _:
                pass
