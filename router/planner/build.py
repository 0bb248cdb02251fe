"""Chosen paths → steps: each move of a path becomes a field of a step or a step of its own."""

from dataclasses import dataclass, replace

from router.operation.deferral import deferrals_in
from router.operation.model import Argument, OperationKind
from router.plan.paths import Each, Key, OnTypes
from router.plan.paths import Path as ResponsePath
from router.planner.budget import Budget
from router.planner.fetch_graph import FetchGraph, Needs, Sender, Step, StepContext
from router.planner.output import ALWAYS, Holds, Output, OutputField
from router.planner.paths import Path
from router.planner.response_keys import PREFIX, Place, ResponseKeys
from schema.query_graph.model import AbstractMove, EntityMove, FieldMove, Node, NodeKind, QueryGraph, RootMove
from schema.supergraph.field_set import show_field_set


@dataclass(frozen=True, slots=True)
class Position:
    """Where a path ends in the plan: a place in the output of a step.

    `below` is what is asked there, None at a leaf. `path` and `at` are the same place in the response.
    `typed_by` is the step that tells the type of the object, if the path looks at some types only.
    """

    step: Step
    below: Output | None
    path: ResponsePath
    at: Place
    typed_by: Step | None = None

    @property
    def output(self) -> Output:
        """What is asked below; only for objects."""
        assert self.below is not None, "a leaf has nothing below"
        return self.below


