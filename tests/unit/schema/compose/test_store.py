"""Artefacts are read as written, and written only where they changed."""

from pathlib import Path

from schema.compose import Subgraph
from schema.store import (
    artefact_texts,
    read_artefact_subgraphs,
    read_supergraph,
    stale_artefacts,
    write_artefacts,
)

USERS = Subgraph(name="users", url="http://users", sdl="type Query { me: Int }\n\n")


def test_artefacts_are_written_once_and_read_back(tmp_path: Path) -> None:
    texts = artefact_texts(
        [USERS], supergraph_sdl="schema { query: Query }", api_sdl="type Query { me: Int }\n"
    )

    assert write_artefacts(texts, tmp_path) == (
        "api.graphql",
        "subgraphs/users.graphql",
        "supergraph.graphql",
    )
    assert write_artefacts(texts, tmp_path) == ()
    assert read_supergraph(tmp_path) == "schema { query: Query }\n"
    assert read_artefact_subgraphs(tmp_path) == {"users": "type Query { me: Int }\n"}


def test_artefacts_that_are_no_longer_wanted_are_removed(tmp_path: Path) -> None:
    before = artefact_texts([USERS], supergraph_sdl="a", api_sdl="b")
    write_artefacts(before, tmp_path)
    after = {path: text for path, text in before.items() if not path.startswith("subgraphs/")}

    assert stale_artefacts(after, tmp_path) == ("subgraphs/users.graphql",)
    write_artefacts(after, tmp_path)
    assert read_artefact_subgraphs(tmp_path) == {}
