"""Steps and what each needs: the plan while it is built and optimised."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from router.operation.deferral import deferrals_in
from router.operation.model import OperationKind
from router.plan.paths import Path as ResponsePath
from router.planner.budget import Budget
from router.planner.output import ALWAYS, Holds, Output, Uses
from router.planner.response_keys import Place
from schema.supergraph.field_set import FieldSet
from schema.supergraph.model import ContextArgument


@dataclass(frozen=True, slots=True)
class Sender:
    """Objects that are sent as representations: those of `type` (None: all), under the name `typename`."""

    type: str | None
    typename: str | None


@dataclass(slots=True)
class Needs:
    """What the representations of one sender hold: field sets of the type `of`."""

    of: str
    field_sets: dict[FieldSet, None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StepContext:
    """A variable of the step, filled from the object at `path`, which is around the step's objects."""

    variable: str
    argument: ContextArgument
    of: str
    fields: FieldSet
    path: ResponsePath
    at: Place


@dataclass(slots=True, eq=False)
class Step:
    """One fetch to be: either from a root type, or of the entities found at `path`.

    `order` is the index of the root field in a mutation. `at` is the place of the objects, `needs` what is
    sent for them, `outputs` what is asked, by type; `contexts` are variables that differ from object to
    object. `reasons` say why the step is there, `needed` what for, once deferrals are taken out of
    conditions.
    """

    id: int
    subgraph: str
    order: int
    path: ResponsePath
    at: Place
    root: OperationKind | None = None
    needs: dict[Sender, Needs] = field(default_factory=dict)
    outputs: dict[str, Output] = field(default_factory=dict)
    parents: set[int] = field(default_factory=set)
    uses: Uses = field(default_factory=Uses)
    contexts: tuple[StepContext, ...] = ()
    reasons: dict[str, None] = field(default_factory=dict)
    needed: tuple[Holds, ...] = ()

    @property
    def is_entity(self) -> bool:
        """Whether it asks for entities."""
        return self.root is None

    @property
    def alternatives(self) -> list[Holds]:
        """Under which conditions something of the step is needed."""
        if self.is_entity:
            return self.uses.alternatives
        uses = Uses()
        for output in self.outputs.values():
            for top in output.fields.values():
                uses.absorb(top.uses)
        return uses.alternatives

    @property
    def deferrals(self) -> frozenset[frozenset[int]]:
        """What tells steps apart that are needed at different times: the deferrals of each alternative."""
        return frozenset(map(deferrals_in, self.needed or self.alternatives))

    @property
    def holds(self) -> Holds:
        """What must hold for the step to be of any use."""
        if self.is_entity:
            return self.uses.common
        fields = [field.uses.common for output in self.outputs.values() for field in output.fields.values()]
        return frozenset.intersection(*fields) if fields else ALWAYS

    @property
    def is_empty(self) -> bool:
        """Whether nothing is asked."""
        return all(output.is_empty for output in self.outputs.values())


class FetchGraph:
    """All steps of a plan and who waits for whom; whatever takes long here looks at the budget."""

    def __init__(self, budget: Budget | None = None) -> None:
        self.budget = budget or Budget()
        self.steps: dict[int, Step] = {}
        self._next = 0

    def new_id(self) -> int:
        """An id for the next step."""
        self._next += 1
        return self._next - 1

    def add(self, step: Step) -> None:
        """One more step."""
        self.steps[step.id] = step

    def ancestors(self, ids: Iterable[int]) -> set[int]:
        """Every step that these wait for, directly or not, and themselves."""
        found: set[int] = set()
        waiting = list(ids)
        while waiting:
            self.budget.tick()
            step = waiting.pop()
            if step not in found:
                found.add(step)
                waiting.extend(self.steps[step].parents)
        return found

    def waits_for(self, step: int, other: int) -> bool:
        """Whether `step` can only start after `other`."""
        return other in self.ancestors(self.steps[step].parents)

    def has_children(self, step: int) -> bool:
        """Whether some step waits for this one."""
        return any(step in other.parents for other in self.steps.values())

    def depths(self) -> dict[int, int]:
        """How many steps must end before each can start, at least."""
        depths: dict[int, int] = {}
        for step in self.ordered():
            depths[step.id] = 1 + max((depths[parent] for parent in step.parents), default=-1)
        return depths

    def ordered(self) -> Iterator[Step]:
        """Parents before children, otherwise in the order of making."""
        done: set[int] = set()
        waiting = list(self.steps.values())
        while waiting:
            self.budget.look()
            rest = []
            for step in waiting:
                if step.parents <= done:
                    done.add(step.id)
                    yield step
                else:
                    rest.append(step)
            assert len(rest) < len(waiting), "steps wait for each other"
            waiting = rest

    def drop(self, step: Step) -> None:
        """Take a step out; who waited for it waits for what it waited for."""
        self.budget.look()
        del self.steps[step.id]
        for other in self.steps.values():
            if step.id in other.parents:
                other.parents.discard(step.id)
                other.parents |= step.parents

    def merge(self, into: Step, other: Step) -> None:
        """Let one step do the work of another as well."""
        self.budget.look()
        for sender, needs in other.needs.items():
            known = into.needs.setdefault(sender, needs)
            known.field_sets.update(needs.field_sets)
        for type_name, output in other.outputs.items():
            mine = into.outputs.get(type_name)
            if mine is None:
                into.outputs[type_name] = output
            else:
                mine.absorb(output)
        into.parents |= other.parents
        into.uses.absorb(other.uses)
        into.reasons.update(other.reasons)
        del self.steps[other.id]
        for step in self.steps.values():
            if other.id in step.parents:
                step.parents.discard(other.id)
                step.parents.add(into.id)
