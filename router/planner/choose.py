"""The cheapest combination: for every leaf one of its alternatives, so that all together cost least.

The price of a combination is that of its distinct parts. Leaves with the same alternatives but for their
last field are decided as one; then branch and bound, with a greedy combination as the first bound.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from router.planner.budget import Budget
from router.planner.paths import Path

MAX_ROUNDS = 2_000
"""After so many combinations the best one found is taken."""

MAX_GROUPS = 300
"""With more decisions than this the greedy combination is taken."""


@dataclass(slots=True)
class _Group:
    """Leaves that are decided together: option i takes the i-th alternative of every leaf."""

    options: list[list[Path]]
    parts: list[frozenset[Path]]


def choose(leaves: Sequence[list[Path]], budget: Budget) -> tuple[list[Path], int]:
    """One path per leaf, in the order of the leaves without repetition, and the price of all."""
    taken: set[Path] = set()
    for alternatives in leaves:
        if len(alternatives) == 1:
            taken |= alternatives[0].atoms
    groups = _grouped([alternatives for alternatives in leaves if len(alternatives) > 1], budget)
    best = _Search(groups, taken, budget).run()
    picked = {path for group, option in zip(groups, best, strict=True) for path in group.options[option]}
    chosen: dict[int, Path] = {}
    for alternatives in leaves:
        for path in alternatives:
            if len(alternatives) == 1 or path in picked:
                chosen[path.id] = path
                break
    for path in chosen.values():
        taken |= path.atoms
    return list(chosen.values()), sum(part.weight for part in taken)


def _grouped(leaves: list[list[Path]], budget: Budget) -> list[_Group]:
    groups: dict[tuple[int, ...], _Group] = {}
    for alternatives in leaves:
        ordered = sorted(alternatives, key=lambda path: path.id if path.parent is None else path.parent.id)
        is_plain = all(path.parent is not None and not path.requirements for path in ordered)
        ids = [path.parent.id if is_plain and path.parent is not None else -1 - path.id for path in ordered]
        budget.tick()
        group = groups.get(tuple(ids))
        if group is None:
            parts = [path.parent.atoms if is_plain and path.parent else path.atoms for path in ordered]
            groups[tuple(ids)] = _Group([[path] for path in ordered], parts)
        else:
            for option, path in zip(group.options, ordered, strict=True):
                option.append(path)
    return sorted(groups.values(), key=lambda group: len(group.options))


class _Search:
    """Branch and bound over the groups."""

    def __init__(self, groups: list[_Group], taken: set[Path], budget: Budget) -> None:
        self._groups = groups
        self._taken = taken
        self._budget = budget
        self._rounds = 0
        self._best: list[int] = []
        self._bound = 0

    def run(self) -> list[int]:
        """The option to take for each group."""
        self._best, self._bound = self._greedy()
        if 0 < len(self._groups) <= MAX_GROUPS:
            self._branch(0, set(self._taken), 0, [])
        return self._best

    def _greedy(self) -> tuple[list[int], int]:
        taken, price, picks = set(self._taken), 0, []
        for group in self._groups:
            self._budget.look()
            prices = [_price(parts, taken) for parts in group.parts]
            least = min(prices)
            pick = prices.index(least)
            picks.append(pick)
            price += least
            taken |= group.parts[pick]
        return picks, price

    def _branch(self, at: int, taken: set[Path], price: int, picks: list[int]) -> None:
        if at == len(self._groups):
            self._best, self._bound = list(picks), price
            return
        group = self._groups[at]
        priced = sorted((_price(parts, taken), i) for i, parts in enumerate(group.parts))
        for added, i in priced:
            self._rounds += 1
            self._budget.look()
            if price + added >= self._bound or self._rounds > MAX_ROUNDS:
                return
            self._branch(at + 1, taken | group.parts[i], price + added, [*picks, i])
            if added == 0:
                return


def _price(parts: frozenset[Path], taken: set[Path]) -> int:
    return sum(part.weight for part in parts - taken)