class Builder:
    """Places the paths of one plan."""

    def __init__(self, graph: QueryGraph, kind: OperationKind, keys: ResponseKeys, budget: Budget) -> None:
        self._graph = graph
        self._kind = kind
        self._keys = keys
        self._budget = budget
        self.fetches = FetchGraph(budget)
        self._positions: dict[tuple[int, Holds], Position] = {}
        self._conditions: dict[int, Holds] = {}
        self._steps: dict[tuple[object, ...], list[Step]] = {}

    def add(self, path: Path) -> None:
        """Plan to fetch what the path leads to."""
        self._want(path, ALWAYS)

    def _want(self, path: Path, extra: Holds) -> Step:
        """Place a path that ends at a leaf, or at an object whose type is wanted; tells who fetches it."""
        position = self._place(path, extra)
        if position.below is not None:
            position.below.is_kept = True
        return position.step

    def _for_parent(self, path: Path, extra: Holds) -> Holds:
        """Jumps and narrowings are made for the next field's sake, so its conditions are theirs."""
        assert path.parent is not None
        if isinstance(path.parent.move, FieldMove | RootMove):
            return extra
        return extra.union(path.conditions) if path.conditions else extra

    def _place(self, path: Path, extra: Holds) -> Position:
        key = (path.id, extra)
        position = self._positions.get(key)
        if position is None:
            position = self._positions[key] = self._place_new(path, extra)
        return position

    def _place_new(self, path: Path, extra: Holds) -> Position:
        self._budget.spend_parts()
        match path.move:
            case RootMove(tail=None):
                return self._place_root(path, frozenset())
            case RootMove():
                return self._place_reentry(path, extra)
            case EntityMove():
                return self._place_entity(path, extra, None)
            case AbstractMove():
                return self._place_narrowing(path, path.move, extra)
            case FieldMove():
                return self._place_field(path, path.move, extra)

    def _holds(self, path: Path) -> Holds:
        """Every condition on the way."""
        known = self._conditions.get(path.id)
        if known is None:
            before = ALWAYS if path.parent is None else self._holds(path.parent)
            known = before.union(path.conditions) if path.conditions else before
            self._conditions[path.id] = known
        return known

    def _place_root(self, path: Path, later: frozenset[int]) -> Position:
        node = self._graph.nodes[path.node]
        key = ("root", node.subgraph, path.order, later)
        step = self._step(key, node.subgraph, path.order, (), (), set())
        step.root = self._kind
        step.uses.add(ALWAYS)
        return Position(step, _output(step, node), (), ())

    def _place_reentry(self, path: Path, extra: Holds) -> Position:
        assert path.parent is not None
        parent = self._place(path.parent, extra)
        parent.output.is_kept = True
        node = self._graph.nodes[path.node]
        later = deferrals_in(self._holds(path))
        key = ("reentry", node.subgraph, path.order, parent.path, later)
        step = self._step(key, node.subgraph, path.order, parent.path, parent.at, {parent.step.id})
        step.root = OperationKind.QUERY
        step.uses.add(self._holds(path) | extra)
        output = _output(step, node)
        return Position(step, output, parent.path, parent.at)

    def _place_narrowing(self, path: Path, move: AbstractMove, extra: Holds) -> Position:
        assert path.parent is not None
        parent = self._place(path.parent, extra)
        output = parent.output.fragments.get(move.type_name)
        if output is None:
            output = Output(move.type_name, self._graph.nodes[move.head].kind)
            parent.output.fragments[move.type_name] = output
        narrowed = _narrowed(parent.path, self._keys.types_of(move.type_name))
        return Position(parent.step, output, narrowed, parent.at, parent.step)

    def _place_field(self, path: Path, move: FieldMove, extra: Holds) -> Position:
        assert path.parent is not None
        self._place(_enclosing(path), extra)  # the object is there whatever this field's own conditions say
        above = self._for_parent(path, extra)
        if move.requires or path.contexts:
            parent = self._place_entity(path.parent, above, path)
        elif path.parent.parent is None:  # what is deferred at the root is asked for apart
            parent = self._place_root(path.parent, deferrals_in(path.conditions))
        else:
            parent = self._place(path.parent, above)
        tail, head = self._graph.nodes[move.tail], self._graph.nodes[move.head]
        key = self._keys.key_for(parent.at, tail.type_name, path.response_key, move.name, path.arguments)
        below = None
        if head.kind is not NodeKind.LEAF:
            below = Output(head.type_name, head.kind)
        filled = tuple(_filled(context) for context in parent.step.contexts if path.contexts)
        field = OutputField(
            name=move.name,
            response_key=key,
            arguments=path.arguments + filled,
            type_ref=move.type,
            below=below,
        )
        field = parent.output.fields.setdefault(field.key, field)
        field.uses.add(self._holds(path) | extra)
        if field.below is not None and head.kind is NodeKind.OBJECT and self._is_abstract(path):
            field.below.wants_typename = True  # elsewhere the value may be of other types, so clients ask
        steps: ResponsePath = (Key(key), *[Each()] * move.type.list_depth)
        return Position(parent.step, field.below, parent.path + steps, (*parent.at, key))

    def _place_entity(self, path: Path, extra: Holds, field: Path | None) -> Position:
        """The step which asks for the object as an entity; a field with requirements gets its own."""
        move = path.move
        assert isinstance(move, EntityMove)
        assert path.parent is not None
        origin = self._place(_origin(path), extra)
        holds = self._holds(path) | extra
        parents = {self._require(r, holds, origin).id for r in path.requirements}
        if field is not None:
            parents |= {self._require(r, holds, origin).id for r in field.requirements}
        if origin.typed_by is not None:
            parents.add(origin.typed_by.id)
        head = self._graph.nodes[path.node]
        response_path, sender = _sender(origin.path, move.typename)
        required = field.move.id if field is not None else -1
        later = deferrals_in(self._holds(path))
        key = (head.subgraph, response_path, sender, head.type_name, move.key, required, path.order, later)
        step = self._step(key, head.subgraph, path.order, response_path, origin.at, parents)
        needs = step.needs.setdefault(sender, Needs(self._graph.nodes[move.tail].type_name))
        needs.field_sets[move.key] = None
        if field is not None and isinstance(field.move, FieldMove):
            self._add_needs(step, needs, field, field.move, holds)
        step.uses.add(holds)
        step.reasons[f"{head.subgraph} knows {head.type_name} by {show_field_set(move.key)}"] = None
        output = _output(step, head)
        return replace(origin, step=step, below=output)

    def _add_needs(self, step: Step, needs: Needs, field: Path, move: FieldMove, holds: Holds) -> None:
        """What a field requires is sent, what it takes from a context becomes variables."""
        coordinate = f"{self._graph.nodes[move.tail].type_name}.{move.name}"
        if move.requires:
            needs.field_sets[move.requires] = None
            step.reasons[f"{coordinate} needs {show_field_set(move.requires)}"] = None
        contexts = []
        for use in field.contexts:
            provider = self._place(use.provider, holds)
            variable = f"{PREFIX}{move.name}_{use.argument.name}"
            of = self._graph.nodes[use.provider.node].type_name
            contexts.append(StepContext(variable, use.argument, of, use.fields, provider.path, provider.at))
            step.reasons[f"{coordinate} takes {use.argument.name} from {of} around it"] = None
        step.contexts = tuple(contexts)

    def _require(self, path: Path, holds: Holds, origin: Position) -> Step:
        """Place a required path; abstract values on the way tell their type, as it is sent along."""
        step = self._want(path, holds)
        above = path.parent
        while above is not None:
            position = self._positions.get((above.id, holds))
            if position is None or len(position.at) <= len(origin.at):
                break
            if self._is_abstract(above):
                position.output.wants_typename = True
            above = above.parent
        return step

    def _is_abstract(self, path: Path) -> bool:
        node = self._graph.nodes[path.node]
        if node.kind is NodeKind.INTERFACE_OBJECT or not isinstance(path.move, FieldMove):
            return False
        tail = self._graph.supergraph.types[self._graph.nodes[path.move.tail].type_name]
        declared = getattr(tail, "fields", {}).get(path.move.name)
        return declared is not None and declared.type.name not in self._keys.types_of(declared.type.name)

    def _step(
        self,
        key: tuple[object, ...],
        subgraph: str,
        order: int,
        path: ResponsePath,
        at: Place,
        parents: set[int],
    ) -> Step:
        """The step with this key, if it can wait for the parents; otherwise a new one."""
        known = self._steps.setdefault(key, [])
        for step in known:
            new = parents - step.parents
            if not new or step.id not in self.fetches.ancestors(new):
                step.parents |= new
                return step
        step = Step(self.fetches.new_id(), subgraph, order, path, at, parents=set(parents))
        known.append(step)
        self.fetches.add(step)
        return step


