"""The cheapest combination of alternatives."""

from itertools import product
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from router.planner.budget import Budget
from router.planner.choose import choose
from router.planner.paths import Path, PathFactory
from schema.query_graph.model import EntityMove, FieldMove, RootMove
from schema.supergraph.model import TypeRef

INT = TypeRef("Int", "Int")


class Ways:
    """Paths in a made-up graph: three subgraphs, each reached by a root or by a jump from another."""

    def __init__(self) -> None:
        self._factory = PathFactory(Budget())
        self._roots = [self._factory.enter(RootMove(id=i, tail=None, head=i), 0) for i in range(3)]

    def to(self, start: int, jump: int | None, field: int) -> Path:
        """From a root, perhaps over a jump, to a field."""
        path = self._roots[start]
        if jump is not None:
            move = EntityMove(id=100 + 10 * start + jump, tail=start, head=jump, key=(), typename=None)
            path = self._factory.through(path, move)
        leaf = FieldMove(id=1000 + field, tail=path.node, head=99, name=f"f{field}", type=INT)
        return self._factory.field(path, leaf, f"f{field}", (), ())


def price(paths: tuple[Path, ...]) -> int:
    parts: set[Path] = set()
    for path in paths:
        parts |= path.atoms
    return sum(part.weight for part in parts)


def test_leaves_share_what_they_can() -> None:
    ways = Ways()
    leaves = [[ways.to(0, None, 0), ways.to(1, None, 0)], [ways.to(1, None, 1)]]

    chosen, cost = choose(leaves, Budget())

    assert [path.atoms & leaves[1][0].atoms != frozenset() for path in chosen] == [True, True]
    assert cost == 1002


def places() -> Any:
    return st.tuples(st.integers(0, 2), st.none() | st.integers(0, 2))


@given(st.lists(st.lists(places(), min_size=1, max_size=3, unique=True), min_size=1, max_size=5))
def test_no_other_combination_is_cheaper(places_of_leaves: list[list[tuple[int, int | None]]]) -> None:
    ways = Ways()
    leaves = [
        [ways.to(start, jump, number) for start, jump in places]
        for number, places in enumerate(places_of_leaves)
    ]

    chosen, cost = choose(leaves, Budget())

    assert cost == min(price(combination) for combination in product(*leaves))
    assert all(any(path in chosen for path in alternatives) for alternatives in leaves)
