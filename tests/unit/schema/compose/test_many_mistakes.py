"""Very many mistakes cost no more than looking at each once: what was meant is guessed for the first few."""

import difflib
from collections.abc import Iterable

import pytest

from schema.compose import CompositionFailed, Subgraph, compose
from schema.validate.graphql import directives, references

MANY = 300


@pytest.fixture
def guesses(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names that were held against all others."""
    asked: list[str] = []

    def counted(word: str, possibilities: Iterable[str], n: int = 3) -> list[str]:
        asked.append(word)
        return difflib.get_close_matches(word, list(possibilities), n=n)

    for module in (references, directives):
        monkeypatch.setattr(module, "get_close_matches", counted)
    return asked


@pytest.mark.parametrize(
    "sdl",
    [
        " ".join(f"type Thing{n} {{ a: Int b: Thing{n}x }}" for n in range(MANY)) + " type Query { a: Int }",
        " ".join(f"directive @thing{n} on OBJECT type T{n} @thing{n}x {{ a: Int }}" for n in range(MANY))
        + " type Query { a: Int }",
    ],
    ids=["types", "directives"],
)
def test_guesses_are_few(guesses: list[str], sdl: str) -> None:
    with pytest.raises(CompositionFailed) as failed:
        compose([Subgraph(name="a", url="http://a", sdl=sdl)])

    assert len(failed.value.errors) == MANY
    assert "Did you mean" in failed.value.errors[0].message
    assert len(guesses) == references.MOST_GUESSES
