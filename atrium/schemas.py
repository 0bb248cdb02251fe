"""`atrium schema export` and `check`: what the code says, and what the committed artefacts say."""

from collections.abc import Mapping

from graphql import print_schema

from atrium.domains import DOMAINS
from atrium.failure import Failed
from schema.compose import Subgraph, compose
from schema.errors import CompositionFailed
from schema.nodes import with_nodes
from schema.store import artefact_texts, stale_artefacts, write_artefacts
from schema.supergraph.api import api_schema
from schema.supergraph.parse import parse_supergraph


def export() -> None:
    """Write what the code says into the artefacts."""
    changed = write_artefacts(current_texts())
    print("\n".join(f"wrote {path}" for path in changed) or "The artefacts were fresh.")


def check() -> None:
    """Raise Failed unless the artefacts say what the code says."""
    stale = stale_artefacts(current_texts())
    if stale:
        raise Failed(f"Not fresh: {', '.join(stale)}. Run `atrium schema export` and commit the result.")
    print("The subgraphs compose and the artefacts are fresh.")


def current_subgraphs() -> tuple[Subgraph, ...]:
    """The platform's own subgraphs as the code has them."""
    return tuple(
        Subgraph(name=domain.name, url=f"http://{domain.name}:4000/graphql", sdl=domain.schema.sdl())
        for domain in DOMAINS
    )


def current_supergraph() -> str:
    """The platform's own supergraph as the code has it; raises Failed if the subgraphs do not compose."""
    try:
        return compose(with_nodes(current_subgraphs())).supergraph_sdl
    except CompositionFailed as failed:
        raise Failed(f"The subgraphs do not compose.\n{failed}") from failed


def current_texts() -> Mapping[str, str]:
    """What the artefacts have to say, by their path; raises Failed if the subgraphs do not compose."""
    subgraphs = current_subgraphs()
    supergraph_sdl = current_supergraph()
    api_sdl = print_schema(api_schema(parse_supergraph(supergraph_sdl)))
    return artefact_texts(subgraphs, supergraph_sdl=supergraph_sdl, api_sdl=api_sdl)
