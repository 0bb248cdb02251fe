"""Merging in one screen: types, the directives that come along, and the supergraph's own definitions."""

from collections.abc import Iterable, Mapping
from typing import TypeVar

from schema.document.model import (
    Directive,
    EnumType,
    EnumValue,
    Schema,
    Type,
    elements,
)
from schema.document.parse import DEFAULT_ROOTS, parse_schema
from schema.document.values import EnumLiteral, Value
from schema.findings import Findings
from schema.merge.sources import Merging
from schema.merge.types import merge_types
from schema.spec.composed import COMPOSED, ComposedDirective
from schema.spec.join import DEFINITIONS, JOIN, LINK
from schema.spec.link import LINK_DEFINITIONS
from schema.subgraph.model import Expanded

Named = TypeVar("Named")


def merge(subgraphs: tuple[Expanded, ...], findings: Findings) -> Schema:
    """The supergraph of valid subgraphs, given sorted by name; what does not fit together is noted."""
    merging = Merging(subgraphs=subgraphs, findings=findings)
    types = merge_types(merging)
    composed = _composed(types.values())
    own = _own_definitions(composed)
    return Schema(
        types=_sorted({**types, **own.types, "join__Graph": _graphs(subgraphs)}),
        directives=_sorted(own.directives),
        roots={kind: name for kind, name in DEFAULT_ROOTS.items() if name in types},
        schema_directives=(
            Directive(name="link", arguments={"url": LINK}),
            Directive(name="link", arguments={"url": JOIN, "for": EnumLiteral("EXECUTION")}),
            *_links(composed),
        ),
    )


def _sorted(named: Mapping[str, Named]) -> dict[str, Named]:
    return {name: named[name] for name in sorted(named)}


def _graphs(subgraphs: Iterable[Expanded]) -> EnumType:
    """enum join__Graph: the subgraphs with their addresses."""
    values = {
        subgraph.graph: EnumValue(
            name=subgraph.graph,
            directives=(
                Directive(name="join__graph", arguments={"name": subgraph.name, "url": subgraph.url}),
            ),
        )
        for subgraph in subgraphs
    }
    return EnumType(name="join__Graph", values={name: values[name] for name in sorted(values)})


def _composed(types: Iterable[Type]) -> tuple[ComposedDirective, ...]:
    """The federation directives that stand somewhere in the supergraph."""
    schema = Schema(types={type_.name: type_ for type_ in types})
    names = {use.name for _, element in elements(schema) for use in element.directives}
    return tuple(COMPOSED[name] for name in sorted(names & COMPOSED.keys()))


def _own_definitions(composed: Iterable[ComposedDirective]) -> Schema:
    """Definitions of join, link and every composed directive."""
    sdl = [DEFINITIONS, LINK_DEFINITIONS, *(directive.sdl for directive in composed)]
    schema, errors = parse_schema("\n".join(sdl), "supergraph")
    assert schema is not None
    assert not errors
    return schema


def _links(composed: Iterable[ComposedDirective]) -> list[Directive]:
    """One @link per specification; what is not named like its specification is imported."""
    links: dict[str, dict[str, Value]] = {}
    for directive in composed:
        arguments = links.setdefault(directive.url, {"url": directive.url})
        if directive.purpose:
            arguments["for"] = EnumLiteral(directive.purpose)
        if directive.name != directive.feature:
            imports = arguments.get("import", ())
            assert isinstance(imports, tuple)
            arguments["import"] = (*imports, f"@{directive.name}")
    return [Directive(name="link", arguments=links[url]) for url in sorted(links)]