def _filled(context: StepContext) -> Argument:
    name = context.argument.name
    return Argument(name=name, value=f"${context.variable}", variables=frozenset((context.variable,)))


def _enclosing(path: Path) -> Path:
    """The path of the field, or the root, that a field is directly below."""
    above = path.parent
    while above is not None and not isinstance(above.move, FieldMove | RootMove):
        above = above.parent
    assert above is not None
    return above


def _origin(path: Path) -> Path:
    """The path by which the object was reached first."""
    for same in path.of_same_object():
        origin = same
    return origin


def _output(step: Step, node: Node) -> Output:
    output = step.outputs.get(node.type_name)
    if output is None:
        output = step.outputs[node.type_name] = Output(node.type_name, node.kind)
    return output


def _narrowed(path: ResponsePath, types: frozenset[str]) -> ResponsePath:
    last = path[-1] if path else None
    if isinstance(last, OnTypes):
        return (*path[:-1], OnTypes(last.names & types))
    return (*path, OnTypes(types))


def _sender(path: ResponsePath, typename: str | None) -> tuple[ResponsePath, Sender]:
    """Where the objects are and which of them are sent: a single type at the end of the path is cut off."""
    last = path[-1] if path else None
    if isinstance(last, OnTypes) and len(last.names) == 1:
        (only,) = last.names
        return path[:-1], Sender(only, typename)
    return path, Sender(None, typename)
