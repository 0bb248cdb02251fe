"""Directives of one's own are in the supergraph as their newest version defines them, wherever they stand."""

from collections.abc import Iterator, Sequence

from schema.document.model import Directive, DirectiveDefinition, Element, Schema, elements
from schema.document.values import NonNull
from schema.errors import Code
from schema.findings import Findings
from schema.subgraph.model import Expanded
from schema.validate.graphql.directives import location_of
from schema.validate.graphql.values import misfit
from schema.validate.supergraph.places import places_at


def check_composed(supergraph: Schema, subgraphs: Sequence[Expanded], findings: Findings) -> None:
    """Note uses of composed directives that do not fit the definition in the supergraph."""
    names = {subgraph.name for subgraph in subgraphs}
    own = {
        definition.name: definition
        for definition in supergraph.directives.values()
        if definition.place and definition.place.subgraph in names
    }
    if not own:
        return
    for coordinate, element in elements(supergraph):
        for use in element.directives:
            definition = own.get(use.name)
            if definition is None or definition.place is None:
                continue
            for problem in _misuses(supergraph, coordinate, element, use, definition):
                findings.error(
                    Code.INVALID_GRAPHQL,
                    f'@{use.name} on "{coordinate}" does not fit its newest definition, that of subgraph '
                    f'"{definition.place.subgraph}": {problem}. Change one of the two.',
                    *places_at(subgraphs, coordinate),
                    definition.place,
                )


def _misuses(
    supergraph: Schema, coordinate: str, element: Element, use: Directive, definition: DirectiveDefinition
) -> Iterator[str]:
    if location_of(coordinate, element) not in definition.locations:
        yield f"it is for {', '.join(definition.locations)}"
    for name, value in use.arguments.items():
        argument = definition.arguments.get(name)
        if argument is None:
            yield f'it has no argument "{name}"'
        elif problem := misfit(value, argument.type, supergraph):
            yield f'argument "{name}" is `{argument.type}`, and {problem}'
    for name, argument in definition.arguments.items():
        if name not in use.arguments and isinstance(argument.type, NonNull) and argument.default is None:
            yield f'it needs argument "{name}" of type `{argument.type}`'
