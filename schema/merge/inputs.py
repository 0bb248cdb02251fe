"""Merges input types: only the fields that every subgraph understands."""

from collections.abc import Sequence

from schema.document.model import Directive, InputType, InputValue
from schema.document.values import EnumLiteral, Value
from schema.errors import Code
from schema.hints import HintCode
from schema.merge.arguments import is_required, merge_default
from schema.merge.descriptions import merge_descriptions
from schema.merge.directives import merge_directives
from schema.merge.references import narrowest
from schema.merge.sources import Merging, Source, places, variants, where


def merge_input_fields(
    merging: Merging, name: str, sources: Sequence[Source[InputType]]
) -> dict[str, InputValue]:
    """The fields that the input type has in all of its subgraphs."""
    merged: dict[str, InputValue] = {}
    for field in dict.fromkeys(field for source in sources for field in source.element.fields):
        having = [
            Source(source.subgraph, source.element.fields[field])
            for source in sources
            if field in source.element.fields
        ]
        if len(having) < len(sources):
            _drop(merging, f"{name}.{field}", sources, having)
        else:
            merged[field] = _merge_field(merging, f"{name}.{field}", having)
    if not merged:
        merging.findings.error(
            Code.EMPTY_MERGED_INPUT_TYPE,
            f'Input type "{name}" has no field that all of its subgraphs have: give {where(sources)} '
            f"at least one field in common.",
            *places(sources),
        )
    return merged


def _merge_field(merging: Merging, coordinate: str, having: Sequence[Source[InputValue]]) -> InputValue:
    refs = [source.element.type for source in having]
    merged = narrowest(refs)
    if merged is None:
        merging.findings.error(
            Code.FIELD_TYPE_MISMATCH,
            f'Input field "{coordinate}" has types that no value fits at once: '
            f"{variants(having, [str(ref) for ref in refs])}. Use the same type in all of them.",
            *places(having),
        )
    elif len(set(refs)) > 1:
        merging.findings.hint(
            HintCode.INCONSISTENT_BUT_COMPATIBLE_FIELD_TYPE,
            f'Input field "{coordinate}" has different types: {variants(having, [str(r) for r in refs])}. '
            f"The supergraph asks for the strictest, `{merged}`.",
            *places(having),
        )
    return InputValue(
        name=having[0].element.name,
        type=merged or refs[0],
        default=merge_default(merging, coordinate, having, Code.INPUT_FIELD_DEFAULT_MISMATCH).default,
        description=merge_descriptions(merging, coordinate, having),
        directives=(*_join_fields(having), *merge_directives(merging, coordinate, having)),
    )


def _join_fields(having: Sequence[Source[InputValue]]) -> list[Directive]:
    """@join__field, needed only where the subgraphs disagree about the type."""
    if len({source.element.type for source in having}) == 1:
        return []
    joins: list[Directive] = []
    for source in having:
        arguments: dict[str, Value] = {
            "graph": EnumLiteral(source.subgraph.graph),
            "type": str(source.element.type),
        }
        joins.append(Directive(name="join__field", arguments=arguments))
    return joins


def _drop(
    merging: Merging,
    coordinate: str,
    sources: Sequence[Source[InputType]],
    having: Sequence[Source[InputValue]],
) -> None:
    knowing = {source.subgraph.name for source in having}
    lacking = [source for source in sources if source.subgraph.name not in knowing]
    required = [source for source in having if is_required(source.element)]
    if required:
        merging.findings.error(
            Code.REQUIRED_INPUT_FIELD_MISSING_IN_SOME_SUBGRAPH,
            f'Input field "{coordinate}" is required in {where(required)} but does not exist in '
            f"{where(lacking)}: add it there, or make it optional.",
            *places(required),
            *places(lacking),
        )
    else:
        merging.findings.hint(
            HintCode.INCONSISTENT_INPUT_OBJECT_FIELD,
            f'Input field "{coordinate}" is left out of the supergraph: it exists in {where(having)} '
            f"but not in {where(lacking)}.",
            *places(having),
        )
