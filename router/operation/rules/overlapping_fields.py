"""Fields with one response key must mean one thing (spec §5.3.2), checked in linear time.

The rule of the specification compares every pair of fields; a short document with one field a thousand
times costs a million comparisons. Comparing is an equivalence, so it is enough to compare each field
with the first of its group, and to go down once with the selections of the whole group.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLNamedType,
    GraphQLOutputType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValidationContext,
    ValidationRule,
    get_named_type,
    is_composite_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
)

from router.operation.literals import argument_of

_MAX_VISITS = 200_000


class _TooManyWays(Exception):
    """The work is no longer in proportion to the document."""


class _Check(Enum):
    """What a group of fields has to agree on."""

    ALL = auto()
    SHAPE = auto()  # objects of different types: only the form of the answer
    MEANING = auto()  # objects that may be the same: field and arguments


@dataclass(frozen=True, slots=True)
class _Asked:
    """One field as it is asked of one parent type."""

    node: FieldNode
    parent: GraphQLNamedType
    type: GraphQLOutputType | None


class OverlappingFields(ValidationRule):
    """Reports fields that cannot be merged, for every operation of the document."""

    def enter_operation_definition(self, node: OperationDefinitionNode, *_: Any) -> None:
        """Check one operation with the fragments it spreads."""
        root = self.context.schema.get_root_type(node.operation)
        if root is None:
            return
        walk = _Walk(self.context.schema, _fragments(self.context))
        try:
            for conflict in walk.conflicts(walk.fields([(root, node.selection_set)]), _Check.ALL):
                self.report_error(conflict)
        except _TooManyWays:
            self.report_error(GraphQLError("The fields overlap in too many ways to be checked.", node))


def _fragments(context: ValidationContext) -> Mapping[str, FragmentDefinitionNode]:
    return {
        definition.name.value: definition
        for definition in context.document.definitions
        if isinstance(definition, FragmentDefinitionNode)
    }


@dataclass(slots=True)
class _Walk:
    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    visits: int = 0
    reported: set[tuple[int, int]] = field(default_factory=set)

    def conflicts(self, grouped: Mapping[str, Sequence[_Asked]], check: _Check) -> Iterator[GraphQLError]:
        """Everything in these groups, and below them, that does not agree."""
        for key, group in grouped.items():
            self.visits += len(group)
            if self.visits > _MAX_VISITS:
                raise _TooManyWays
            parents = {asked.parent.name for asked in group}
            if len(parents) == 1:
                yield from self._disagreements(key, group, check)
                yield from self._below(group, check)
                continue
            if check is not _Check.MEANING:
                yield from self._disagreements(key, group, _Check.SHAPE)
                yield from self._below(group, _Check.SHAPE)
            if check is not _Check.SHAPE:
                for together in _that_may_be_one_object(group):
                    yield from self._disagreements(key, together, _Check.MEANING)
                    yield from self._below(together, _Check.MEANING)

    def fields(self, parts: Iterable[tuple[GraphQLNamedType, SelectionSetNode]]) -> dict[str, list[_Asked]]:
        """Response key to the fields behind it, fragments opened, each field node once for each parent."""
        grouped: dict[str, list[_Asked]] = {}
        seen: set[tuple[str, int]] = set()
        stack = list(parts)[::-1]
        while stack:
            parent, node = stack.pop()
            if (parent.name, id(node)) in seen:
                continue
            seen.add((parent.name, id(node)))
            for selection in node.selections:
                self.visits += 1
                match selection:
                    case FieldNode():
                        key = selection.alias.value if selection.alias else selection.name.value
                        grouped.setdefault(key, []).append(self._asked(selection, parent))
                    case InlineFragmentNode(type_condition=None):
                        stack.append((parent, selection.selection_set))
                    case InlineFragmentNode():
                        assert selection.type_condition is not None
                        self._open(stack, selection.type_condition.name.value, selection.selection_set)
                    case FragmentSpreadNode():
                        fragment = self.fragments.get(selection.name.value)
                        if fragment is not None:
                            self._open(stack, fragment.type_condition.name.value, fragment.selection_set)
                    case _:
                        pass
        return grouped

    def _open(
        self, stack: list[tuple[GraphQLNamedType, SelectionSetNode]], condition: str, node: SelectionSetNode
    ) -> None:
        narrowed = self.schema.type_map.get(condition)
        if narrowed is not None:
            stack.append((narrowed, node))

    def _asked(self, node: FieldNode, parent: GraphQLNamedType) -> _Asked:
        definition = self.schema.get_field(parent, node.name.value) if is_composite_type(parent) else None
        return _Asked(node, parent, None if definition is None else definition.type)

    def _below(self, group: Sequence[_Asked], check: _Check) -> Iterator[GraphQLError]:
        parts = [
            (get_named_type(asked.type), asked.node.selection_set)
            for asked in group
            if asked.type is not None and asked.node.selection_set is not None
        ]
        if parts:
            yield from self.conflicts(self.fields(parts), check)

    def _disagreements(self, key: str, group: Sequence[_Asked], check: _Check) -> Iterator[GraphQLError]:
        first = group[0]
        for other in group[1:]:
            if other.node is first.node:
                continue
            reason = _difference(first, other, check)
            pair = (id(first.node), id(other.node))
            if reason is not None and pair not in self.reported:
                self.reported.add(pair)
                yield GraphQLError(
                    f"Fields '{key}' conflict because {reason}. "
                    "Use different aliases on the fields to fetch both if this was intentional.",
                    [first.node, other.node],
                )


def _that_may_be_one_object(group: Sequence[_Asked]) -> Iterator[Sequence[_Asked]]:
    """For each object type the fields that its objects answer: its own and those of abstract parents."""
    abstract = [asked for asked in group if not is_object_type(asked.parent)]
    objects: dict[str, list[_Asked]] = {}
    for asked in group:
        if is_object_type(asked.parent):
            objects.setdefault(asked.parent.name, []).append(asked)
    if not objects:
        yield abstract
    for own in objects.values():
        yield [*abstract, *own]


def _difference(first: _Asked, other: _Asked, check: _Check) -> str | None:
    """Why the two cannot be one, if so."""
    if check is not _Check.SHAPE:
        left, right = first.node.name.value, other.node.name.value
        if left != right:
            return f"'{left}' and '{right}' are different fields"
        if _arguments(first.node) != _arguments(other.node):
            return "they have differing arguments"
        if _streams(first.node) != _streams(other.node):
            return "they have differing stream directives"
    if first.type is not None and other.type is not None and not _have_one_shape(first.type, other.type):
        return f"they return conflicting types '{first.type}' and '{other.type}'"
    return None


def _arguments(node: FieldNode) -> frozenset[tuple[str, str]]:
    return frozenset((each.name, each.value) for each in map(argument_of, node.arguments or ()))


def _streams(node: FieldNode) -> frozenset[tuple[str, str]] | None:
    """The arguments of @stream, None without one."""
    for directive in node.directives or ():
        if directive.name.value == "stream":
            return frozenset((each.name, each.value) for each in map(argument_of, directive.arguments or ()))
    return None


def _have_one_shape(left: GraphQLOutputType, right: GraphQLOutputType) -> bool:
    """Same lists and non-nulls around the same leaf, or around any two composite types."""
    if is_non_null_type(left) or is_non_null_type(right):
        return (
            is_non_null_type(left)
            and is_non_null_type(right)
            and _have_one_shape(left.of_type, right.of_type)
        )
    if is_list_type(left) or is_list_type(right):
        return is_list_type(left) and is_list_type(right) and _have_one_shape(left.of_type, right.of_type)
    if is_leaf_type(left) or is_leaf_type(right):
        return left is right
    return True
