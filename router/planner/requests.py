"""Which steps share a request: those that may without holding anybody up.

A request starts when all that it waits for has ended, so sharing one can delay a step and what follows it.
That costs nothing in two cases. Steps that wait for the same requests start together anyway. And where the
same subgraphs are asked after either step, whichever starts later decides when the answer is whole, shared or
not, however long each subgraph takes.
"""

from collections.abc import Callable, Hashable

from router.planner.fetch_graph import FetchGraph, Step

Kind = Callable[[Step], Hashable]
"""Steps of different kinds never share a request."""

_Tails = frozenset[Hashable]


def shared_requests(graph: FetchGraph, kind: Kind) -> list[list[Step]]:
    """The steps of every request, parents before children; several only for entities."""
    steps = list(graph.ordered())
    tails = _tails(steps, kind)
    requests: list[list[Step]] = []
    request_of: dict[int, int] = {}
    for level in _levels(steps):
        graph.budget.look()
        for request in _shared(level, kind, request_of, tails):
            for step in request:
                request_of[step.id] = len(requests)
            requests.append(request)
    return requests


def _levels(steps: list[Step]) -> list[list[Step]]:
    """By how many steps, at least, come before."""
    depth: dict[int, int] = {}
    levels: dict[int, list[Step]] = {}
    for step in steps:
        depth[step.id] = 1 + max((depth[parent] for parent in step.parents), default=-1)
        levels.setdefault(depth[step.id], []).append(step)
    return [levels[number] for number in sorted(levels)]


def _tails(steps: list[Step], kind: Kind) -> dict[int, _Tails]:
    """What is asked after each step; equal where the same is, in the same order."""
    found: dict[int, _Tails] = {step.id: frozenset() for step in steps}
    numbers: dict[_Tails, int] = {}
    for step in reversed(steps):
        number = numbers.setdefault(found[step.id], len(numbers))
        for parent in step.parents:
            found[parent] |= {(kind(step), number)}
    return found


def _shared(
    level: list[Step], kind: Kind, request_of: dict[int, int], tails: dict[int, _Tails]
) -> list[list[Step]]:
    starting_together: dict[Hashable, list[Step]] = {}
    for step in level:
        after = frozenset(request_of[parent] for parent in step.parents)
        starting_together.setdefault((after, kind(step)) if _may_share(step) else step.id, []).append(step)
    requests: dict[Hashable, list[Step]] = {}
    for steps in starting_together.values():
        first = steps[0]
        after_them = frozenset[Hashable]().union(*(tails[step.id] for step in steps))
        key = (after_them, kind(first)) if _may_share(first) else first.id
        requests.setdefault(key, []).extend(steps)
    return list(requests.values())


def _may_share(step: Step) -> bool:
    return step.is_entity and not step.contexts
