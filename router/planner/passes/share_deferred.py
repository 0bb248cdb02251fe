"""What several deferrals ask of one object is asked for once, apart from what only one of them asks."""

from collections.abc import Iterable, Sequence, Set

from router.planner.fetch_graph import FetchGraph, Needs, Step
from router.planner.output import Output, OutputField

_Owner = tuple[Step, Output, OutputField]


def share_deferred(graph: FetchGraph) -> bool:
    """Ask once for fields that steps for different deferrals have in common.

    (for 0) user {a b}, (for 1) user {b c}  becomes  (for 0) user {a}, (for 1) user {c}, (for both) user {b}

    What one of the steps asks for whenever the others do is left to it: what keys are needed for later comes
    with what is needed at once.
    """
    by_place: dict[tuple[object, ...], list[Step]] = {}
    for step in graph.steps.values():
        if not step.contexts:
            by_place.setdefault(_place(step), []).append(step)
    changed = False
    for steps in by_place.values():
        if len(steps) > 1 and any(map(_comes_later, steps)):
            changed |= _share(graph, steps)
    return changed


def _place(step: Step) -> tuple[object, ...]:
    sent = frozenset((sender, frozenset(needs.field_sets)) for sender, needs in step.needs.items())
    parents = frozenset(step.parents)
    return step.subgraph, step.order, step.root, step.path, step.at, sent, parents


def _share(graph: FetchGraph, steps: Sequence[Step]) -> bool:
    owners: dict[tuple[object, ...], list[_Owner]] = {}
    for step in steps:
        for output in step.outputs.values():
            for field in output.fields.values():
                graph.budget.tick()
                owners.setdefault((output.type_name, field.key, _below(field)), []).append(
                    (step, output, field)
                )
    shared: dict[frozenset[int], Step] = {}
    changed = False
    for found in owners.values():
        wide = next((one for one in found if all(_covers(one, other) for other in found)), None)
        if wide is not None:
            changed |= _leave_to(wide, [one for one in found if one is not wide], graph)
            continue
        found = [one for one in found if _comes_later(one[0])]
        if len(found) < 2:
            continue
        changed = True
        ids = frozenset(step.id for step, _, _ in found)
        into = shared.get(ids)
        if into is None:
            into = shared[ids] = _alike(graph, [step for step, _, _ in found])
        _move(found, into)
    return changed


def _comes_later(step: Step) -> bool:
    return frozenset() not in step.deferrals


def _covers(one: _Owner, other: _Owner) -> bool:
    """Whether the one is asked for whenever the other is."""
    return all(
        any(wide <= narrow for wide in one[2].uses.alternatives) for narrow in other[2].uses.alternatives
    )


def _leave_to(wide: _Owner, others: Sequence[_Owner], graph: FetchGraph) -> bool:
    """Do not ask in other steps for what a step asks anyway, if they come later."""
    step, _, _ = wide
    spared = [(other, output, field) for other, output, field in others if _comes_later(other)]
    for _, output, field in spared:
        del output.fields[field.key]
    _let_wait(graph, {other.id for other, _, _ in spared}, step)
    return bool(spared)


def _let_wait(graph: FetchGraph, instead: Set[int], step: Step) -> None:
    """Who waited for one of these may be sent something that this step fetches now."""
    for other in graph.steps.values():
        if other is not step and not other.parents.isdisjoint(instead):
            other.parents.add(step.id)


def _below(field: OutputField) -> object:
    """What is asked below a field, to be compared; types alone, for the names say what they mean."""
    return None if field.below is None else _shape(field.below)


def _shape(output: Output) -> object:
    fields = frozenset((field.key, _below(field)) for field in output.fields.values())
    fragments = frozenset((name, _shape(each)) for name, each in output.fragments.items())
    return output.wants_typename, output.is_kept, fields, fragments


def _alike(graph: FetchGraph, steps: Sequence[Step]) -> Step:
    """A step that asks for the same objects, and for nothing of them yet."""
    first = steps[0]
    step = Step(
        graph.new_id(),
        first.subgraph,
        first.order,
        first.path,
        first.at,
        root=first.root,
        needs={sender: Needs(needs.of, dict(needs.field_sets)) for sender, needs in first.needs.items()},
        parents=set(first.parents),
    )
    for each in steps:
        step.uses.absorb(each.uses)
        step.reasons.update(each.reasons)
    graph.add(step)
    _let_wait(graph, {each.id for each in steps}, step)
    return step


def _move(found: Iterable[_Owner], into: Step) -> None:
    for _, output, field in found:
        mine = into.outputs.get(output.type_name)
        if mine is None:
            mine = into.outputs[output.type_name] = Output(output.type_name, output.kind)
            mine.wants_typename = output.wants_typename
        known = mine.fields.setdefault(field.key, field)
        if known is not field:
            known.uses.absorb(field.uses)
            if known.below is not None and field.below is not None:
                known.below.absorb(field.below)
        del output.fields[field.key]
