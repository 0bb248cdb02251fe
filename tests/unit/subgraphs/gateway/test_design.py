"""What becomes of a graph by a change."""

import pytest

from common.errors import NotFound
from subgraphs.gateway.providers.protocol import ContractFilter, SubgraphText
from subgraphs.gateway.service.design import (
    Change,
    DeleteContract,
    Design,
    Part,
    PublishSubgraphs,
    RetireSubgraph,
    SetContract,
    changed,
    names_of,
)

A = SubgraphText(name="a", url="http://a", sdl="type Query { a: Int }")
B = SubgraphText(name="b", url="http://b", sdl="type Query { b: Int }")
APP = ContractFilter(name="app", include=("public",))
DESIGN = Design(parts={"a": Part(text=A)}, contracts={"app": APP})


def test_a_subgraph_is_added_or_put_in_place_of_its_namesake() -> None:
    other = SubgraphText(name="a", url="http://elsewhere", sdl=A.sdl)

    after = changed(DESIGN, PublishSubgraphs(subgraphs=(other, B)))

    assert {name: part.text for name, part in after.parts.items()} == {"a": other, "b": B}
    assert after.contracts == DESIGN.contracts


@pytest.mark.parametrize("change", [PublishSubgraphs(subgraphs=(A,)), SetContract(contract=APP)])
def test_what_is_there_already_changes_nothing(change: Change) -> None:
    assert changed(DESIGN, change) is DESIGN


def test_what_is_retired_or_deleted_is_gone() -> None:
    assert changed(DESIGN, RetireSubgraph(name="a")).parts == {}
    assert changed(DESIGN, DeleteContract(name="app")).contracts == {}


@pytest.mark.parametrize("change", [RetireSubgraph(name="b"), DeleteContract(name="b")])
def test_what_is_not_there_cannot_go(change: Change) -> None:
    with pytest.raises(NotFound):
        changed(DESIGN, change)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (PublishSubgraphs(subgraphs=(B, A)), (("a", "b"), ())),
        (RetireSubgraph(name="a"), (("a",), ())),
        (SetContract(contract=APP), ((), ("app",))),
        (DeleteContract(name="app"), ((), ("app",))),
    ],
)
def test_a_change_names_what_it_is_about(change: Change, expected: tuple[tuple[str, ...], ...]) -> None:
    assert names_of(change) == expected
