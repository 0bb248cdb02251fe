"""Merges the fields of object and interface types, and says with @join__field where each comes from."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from schema.document.model import Directive, Field, InterfaceType, ObjectType, Type
from schema.document.values import EnumLiteral, TypeRef, Value
from schema.errors import Code
from schema.hints import HintCode
from schema.merge.arguments import merge_arguments
from schema.merge.context import context_arguments
from schema.merge.descriptions import merge_descriptions
from schema.merge.directives import merge_directives
from schema.merge.external import check_external
from schema.merge.overrides import NO_MOVES, Moves, moves_of
from schema.merge.references import widest
from schema.merge.sharing import check_sharing
from schema.merge.sources import Merging, Source, places, variants
from schema.subgraph.model import has, uses


def merge_fields(
    merging: Merging, type_name: str, sources: Sequence[Source[ObjectType | InterfaceType]]
) -> dict[str, Field]:
    """The fields of a type that some subgraph resolves, in the order in which they are first seen."""
    found: dict[str, list[Source[Field]]] = {}
    for source in sources:
        for name, element in source.element.fields.items():
            found.setdefault(name, []).append(Source(source.subgraph, element))
    merged: dict[str, Field] = {}
    for name, having in found.items():
        field = _merge_field(merging, type_name, name, sources, having)
        if field is not None:
            merged[name] = field
    return merged


def _merge_field(
    merging: Merging,
    type_name: str,
    name: str,
    parents: Sequence[Source[Type]],
    having: Sequence[Source[Field]],
) -> Field | None:
    coordinate = f"{type_name}.{name}"
    external: list[Source[Field]] = []
    real: list[Source[Field]] = []
    for source in having:
        (external if source.subgraph.facts.is_external(type_name, name) else real).append(source)
    if not real and any(name in source.element.fields for source in merging.interface_objects_of(type_name)):
        return _only_external(merging, type_name, name, parents, having)
    moves = moves_of(merging, type_name, name, having)
    if not real:
        merging.findings.error(
            Code.EXTERNAL_MISSING_ON_BASE,
            f'Field "{coordinate}" is @external wherever it stands: some subgraph must resolve it.',
            *places(external),
        )
        return None
    _refuse_directives_on_external(merging, coordinate, external)
    if any(
        isinstance(parent.element, ObjectType) and not has(parent.element, "interfaceObject")
        for parent in parents
    ):
        check_sharing(merging, type_name, name, having, moves)
    merged = Field(
        name=name,
        type=_merge_type(merging, coordinate, real),
        arguments=merge_arguments(merging, coordinate, real),
        description=merge_descriptions(merging, coordinate, real),
        place=real[0].place,
    )
    check_external(merging, coordinate, merged, external)
    joins = _join_fields(merging, type_name, name, parents, having, moves)
    return replace(merged, directives=(*joins, *merge_directives(merging, coordinate, real)))


def _only_external(
    merging: Merging,
    type_name: str,
    name: str,
    parents: Sequence[Source[Type]],
    having: Sequence[Source[Field]],
) -> Field:
    """A field that the type itself nowhere resolves because its interface does, through @interfaceObject."""
    coordinate = f"{type_name}.{name}"
    return Field(
        name=name,
        type=_merge_type(merging, coordinate, having),
        arguments=merge_arguments(merging, coordinate, having),
        description=merge_descriptions(merging, coordinate, having),
        directives=tuple(_join_fields(merging, type_name, name, parents, having, NO_MOVES)),
    )


def _merge_type(merging: Merging, coordinate: str, real: Sequence[Source[Field]]) -> TypeRef:
    refs = [source.element.type for source in real]
    merged = widest(refs, merging.supertypes)
    texts = [str(ref) for ref in refs]
    if merged is None:
        merging.findings.error(
            Code.FIELD_TYPE_MISMATCH,
            f'Field "{coordinate}" has types that do not fit together: {variants(real, texts)}. '
            f"Use the same type in all of them.",
            *places(real),
        )
        return refs[0]
    if len(set(texts)) > 1:
        merging.findings.hint(
            HintCode.INCONSISTENT_BUT_COMPATIBLE_FIELD_TYPE,
            f'Field "{coordinate}" has different types: {variants(real, texts)}. '
            f"The supergraph promises the widest, `{merged}`.",
            *places(real),
        )
    return merged


def _join_fields(
    merging: Merging,
    type_name: str,
    name: str,
    parents: Sequence[Source[Type]],
    having: Sequence[Source[Field]],
    moves: Moves,
) -> Iterator[Directive]:
    """@join__field per subgraph; none at all when every subgraph of the type resolves the field alike."""
    staying = [source for source in having if source.subgraph.name not in moves.gone]
    alike = len({source.element.type for source in having}) == 1
    is_plain = alike and len(staying) == len(parents) and not moves.overridden and not moves.labels
    if is_plain and not any(_says_more(source, type_name, name) for source in staying):
        return
    for source in staying:
        arguments: dict[str, Value] = {"graph": EnumLiteral(source.subgraph.graph)}
        for directive in ("requires", "provides"):
            for use in uses(source.element, directive):
                arguments[directive] = use.arguments["fields"]
        if not alike:
            arguments["type"] = str(source.element.type)
        if source.subgraph.facts.is_external(type_name, name):
            arguments["external"] = True
        for use in uses(source.element, "override"):
            arguments["override"] = use.arguments["from"]
        if source.subgraph.name in moves.kept:
            arguments["usedOverridden"] = True
        if label := moves.labels.get(source.subgraph.name):
            arguments["overrideLabel"] = label
        if filled := context_arguments(source):
            arguments["contextArguments"] = filled
        yield Directive(name="join__field", arguments=arguments)


def _says_more(source: Source[Field], type_name: str, name: str) -> bool:
    """Whether the router must know more than that this subgraph resolves the field."""
    if source.subgraph.facts.is_external(type_name, name):
        return True
    if has(source.element, "requires", "provides"):
        return True
    return any(has(argument, "fromContext") for argument in source.element.arguments.values())


def _refuse_directives_on_external(
    merging: Merging, coordinate: str, external: Sequence[Source[Field]]
) -> None:
    for source in external:
        for use in source.element.directives:
            rule = merging.composition.rule(source.subgraph, use)
            if rule and not rule.url:  # a directive of one's own is left out of the supergraph instead
                merging.findings.error(
                    Code.MERGED_DIRECTIVE_APPLICATION_ON_EXTERNAL,
                    f'Field "{coordinate}" is @external in subgraph "{source.subgraph.name}" and has '
                    f"@{use.name} there: put @{use.name} where the field is resolved.",
                    use.place,
                )
