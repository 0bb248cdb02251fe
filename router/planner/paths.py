"""Ways through the query graph, from the root to a field, with their price.

A path is a linked list of moves. Equal paths are one object, so that what two paths share is found by
identity: the price of several paths together is the price of all their distinct parts.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from router.operation.model import Argument, Conditions
from router.planner.budget import Budget
from schema.query_graph.model import AbstractMove, EntityMove, FieldMove, Move, RootMove
from schema.supergraph.field_set import FieldSet
from schema.supergraph.model import ContextArgument

JUMP_COST = 1000
FIELD_COST = 1

Arguments = tuple[Argument, ...]


@dataclass(frozen=True, slots=True)
class ContextUse:
    """An argument filled from the object at which `provider` ends."""

    argument: ContextArgument
    fields: FieldSet
    provider: "Path"


class Path:
    """One move after the paths before it.

    `requirements` are the paths of the fields that must be known to make the move. `weight` is the price
    of this move alone, `cost` that of the whole path with its requirements.
    """

    __slots__ = (
        "_atoms",
        "_budget",
        "arguments",
        "conditions",
        "contexts",
        "cost",
        "id",
        "move",
        "node",
        "order",
        "parent",
        "requirements",
        "response_key",
        "weight",
    )

    def __init__(
        self,
        identity: int,
        parent: "Path | None",
        move: Move,
        requirements: "tuple[Path, ...]",
        response_key: str,
        arguments: Arguments,
        conditions: Conditions,
        order: int,
        requirement_cost: int,
        contexts: tuple[ContextUse, ...],
        budget: Budget,
    ) -> None:
        self.id = identity
        self.parent = parent
        self.move = move
        self.node = move.head
        self.requirements = requirements
        self.response_key = response_key
        self.arguments = arguments
        self.conditions = conditions
        self.order = order
        self.contexts = contexts
        self.weight = _weight(move)
        self.cost: int = (0 if parent is None else parent.cost) + self.weight + requirement_cost
        self._atoms: frozenset[Path] | None = None
        self._budget = budget

    @property
    def atoms(self) -> "frozenset[Path]":
        """Every distinct part that the path is made of."""
        if self._atoms is None:
            parts: set[Path] = {self}
            if self.parent is not None:
                parts |= self.parent.atoms
            for requirement in self.requirements:
                parts |= requirement.atoms
            self._budget.spend_parts(len(parts))
            self._atoms = frozenset(parts)
        return self._atoms

    def of_same_object(self) -> "Iterator[Path]":
        """This path and those before it that stand at the same object, nearest first."""
        path: Path | None = self
        while path is not None:
            yield path
            if not isinstance(path.move, EntityMove):
                return
            path = path.parent


def enclosing(path: Path) -> Iterator[Path]:
    """The paths of the objects around the one where this path ends, nearest first."""
    above: Path | None = path
    while above is not None:
        if isinstance(above.move, FieldMove) and above.parent is not None:
            yield above.parent
        above = above.parent


def _weight(move: Move) -> int:
    match move:
        case FieldMove():
            return FIELD_COST
        case AbstractMove():
            return 0
        case EntityMove() | RootMove():
            return JUMP_COST


class PathFactory:
    """Makes paths, each one once."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._known: dict[tuple[object, ...], Path] = {}

    def tick(self) -> None:
        """One more round of a loop; raises PlanTimeout."""
        self._budget.tick()

    def enter(self, move: RootMove, order: int) -> Path:
        """The beginning of an operation; `order` keeps root fields of a mutation apart."""
        return self._make((None, move.id, order), None, move, order=order)

    def through(
        self, parent: Path, move: Move, requirements: tuple[Path, ...] = (), conditions: Conditions = ()
    ) -> Path:
        """A step which is no field; `conditions` are there if it is made for what is deferred alone."""
        key = (parent.id, move.id, requirements, conditions)
        return self._make(key, parent, move, requirements, conditions=conditions)

    def field(
        self,
        parent: Path,
        move: FieldMove,
        response_key: str,
        arguments: Arguments,
        conditions: Conditions,
        requirements: tuple[Path, ...] = (),
        contexts: tuple[ContextUse, ...] = (),
    ) -> Path:
        """A step into a field."""
        key = (parent.id, move.id, response_key, arguments, conditions, requirements)
        return self._make(
            key, parent, move, requirements, response_key, arguments, conditions, contexts=contexts
        )

    def _make(
        self,
        key: tuple[object, ...],
        parent: Path | None,
        move: Move,
        requirements: tuple[Path, ...] = (),
        response_key: str = "",
        arguments: Arguments = (),
        conditions: Conditions = (),
        order: int = 0,
        contexts: tuple[ContextUse, ...] = (),
    ) -> Path:
        known = self._known.get(key)
        if known is not None:
            self._budget.tick()
            return known
        self._budget.spend_path()
        order = order if parent is None else parent.order
        path = Path(
            len(self._known),
            parent,
            move,
            requirements,
            response_key,
            arguments,
            conditions,
            order,
            price_of(requirements, parent) if requirements else 0,
            contexts,
            self._budget,
        )
        self._known[key] = path
        return path


def price_of(paths: tuple[Path, ...], beyond: Path | None = None) -> int:
    """What the paths cost together, apart from what they share with `beyond`."""
    parts: set[Path] = set()
    for path in paths:
        parts |= path.atoms
    if beyond is not None:
        parts -= beyond.atoms
    return sum(part.weight for part in parts)


def cheapest(paths: list[Path]) -> list[Path]:
    """The paths of least price; all of them when several are."""
    least = min(path.cost for path in paths)
    return [path for path in paths if path.cost == least]


def cheapest_per_node(paths: list[Path]) -> list[Path]:
    """For every node where paths end, the cheapest of them."""
    least: dict[int, int] = {}
    for path in paths:
        known = least.get(path.node)
        if known is None or path.cost < known:
            least[path.node] = path.cost
    kept: dict[int, Path] = {path.id: path for path in paths if path.cost == least[path.node]}
    return list(kept.values())
