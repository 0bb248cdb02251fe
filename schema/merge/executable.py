"""Merges directives for operations: those that every subgraph defines, where all of them allow it."""

from collections.abc import Iterator, Mapping, Sequence

from schema.document.model import DirectiveDefinition, InputValue
from schema.hints import HintCode
from schema.merge.arguments import merge_arguments
from schema.merge.descriptions import merge_descriptions
from schema.merge.sources import Merging, Source, places, variants
from schema.spec.directives import built_in_directives

EXECUTABLE = frozenset(
    {
        "QUERY",
        "MUTATION",
        "SUBSCRIPTION",
        "FIELD",
        "FRAGMENT_DEFINITION",
        "FRAGMENT_SPREAD",
        "INLINE_FRAGMENT",
        "VARIABLE_DEFINITION",
    }
)


def merge_executable_directives(merging: Merging) -> Mapping[str, DirectiveDefinition]:
    """The directives that operations may use on the whole supergraph, by name."""
    found: dict[str, DirectiveDefinition] = {}
    names = dict.fromkeys(name for subgraph in merging.subgraphs for name in subgraph.schema.directives)
    for name in names:
        if name in built_in_directives():
            continue
        having = [
            Source(subgraph, definition)
            for subgraph in merging.subgraphs
            if (definition := subgraph.schema.directives.get(name)) and _locations(definition)
        ]
        if len(having) == len(merging.subgraphs):
            if definition := _merged(merging, name, having):
                found[name] = definition
        elif having:
            merging.findings.hint(
                HintCode.INCONSISTENT_EXECUTABLE_DIRECTIVE_PRESENCE,
                f'Directive "@{name}" is left out of the supergraph: not every subgraph '
                f"defines it for operations.",
                *places(having),
            )
    return found


def directive_arguments(merging: Merging) -> Iterator[InputValue]:
    """The arguments of all directives that the supergraph may define besides those of federation."""
    for rule in merging.composition.rules:
        if rule.definition is not None:
            yield from rule.definition.arguments.values()
    first, *others = (subgraph.schema.directives for subgraph in merging.subgraphs)
    for name, definition in first.items():
        if name in built_in_directives() or not all(name in known for known in others):
            continue
        versions = [definition, *(known[name] for known in others)]
        if all(_locations(version) for version in versions):
            for argument in definition.arguments.values():
                if all(argument.name in version.arguments for version in versions):
                    yield argument


def _locations(definition: DirectiveDefinition) -> list[str]:
    """Where in operations the directive may stand, sorted."""
    return sorted(EXECUTABLE & set(definition.locations))


def _merged(
    merging: Merging, name: str, having: Sequence[Source[DirectiveDefinition]]
) -> DirectiveDefinition | None:
    allowed = [_locations(source.element) for source in having]
    shared = frozenset(allowed[0]).intersection(*allowed[1:])
    if not shared:
        merging.findings.hint(
            HintCode.NO_EXECUTABLE_DIRECTIVE_INTERSECTION,
            f'Directive "@{name}" is left out of the supergraph: its subgraphs share no '
            f"location in operations.",
            *places(having),
        )
        return None
    if any(locations != allowed[0] for locations in allowed):
        merging.findings.hint(
            HintCode.INCONSISTENT_EXECUTABLE_DIRECTIVE_LOCATIONS,
            f'Directive "@{name}" may stand in different places: '
            f"{variants(having, [' | '.join(locations) for locations in allowed])}. "
            f"The supergraph allows those that all have.",
            *places(having),
        )
    repeatable = [source.element.is_repeatable for source in having]
    if len(set(repeatable)) > 1:
        merging.findings.hint(
            HintCode.INCONSISTENT_EXECUTABLE_DIRECTIVE_REPEATABLE,
            f'Directive "@{name}" is repeatable in some subgraphs only, so it is not in the supergraph.',
            *places([source for source in having if not source.element.is_repeatable]),
        )
    return DirectiveDefinition(
        name=name,
        arguments=merge_arguments(merging, f"@{name}", having),
        locations=tuple(sorted(shared)),
        is_repeatable=all(repeatable),
        description=merge_descriptions(merging, f"@{name}", having),
    )
