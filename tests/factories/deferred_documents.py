"""Random uses of @defer in an operation, and clients that put the parts of its answer together."""

from collections.abc import Iterable
from copy import deepcopy
from random import Random
from typing import Any

from graphql import (
    ArgumentNode,
    BooleanValueNode,
    DirectiveNode,
    FieldNode,
    FragmentSpreadNode,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    NameNode,
    SelectionNode,
    SelectionSetNode,
    StringValueNode,
    TypeInfo,
    TypeInfoVisitor,
    ValueNode,
    VariableNode,
    Visitor,
    get_nullable_type,
    is_list_type,
    parse,
    print_ast,
    visit,
)

from router.plan.result import Completed, Part, Pending


def with_defer(text: str, random: Random, variables: Iterable[str] = ()) -> str:
    """The operation with some of its fragments deferred, and some of its fields put into such."""
    return print_ast(visit(parse(text), _Deferring(random, tuple(variables))))


def with_stream(text: str, schema: GraphQLSchema, random: Random) -> str:
    """The operation with some of its lists streamed; equal keys alike, so that fields still merge."""
    known = TypeInfo(schema)
    return print_ast(visit(parse(text), TypeInfoVisitor(known, _Streaming(known, random))))


class _Streaming(Visitor):
    def __init__(self, known: TypeInfo, random: Random) -> None:
        super().__init__()
        self._known = known
        self._random = random
        self._decided: dict[str, int] = {}

    def leave_field(self, node: FieldNode, *_: Any) -> FieldNode | None:
        declared = self._known.get_type()
        if declared is None or not is_list_type(get_nullable_type(declared)):
            return None
        key = node.alias.value if node.alias else node.name.value
        count = self._decided.setdefault(key, self._random.randint(-3, 2))
        if count < 0:
            return None
        initial = ArgumentNode(name=NameNode(value="initialCount"), value=IntValueNode(value=str(count)))
        directive = DirectiveNode(name=NameNode(value="stream"), arguments=(initial,))
        return FieldNode(
            alias=node.alias,
            name=node.name,
            arguments=node.arguments,
            directives=(*(node.directives or ()), directive),
            selection_set=node.selection_set,
        )


class _Deferring(Visitor):
    def __init__(self, random: Random, variables: tuple[str, ...]) -> None:
        super().__init__()
        self._random = random
        self._variables = variables
        self._labels = 0

    def leave_selection_set(self, node: SelectionSetNode, *_: Any) -> SelectionSetNode:
        return SelectionSetNode(selections=tuple(map(self._maybe_deferred, node.selections)))

    def _maybe_deferred(self, selection: SelectionNode) -> SelectionNode:
        match selection:
            case FragmentSpreadNode(name=name, directives=directives) if self._wants():
                return FragmentSpreadNode(name=name, directives=(*(directives or ()), self._directive()))
            case InlineFragmentNode() if self._wants():
                return InlineFragmentNode(
                    type_condition=selection.type_condition,
                    directives=(*(selection.directives or ()), self._directive()),
                    selection_set=selection.selection_set,
                )
            case FieldNode() if self._wants():
                inner = SelectionSetNode(selections=(selection,))
                return InlineFragmentNode(
                    type_condition=None, directives=(self._directive(),), selection_set=inner
                )
        return selection

    def _wants(self) -> bool:
        return self._random.random() < 0.3

    def _directive(self) -> DirectiveNode:
        arguments = []
        self._labels += 1
        if self._random.random() < 0.7:
            label = StringValueNode(value=f"part {self._labels}")
            arguments.append(ArgumentNode(name=NameNode(value="label"), value=label))
        decided: ValueNode | None = None
        if self._variables and self._random.random() < 0.2:
            decided = VariableNode(name=NameNode(value=self._random.choice(self._variables)))
        elif self._random.random() < 0.1:
            decided = BooleanValueNode(value=self._random.random() < 0.5)
        if decided is not None:
            arguments.append(ArgumentNode(name=NameNode(value="if"), value=decided))
        return DirectiveNode(name=NameNode(value="defer"), arguments=tuple(arguments))


class PartsClient:
    """Reads parts as a strict client does: everything announced once, delivered to it, and completed once."""

    def __init__(self) -> None:
        self.data: Any = None
        self.errors: list[Any] = []
        self.failed: list[Pending] = []
        self.parts = 0
        self._has_next = True
        self._open: dict[int, Pending] = {}
        self._known: set[int] = set()

    def take(self, part: Part[Any]) -> None:
        """One more part."""
        assert self._has_next, "the last part was told to be the last"
        if not self.parts:
            self.data = deepcopy(part.data)
            self.errors.extend(part.errors)
        else:
            assert (part.data, part.errors) == (None, ())
            assert part.completed or part.deferred or part.streamed, "a part says something"
        self.parts += 1
        for pending in part.pending:
            assert pending.id not in self._known
            self._known.add(pending.id)
            self._open[pending.id] = pending
        for streamed in part.streamed:
            assert self._open[streamed.id].path == streamed.path
            target = self._at(streamed.path)
            assert len(target) == streamed.start
            target.extend(deepcopy(streamed.items))
            self.errors.extend(streamed.errors)
        for deferred in part.deferred:
            assert deferred.pending, "somebody waits for it"
            for id in deferred.pending:
                assert deferred.path[: len(self._open[id].path)] == self._open[id].path
            target = self._at(deferred.path)
            assert target.keys().isdisjoint(deferred.data), "nothing is delivered twice"
            target.update(deepcopy(deferred.data))
            self.errors.extend(deferred.errors)
        for pending in part.pending:
            assert isinstance(self._at(pending.path), dict | list), "it is there"
        for completed in part.completed:
            self._complete(completed)
        self._has_next = part.has_next
        assert bool(self._open) is self._has_next

    def _complete(self, completed: Completed[Any]) -> None:
        pending = self._open.pop(completed.id)
        if completed.errors:
            self.failed.append(pending)
            self.errors.extend(completed.errors)

    def _at(self, path: Iterable[str | int]) -> Any:
        found = self.data
        for step in path:
            found = found[step]
        return found

    def finish(self) -> Any:
        """The data, once nothing more may come."""
        assert not self._has_next, "more was promised"
        return self.data
