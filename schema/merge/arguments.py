"""Merges arguments: only what every subgraph understands, as strict as the strictest."""

from collections.abc import Sequence

from schema.document.model import DirectiveDefinition, Field, InputValue
from schema.document.values import NonNull, print_value
from schema.errors import Code
from schema.hints import HintCode
from schema.merge.descriptions import merge_descriptions
from schema.merge.directives import merge_directives
from schema.merge.references import narrowest
from schema.merge.sources import Merging, Source, places, variants, where
from schema.subgraph.model import has


def merge_arguments(
    merging: Merging, coordinate: str, sources: Sequence[Source[Field | DirectiveDefinition]]
) -> dict[str, InputValue]:
    """The arguments that the field, or directive, has in all of its subgraphs."""
    names = dict.fromkeys(name for source in sources for name in source.element.arguments)
    merged: dict[str, InputValue] = {}
    for name in names:
        at = f"{coordinate}({name}:)"
        having = [
            Source(source.subgraph, source.element.arguments[name])
            for source in sources
            if name in source.element.arguments
        ]
        contextual = [source for source in having if has(source.element, "fromContext")]
        if contextual:
            _check_contextual(merging, at, having, contextual)
        elif len(having) < len(sources):
            _drop(merging, at, sources, having)
        else:
            merged[name] = merge_argument(merging, at, having)
    return merged


def is_required(value: InputValue) -> bool:
    """True when a caller must give the value."""
    return isinstance(value.type, NonNull) and value.default is None


def merge_argument(merging: Merging, coordinate: str, having: Sequence[Source[InputValue]]) -> InputValue:
    """One argument of a field that all subgraphs of the field have."""
    refs = [source.element.type for source in having]
    merged = narrowest(refs)
    if merged is None:
        merging.findings.error(
            Code.FIELD_ARGUMENT_TYPE_MISMATCH,
            f'Argument "{coordinate}" has types that no value fits at once: '
            f"{variants(having, [str(ref) for ref in refs])}. Use the same type in all of them.",
            *places(having),
        )
    elif len(set(refs)) > 1:
        merging.findings.hint(
            HintCode.INCONSISTENT_BUT_COMPATIBLE_ARGUMENT_TYPE,
            f'Argument "{coordinate}" has different types: {variants(having, [str(r) for r in refs])}. '
            f"The supergraph asks for the strictest, `{merged}`.",
            *places(having),
        )
    return InputValue(
        name=having[0].element.name,
        type=merged or refs[0],
        default=merge_default(merging, coordinate, having, Code.FIELD_ARGUMENT_DEFAULT_MISMATCH).default,
        description=merge_descriptions(merging, coordinate, having),
        directives=merge_directives(merging, coordinate, having),
        place=having[0].place,
    )


def merge_default(
    merging: Merging, coordinate: str, having: Sequence[Source[InputValue]], code: Code
) -> InputValue:
    """The version whose default stands for all: a default counts only when every subgraph has it."""
    given = [source for source in having if source.element.default is not None]
    texts = [_default(source.element) for source in given]
    if len(set(texts)) > 1:
        merging.findings.error(
            code,
            f'"{coordinate}" has different default values: {variants(given, texts)}. Use the same one.',
            *places(given),
        )
    lacking = [source for source in having if source.element.default is None]
    if given and lacking:
        merging.findings.hint(
            HintCode.INCONSISTENT_DEFAULT_VALUE_PRESENCE,
            f'"{coordinate}" has default {texts[0]} in {where(given)} but none in {where(lacking)}; '
            f"the supergraph has none.",
            *places(having),
        )
        return lacking[0].element
    return having[0].element


def _default(value: InputValue) -> str:
    return "" if value.default is None else print_value(value.default)


def _drop(
    merging: Merging,
    coordinate: str,
    sources: Sequence[Source[Field | DirectiveDefinition]],
    having: Sequence[Source[InputValue]],
) -> None:
    """An argument that some subgraphs lack is left out, unless another one cannot do without it."""
    knowing = {source.subgraph.name for source in having}
    lacking = [source for source in sources if source.subgraph.name not in knowing]
    required = [source for source in having if is_required(source.element)]
    if required:
        merging.findings.error(
            Code.REQUIRED_ARGUMENT_MISSING_IN_SOME_SUBGRAPH,
            f'Argument "{coordinate}" is required in {where(required)} but does not exist in '
            f"{where(lacking)}: add it there, or make it optional.",
            *places(required),
            *places(lacking),
        )
    else:
        merging.findings.hint(
            HintCode.INCONSISTENT_ARGUMENT_PRESENCE,
            f'Argument "{coordinate}" is left out of the supergraph: it exists in {where(having)} '
            f"but not in {where(lacking)}.",
            *places(having),
        )


def _check_contextual(
    merging: Merging,
    coordinate: str,
    having: Sequence[Source[InputValue]],
    contextual: Sequence[Source[InputValue]],
) -> None:
    """An argument from context is no argument of the supergraph: nobody else may need it from the client."""
    filled = {source.subgraph.name for source in contextual}
    others = [source for source in having if source.subgraph.name not in filled]
    required = [source for source in others if is_required(source.element)]
    if required:
        merging.findings.error(
            Code.CONTEXTUAL_ARGUMENT_NOT_CONTEXTUAL_IN_ALL_SUBGRAPHS,
            f'Argument "{coordinate}" is filled by @fromContext in {where(contextual)} but required from the '
            f"client in {where(required)}: use @fromContext there too, or make it optional.",
            *places(having),
        )
    elif others:
        merging.findings.hint(
            HintCode.CONTEXTUAL_ARGUMENT_NOT_CONTEXTUAL_IN_ALL_SUBGRAPHS,
            f'Argument "{coordinate}" is filled by @fromContext only in {where(contextual)}; '
            f"the supergraph leaves it out.",
            *places(having),
        )
