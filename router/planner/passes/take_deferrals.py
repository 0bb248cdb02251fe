"""Marks of `@defer` out of the conditions: what a step is needed for stands at the step."""

from router.operation.deferral import is_mark
from router.planner.fetch_graph import FetchGraph
from router.planner.output import Holds, Output, Uses


def take_deferrals(graph: FetchGraph) -> None:
    """Let no condition speak of deferrals any more; every step remembers what it was needed for."""
    for step in graph.steps.values():
        step.needed = tuple(step.alternatives)
        _strip(step.uses)
        for output in step.outputs.values():
            _strip_output(output)


def _strip_output(output: Output) -> None:
    for field in output.all_fields():
        _strip(field.uses)


def _strip(uses: Uses) -> None:
    if not any(is_mark(each) for holds in uses.alternatives for each in holds):
        return
    alternatives, uses.alternatives = uses.alternatives, []
    for holds in alternatives:
        uses.add(_unmarked(holds))


def _unmarked(holds: Holds) -> Holds:
    return frozenset(each for each in holds if not is_mark(each))
