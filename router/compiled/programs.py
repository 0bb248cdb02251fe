"""The programs of one plan, one for each way its conditions can turn out, made when they are worth it."""

from collections.abc import Mapping
from typing import Any

from router.compiled.asked import Truth
from router.compiled.program import Program, Written, ready, write_program
from router.compiled.source import NotCompilable
from router.executor.executor import PreparedPlan
from router.operation.model import Operation
from router.plan.nodes import Plan
from router.projection.shape import Shape
from schema.supergraph.model import Supergraph

Outcome = tuple[bool, ...]

USES_BEFORE = 1
"""So many requests go the slow way before a program is made for those that follow."""

MAX_PROGRAMS = 8


class Programs:
    """Filled from the threads that plan, read by the event loop."""

    __slots__ = ("_made", "_names", "_prepared", "_shape", "_supergraph", "_uses")

    def __init__(self, prepared: PreparedPlan, shape: Shape, supergraph: Supergraph) -> None:
        self._prepared = prepared
        self._shape = shape
        self._supergraph = supergraph
        self._names = shape.condition_names
        self._uses: dict[Outcome, int] = {}
        self._made: dict[Outcome, Program | str] = {}

    @property
    def plan(self) -> Plan:
        """What they run."""
        return self._prepared.plan

    @property
    def operation(self) -> Operation:
        """What they answer."""
        return self._shape.operation

    def outcome(self, variables: Mapping[str, Any]) -> Outcome:
        """How the conditions turn out for these variables."""
        return tuple(variables.get(name) is True for name in self._names) if self._names else ()

    def get(self, outcome: Outcome) -> Program | None:
        """The program, if it has been made and is not to rest."""
        made = self._made.get(outcome)
        return made if isinstance(made, Program) and made.trust.may_run() else None

    def ready(self, outcome: Outcome) -> Program | None:
        """The same for who asks `get` if there is none: its rest is not shortened."""
        made = self._made.get(outcome)
        return made if isinstance(made, Program) and not made.trust.rests else None

    def is_wanted(self, outcome: Outcome) -> bool:
        """Whether it is time to `make` the program; True once."""
        if outcome in self._made or len(self._uses) > MAX_PROGRAMS:
            return False
        uses = self._uses[outcome] = self._uses.get(outcome, 0) + 1
        return uses == USES_BEFORE + 1

    def truth(self, outcome: Outcome) -> Truth:
        """The conditions by their variables."""
        return dict(zip(self._names, outcome, strict=True))

    def make(self, outcome: Outcome) -> Program | None:
        """Compile; None if the plan needs what only the reference executor does."""
        shape = self._shape
        try:
            written: Written | str = write_program(
                self._prepared.plan,
                shape.operation,
                schema=shape.schema,
                supergraph=self._supergraph,
                truth=self.truth(outcome),
            )
        except NotCompilable as why:
            written = str(why)
        return self.take(outcome, written)

    def take(self, outcome: Outcome, written: Written | str) -> Program | None:
        """What somebody else wrote, or why there is nothing; None in that case."""
        made = written if isinstance(written, str) else ready(written, self._prepared.plan)
        self._made[outcome] = made
        return made if isinstance(made, Program) else None

    def want_again(self, outcome: Outcome) -> None:
        """Nobody could make it now; later requests may ask for it."""
        self._uses.pop(outcome, None)

    def refusal(self, outcome: Outcome) -> str | None:
        """Why there is no program, if one was tried."""
        made = self._made.get(outcome)
        return made if isinstance(made, str) else None
