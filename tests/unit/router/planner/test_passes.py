"""Each pass alone, on small graphs of steps."""

from router.operation.model import OperationKind
from router.plan.paths import Key
from router.planner.fetch_graph import FetchGraph, Needs, Sender, Step
from router.planner.output import ALWAYS, Output, OutputField
from router.planner.passes.drop_empty import drop_empty
from router.planner.passes.drop_transitive import drop_transitive
from router.planner.passes.join_mutations import join_mutations
from router.planner.passes.merge_siblings import merge_siblings
from router.planner.passes.order_mutations import order_mutations
from schema.query_graph.model import NodeKind
from schema.supergraph.field_set import parse_field_set
from schema.supergraph.model import TypeRef


class Steps:
    """Builds a graph: names stand for steps."""

    def __init__(self) -> None:
        self.graph = FetchGraph()
        self.names: dict[str, Step] = {}

    def add(
        self,
        name: str,
        subgraph: str,
        *fields: str,
        after: str = "",
        needs: str = "",
        of: str | None = None,
        told: str | None = None,
        order: int = 0,
    ) -> Step:
        """A root step, or an entity step if it needs something; `told` is the type's name over there."""
        path = (Key("things"),) if needs else ()
        step = Step(self.graph.new_id(), subgraph, order, path, ("things",) if needs else ())
        step.parents = {self.names[parent].id for parent in after.split()}
        step.root = None if needs else OperationKind.QUERY
        if needs:
            step.needs[Sender(of, told)] = Needs("Thing", {parse_field_set(needs): None})
        asked = told or of or "Thing"
        output = step.outputs[asked] = Output(asked, NodeKind.OBJECT)
        for field in fields:
            made = OutputField(
                name=field, response_key=field, arguments=(), type_ref=TypeRef("Int", "Int"), below=None
            )
            made.uses.add(ALWAYS)
            output.fields[made.key] = made
        step.uses.add(ALWAYS)
        self.graph.add(step)
        self.names[name] = step
        return step

    def show(self) -> list[str]:
        """Every step as `subgraph{fields} <- parents`."""
        return [
            f"{step.subgraph}{{{' '.join(f.name for o in step.outputs.values() for f in o.fields.values())}}}"
            + (f" <- {sorted(step.parents)}" if step.parents else "")
            for step in self.graph.steps.values()
        ]


def test_steps_without_output_are_bridged() -> None:
    steps = Steps()
    steps.add("a", "a", "id")
    steps.add("nothing", "b", after="a", needs="id")
    steps.add("c", "c", "x", after="nothing", needs="id")

    assert drop_empty(steps.graph)
    assert steps.show() == ["a{id}", "c{x} <- [0]"]
    assert not drop_empty(steps.graph)


def test_only_the_nearest_parents_stay() -> None:
    steps = Steps()
    steps.add("a", "a", "id")
    steps.add("b", "b", "x", after="a", needs="id")
    steps.add("c", "c", "y", after="a b", needs="id x")

    assert drop_transitive(steps.graph)
    assert steps.show() == ["a{id}", "b{x} <- [0]", "c{y} <- [1]"]


def test_siblings_of_one_subgraph_become_one() -> None:
    steps = Steps()
    steps.add("a", "a", "id")
    steps.add("x", "b", "x", after="a", needs="id")
    steps.add("y", "b", "y", after="a", needs="id weight")
    steps.add("z", "c", "z", after="a", needs="id")

    assert merge_siblings(steps.graph)
    assert steps.show() == ["a{id}", "b{x y} <- [0]", "c{z} <- [0]"]


def test_siblings_for_two_types_share_a_list_of_representations() -> None:
    steps = Steps()
    steps.add("a", "a", "id")
    steps.add("x", "b", "x", after="a", needs="id", of="Book")
    steps.add("y", "b", "y", after="a", needs="id", of="Film")

    assert merge_siblings(steps.graph)
    assert {sender.type for sender in steps.names["x"].needs} == {"Book", "Film"}


def test_types_that_the_subgraph_cannot_tell_apart_are_asked_apart() -> None:
    steps = Steps()
    steps.add("a", "a", "id")
    steps.add("x", "b", "x", after="a", needs="id", of="Song", told="Media")
    steps.add("y", "b", "y", after="a", needs="id title", of="Film", told="Media")

    assert not merge_siblings(steps.graph)


def test_a_step_is_not_held_up_by_what_only_another_needs() -> None:
    steps = Steps()
    steps.add("a", "a", "id")
    steps.add("weight", "c", "weight", after="a", needs="id")
    steps.add("x", "b", "x", after="a", needs="id")
    steps.add("y", "b", "y", after="weight", needs="id weight")

    assert not merge_siblings(steps.graph)


def test_a_leaf_with_the_same_representations_joins_a_later_step() -> None:
    steps = Steps()
    steps.add("a", "a", "id")
    steps.add("c", "c", "c", after="a", needs="id")
    steps.add("x", "b", "x", after="a", needs="id")
    steps.add("y", "b", "y", after="c", needs="id")

    assert merge_siblings(steps.graph)
    assert steps.show() == ["a{id}", "c{c} <- [0]", "b{x y} <- [0, 1]"]


def test_steps_that_wait_for_each_other_stay_apart() -> None:
    steps = Steps()
    steps.add("a", "a", "id")
    steps.add("x", "b", "x", after="a", needs="id")
    steps.add("c", "c", "c", after="x", needs="id")
    steps.add("y", "b", "y", after="c", needs="id")

    assert not merge_siblings(steps.graph)


def test_one_field_with_two_meanings_keeps_steps_apart() -> None:
    steps = Steps()
    steps.add("a", "a", "id")
    steps.add("x", "b", "x", after="a", needs="id price(in: USD)")
    steps.add("y", "b", "y", after="a", needs="id price(in: EUR)")

    assert not merge_siblings(steps.graph)


def test_mutation_fields_wait_for_all_of_the_one_before() -> None:
    steps = Steps()
    steps.add("first", "a", "x", order=0)
    steps.add("rest", "b", "y", after="first", needs="id", order=0)
    steps.add("second", "c", "z", order=1)

    order_mutations(steps.graph)

    assert steps.show() == ["a{x}", "b{y} <- [0]", "c{z} <- [0, 1]"]


def test_neighbouring_mutation_fields_of_one_subgraph_are_one_request() -> None:
    steps = Steps()
    steps.add("one", "a", "x", order=0)
    steps.add("two", "a", "y", order=1)
    steps.add("rest", "b", "r", after="two", needs="id", order=1)
    steps.add("three", "a", "z", order=2)

    join_mutations(steps.graph)
    order_mutations(steps.graph)

    assert steps.show() == ["a{x y}", "b{r} <- [0]", "a{z} <- [0, 2]"]
