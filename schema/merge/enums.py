"""Merges enums: all values where clients read them, the common ones where clients give them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from enum import Flag, auto

from schema.document.model import (
    Directive,
    EnumType,
    EnumValue,
    InputType,
    InputValue,
    InterfaceType,
    ObjectType,
    Type,
)
from schema.document.values import EnumLiteral, base_name
from schema.errors import Code
from schema.hints import HintCode
from schema.merge.descriptions import merge_descriptions
from schema.merge.directives import merge_directives
from schema.merge.sources import Merging, Source, places, where
from schema.subgraph.model import has


class Use(Flag):
    """Where an enum appears in the supergraph."""

    NOWHERE = 0
    READ = auto()
    GIVEN = auto()


def type_uses(types: Iterable[Type], directive_arguments: Iterable[InputValue]) -> dict[str, Use]:
    """How each type is used by the fields and arguments of the supergraph."""
    found: defaultdict[str, Use] = defaultdict(lambda: Use.NOWHERE)
    for argument in directive_arguments:
        found[base_name(argument.type)] |= Use.GIVEN
    for type_ in types:
        match type_:
            case ObjectType(fields=fields) | InterfaceType(fields=fields):
                for field in fields.values():
                    found[base_name(field.type)] |= Use.READ
                    for argument in field.arguments.values():
                        found[base_name(argument.type)] |= Use.GIVEN
            case InputType(fields=entries):
                for entry in entries.values():
                    found[base_name(entry.type)] |= Use.GIVEN
            case _:
                pass
    return dict(found)


def merge_enum_values(
    merging: Merging, name: str, use: Use, sources: Sequence[Source[EnumType]]
) -> dict[str, EnumValue]:
    """The values of the enum in the supergraph, given how the supergraph uses it."""
    if use is Use.NOWHERE:
        merging.findings.hint(
            HintCode.UNUSED_ENUM_TYPE,
            f'Enum "{name}" is used by no field and no argument; all its values are kept.',
            *places(sources),
        )
    merged: dict[str, EnumValue] = {}
    for value in dict.fromkeys(value for source in sources for value in source.element.values):
        having = [
            Source(source.subgraph, source.element.values[value])
            for source in sources
            if value in source.element.values
        ]
        if len(having) == len(sources) or _is_kept(merging, name, value, use, sources, having):
            merged[value] = _merge_value(merging, f"{name}.{value}", having)
    if not merged:
        merging.findings.error(
            Code.EMPTY_MERGED_ENUM_TYPE,
            f'Enum "{name}" has no value that all of its subgraphs have: as it is given by clients, '
            f"{where(sources)} must have at least one value in common.",
            *places(sources),
        )
    return merged


def _is_kept(
    merging: Merging,
    name: str,
    value: str,
    use: Use,
    sources: Sequence[Source[EnumType]],
    having: Sequence[Source[EnumValue]],
) -> bool:
    """Whether a value that some subgraphs lack stays in the supergraph."""
    knowing = {source.subgraph.name for source in having}
    lacking = [source for source in sources if source.subgraph.name not in knowing]
    at = [*places(having), *places(lacking)]
    if any(has(source.element, "inaccessible") for source in having):
        return True  # clients can neither read nor give it
    if use == Use.READ | Use.GIVEN:
        merging.findings.error(
            Code.ENUM_VALUE_MISMATCH,
            f'Enum "{name}" is both read and given by clients, so all subgraphs must have the same '
            f'values, but "{value}" is in {where(having)} and not in {where(lacking)}: '
            f"add it there, or remove it everywhere.",
            *at,
        )
        return True
    if use is Use.GIVEN:
        merging.findings.hint(
            HintCode.INCONSISTENT_ENUM_VALUE_FOR_INPUT_ENUM,
            f'Value "{name}.{value}" is left out of the supergraph: it is in {where(having)} '
            f"but not in {where(lacking)}.",
            *at,
        )
        return False
    merging.findings.hint(
        HintCode.INCONSISTENT_ENUM_VALUE_FOR_OUTPUT_ENUM,
        f'Value "{name}.{value}" is in {where(having)} but not in {where(lacking)}.',
        *at,
    )
    return True


def _merge_value(merging: Merging, coordinate: str, having: Sequence[Source[EnumValue]]) -> EnumValue:
    joins = (
        Directive(name="join__enumValue", arguments={"graph": EnumLiteral(source.subgraph.graph)})
        for source in having
    )
    return EnumValue(
        name=having[0].element.name,
        description=merge_descriptions(merging, coordinate, having),
        directives=(*joins, *merge_directives(merging, coordinate, having)),
    )
