"""Document to Operation: one operation, fragments written out, fields merged, literal conditions decided.

`{ ...F a @include(if: true) }  fragment F on Query { b { c } ... on Query { b { d } } }`
becomes `{ b { c d } a }`.

Conditions on variables end up on fields: a fragment hands its own down. The order of the items is the
order of the response (spec §6.3.2, CollectFields). If the answer may come in parts, so do the marks of
`@defer`.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from graphql import (
    BooleanValueNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLCompositeType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    StringValueNode,
    VariableDefinitionNode,
    VariableNode,
    get_named_type,
    is_abstract_type,
    is_composite_type,
    is_interface_type,
    is_object_type,
    print_ast,
)

from router.errors import MaxSelectionsExceeded, OperationUnresolved
from router.operation.deferral import deferrals_in, is_mark, mark
from router.operation.literals import argument_of, literal
from router.operation.model import (
    Argument,
    Condition,
    Conditions,
    Deferral,
    Field,
    InlineFragment,
    Operation,
    OperationKind,
    Selection,
    SelectionSet,
    Stream,
    VariableDefinition,
)
from router.settings import OperationLimits

_Holds = frozenset[Condition]
"""Conditions that must hold together."""

_ALWAYS: _Holds = frozenset()


def normalise(
    document: DocumentNode,
    operation_name: str | None,
    schema: GraphQLSchema,
    *,
    max_selections: int = OperationLimits().max_selections,
    in_parts: bool = False,
) -> Operation:
    """The chosen operation of a valid document; raises OperationUnresolved, MaxSelectionsExceeded.

    Only if its answer may come in parts does `@defer` mean anything.
    """
    chosen = _choose(document, operation_name)
    kind = OperationKind(chosen.operation.value)
    root = schema.get_root_type(chosen.operation)
    if root is None:
        raise OperationUnresolved(f"The schema has no {kind} operations.")
    fragments = {
        definition.name.value: definition
        for definition in document.definitions
        if isinstance(definition, FragmentDefinitionNode)
    }
    walk = _Walk(schema=schema, fragments=fragments, max_selections=max_selections, in_parts=in_parts)
    selections = walk.root(root, chosen.selection_set, is_serial=kind is OperationKind.MUTATION)
    return Operation(
        kind=kind,
        name=chosen.name.value if chosen.name else None,
        variables=tuple(_variable(definition) for definition in chosen.variable_definitions or ()),
        selections=selections,
        deferrals=tuple(walk.deferrals),
        has_streams=walk.has_streams,
    )


def _choose(document: DocumentNode, operation_name: str | None) -> OperationDefinitionNode:
    operations = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
    if operation_name is not None:
        for operation in operations:
            if operation.name is not None and operation.name.value == operation_name:
                return operation
        raise OperationUnresolved(f"The document has no operation named {operation_name!r}.")
    if not operations:
        raise OperationUnresolved("The document has no operation.")
    if len(operations) > 1:
        raise OperationUnresolved("The document has several operations: say which one with operationName.")
    return operations[0]


def _variable(definition: VariableDefinitionNode) -> VariableDefinition:
    return VariableDefinition(
        name=definition.variable.name.value,
        type=print_ast(definition.type),
        default=None if definition.default_value is None else literal(definition.default_value),
    )


_Parts = list[tuple[SelectionSetNode, _Holds]]
"""Selection sets that apply to one object, each under its conditions."""


@dataclass(slots=True, eq=False)
class _FieldDraft:
    """A field that later selections with the same response key may still add to."""

    name: str
    response_key: str
    arguments: tuple[Argument, ...]
    conditions: _Holds
    parts: _Parts
    stream: Stream | None = None


@dataclass(slots=True, eq=False)
class _Level:
    """What is selected on values of `parent`, whose runtime type is one of `possible`.

    `latest`: the last field with a key, here or in a fragment inside.
    """

    parent: GraphQLCompositeType
    possible: frozenset[str]
    depth: int
    outer: "_Level | None" = None
    items: "list[_FieldDraft | _Level]" = field(default_factory=list)
    by_key: dict[str, list[_FieldDraft]] = field(default_factory=dict)
    latest: dict[str, _FieldDraft] = field(default_factory=dict)

    def drafts(self, response_key: str) -> Iterator[_FieldDraft]:
        """Fields with this key that were selected so far, here or around this fragment."""
        level: _Level | None = self
        while level is not None:
            yield from level.by_key.get(response_key, ())
            level = level.outer

    def last(self, response_key: str) -> Sequence[_FieldDraft]:
        """The field with this key, if there is one, that nothing under the key has followed since."""
        own = self.by_key.get(response_key, ())
        return own[-1:] if own and own[-1] is self.latest[response_key] else ()

    def add(self, draft: _FieldDraft) -> None:
        """One more field."""
        self.items.append(draft)
        self.by_key.setdefault(draft.response_key, []).append(draft)
        level: _Level | None = self
        while level is not None:
            level.latest[draft.response_key] = draft
            level = level.outer


@dataclass(slots=True, kw_only=True)
class _Walk:
    """One pass over the syntax tree, with a bound on the selections seen."""

    schema: GraphQLSchema
    fragments: dict[str, FragmentDefinitionNode]
    max_selections: int
    in_parts: bool
    seen: int = 0
    deferrals: list[Deferral] = field(default_factory=list)
    has_streams: bool = False

    def root(self, parent: GraphQLCompositeType, node: SelectionSetNode, *, is_serial: bool) -> SelectionSet:
        """The merged selections of the operation; of a serial one every key stands once, whatever holds."""
        level = _Level(parent, self._possible(parent), 0)
        self._collect(level, node, _ALWAYS, _ALWAYS)
        if is_serial:
            level.items = [each for item in level.items for each in self._once(level, item)]
        return self._finished(level, _ALWAYS)

    def selections(
        self, parent: GraphQLCompositeType, parts: _Parts, known: _Holds, depth: int
    ) -> SelectionSet:
        """The merged selections of `parts`; `known` holds wherever they are evaluated."""
        level = _Level(parent, self._possible(parent), depth)
        for node, conditions in parts:
            self._collect(level, node, conditions, known)
        return self._finished(level, known)

    def _collect(self, level: _Level, node: SelectionSetNode, conditions: _Holds, known: _Holds) -> None:
        for selection in node.selections:
            self._count(1)
            own = _conditions(selection)
            if own is None:
                continue
            all_of = (own | conditions) - known
            if _contradict(all_of, known):
                continue
            if self.in_parts and selection.directives and not isinstance(selection, FieldNode):
                all_of |= self._deferred(selection, level.depth, all_of | known)
            match selection:
                case FieldNode():
                    stream = _stream(selection) if self.in_parts and selection.directives else None
                    self.has_streams |= stream is not None
                    _add_field(level, selection, all_of, stream)
                case InlineFragmentNode(type_condition=None):
                    self._collect(level, selection.selection_set, all_of, known)
                case InlineFragmentNode():
                    assert selection.type_condition is not None
                    condition = selection.type_condition.name.value
                    self._add_fragment(level, condition, selection.selection_set, all_of, known)
                case FragmentSpreadNode():
                    fragment = self.fragments[selection.name.value]
                    condition = fragment.type_condition.name.value
                    self._add_fragment(level, condition, fragment.selection_set, all_of, known)
                case _:
                    raise AssertionError(selection)

    def _deferred(self, fragment: SelectionNode, depth: int, around: _Holds) -> _Holds:
        """The mark of a fragment that is deferred; `around`: what holds there."""
        directive = next((each for each in fragment.directives or () if each.name.value == "defer"), None)
        if directive is None:
            return _ALWAYS
        given = {each.name.value: each.value for each in directive.arguments or ()}
        decided, label = given.get("if"), given.get("label")
        if isinstance(decided, BooleanValueNode) and not decided.value:
            return _ALWAYS
        deferral = Deferral(
            id=len(self.deferrals),
            parent=max(deferrals_in(around), default=None),
            label=label.value if isinstance(label, StringValueNode) else None,
            condition=decided.name.value if isinstance(decided, VariableNode) else None,
            depth=depth,
        )
        self.deferrals.append(deferral)
        return frozenset((mark(deferral.id),))

    def _add_fragment(
        self, level: _Level, type_condition: str, node: SelectionSetNode, conditions: _Holds, known: _Holds
    ) -> None:
        narrowed = self.schema.type_map[type_condition]
        assert is_composite_type(narrowed)
        possible = level.possible & self._possible(narrowed)
        if not possible:
            return
        if self._always_applies(level.parent, narrowed):
            self._collect(level, node, conditions, known)
            return
        last = level.items[-1] if level.items else None
        if not isinstance(last, _Level) or last.parent is not narrowed:
            last = _Level(narrowed, possible, level.depth, outer=level)
            level.items.append(last)
        self._collect(last, node, conditions, known)

    def _always_applies(self, parent: GraphQLCompositeType, narrowed: GraphQLCompositeType) -> bool:
        """The fragment says nothing that its parent type does not say (and its fields exist there)."""
        if parent is narrowed:
            return True
        if is_object_type(parent):
            return True  # possible types overlap, so the object is one of them
        return is_interface_type(parent) and narrowed in parent.interfaces

    def _possible(self, composite: GraphQLCompositeType) -> frozenset[str]:
        if is_abstract_type(composite):
            return frozenset(each.name for each in self.schema.get_possible_types(composite))
        return frozenset((composite.name,))

    def _once(self, level: _Level, item: "_FieldDraft | _Level") -> "Iterator[_FieldDraft | _Level]":
        """The field where it is the first of its key that takes part, with all that later ones select.

        a @include(if: $x) { b } c a { d }  becomes  a @include(if: $x) { b d } c a @skip(if: $x) { d }
        """
        same = level.by_key[item.response_key] if isinstance(item, _FieldDraft) else ()
        if isinstance(item, _Level) or len(same) == 1:
            yield item
            return
        at = same.index(item)
        firsts = [item.conditions]
        for earlier in same[:at]:
            firsts = [each for first in firsts for each in _but_for(first, earlier.conditions)]
            self._count(len(firsts))
        for first in firsts:
            found = ((node, own | each.conditions) for each in same[at:] for node, own in each.parts)
            parts = [(node, holds - first) for node, holds in found if not _contradict(holds, first)]
            self._count(len(parts))
            yield replace(item, conditions=first, parts=parts)

    def _count(self, number: int) -> None:
        self.seen += number
        if self.seen > self.max_selections:
            raise MaxSelectionsExceeded(limit=self.max_selections)

    def _finished(self, level: _Level, known: _Holds) -> SelectionSet:
        items: list[Selection] = []
        for item in level.items:
            if isinstance(item, _FieldDraft):
                items.append(self._field(level, item, known))
                continue
            selections = self._finished(item, known)
            if selections.items:
                items.append(InlineFragment(type_condition=item.parent.name, selections=selections))
        return SelectionSet(parent_type=level.parent.name, items=tuple(items))

    def _field(self, level: _Level, draft: _FieldDraft, known: _Holds) -> Field:
        selections = None
        if draft.parts:
            definition = self.schema.get_field(level.parent, draft.name)
            assert definition is not None
            returned = get_named_type(definition.type)
            assert is_composite_type(returned)
            selections = self.selections(returned, draft.parts, known | draft.conditions, level.depth + 1)
        return Field(
            name=draft.name,
            response_key=draft.response_key,
            arguments=draft.arguments,
            conditions=_sorted(draft.conditions),
            selections=selections,
            stream=draft.stream,
        )


def _add_field(level: _Level, node: FieldNode, conditions: _Holds, stream: Stream | None) -> None:
    """Add to an earlier field that is there whenever this one is, otherwise stand beside it."""
    response_key = node.alias.value if node.alias else node.name.value
    if node.selection_set is None:
        if any(draft.conditions <= conditions for draft in level.drafts(response_key)):
            return
    else:
        # What is deferred comes later anyway: there is no order to keep.
        is_deferred = any(map(is_mark, conditions))
        for draft in level.by_key.get(response_key, ()) if is_deferred else level.last(response_key):
            if draft.conditions <= conditions:
                draft.parts.append((node.selection_set, conditions - draft.conditions))
                return
    wider = next((each for each in level.by_key.get(response_key, ()) if _defers(each, conditions)), None)
    if wider is not None:
        _widen(level, wider, conditions)
        if node.selection_set is not None:
            wider.parts.append((node.selection_set, _ALWAYS))
        return
    draft = _FieldDraft(
        name=node.name.value,
        response_key=response_key,
        arguments=_arguments(node),
        conditions=conditions,
        parts=[] if node.selection_set is None else [(node.selection_set, _ALWAYS)],
        stream=stream,
    )
    level.add(draft)


def _stream(node: FieldNode) -> Stream | None:
    directive = next((each for each in node.directives or () if each.name.value == "stream"), None)
    if directive is None:
        return None
    given = {each.name.value: each.value for each in directive.arguments or ()}
    decided, label, count = given.get("if"), given.get("label"), given.get("initialCount")
    if isinstance(decided, BooleanValueNode) and not decided.value:
        return None
    initial: int | str = 0
    if isinstance(count, VariableNode):
        initial = count.name.value
    elif isinstance(count, IntValueNode):
        initial = int(count.value)
    return Stream(
        label=label.value if isinstance(label, StringValueNode) else None,
        condition=decided.name.value if isinstance(decided, VariableNode) else None,
        initial_count=initial,
    )


def _defers(draft: _FieldDraft, conditions: _Holds) -> bool:
    """Whether the draft says the same as a field under these conditions, only later."""
    return conditions < draft.conditions and all(map(is_mark, draft.conditions - conditions))


def _widen(level: _Level, wider: _FieldDraft, conditions: _Holds) -> None:
    """Let a deferred field be there sooner; what is in it and in others that it covers now still waits."""
    parts: _Parts = []
    for draft in [each for each in level.by_key[wider.response_key] if conditions <= each.conditions]:
        later = draft.conditions - conditions
        parts.extend((node, own | later) for node, own in draft.parts)
        if draft is not wider:
            level.by_key[wider.response_key].remove(draft)
            level.items.remove(draft)
    level.latest[wider.response_key] = level.by_key[wider.response_key][-1]
    wider.parts, wider.conditions = parts, conditions


def _arguments(node: FieldNode) -> tuple[Argument, ...]:
    arguments = [argument_of(argument) for argument in node.arguments or ()]
    return tuple(sorted(arguments, key=lambda argument: argument.name))


def _conditions(node: SelectionNode) -> _Holds | None:
    """What @skip and @include ask of variables; None if a literal already says no (spec §3.13)."""
    conditions: set[Condition] = set()
    for directive in node.directives or ():
        wanted = directive.name.value == "include"
        if not wanted and directive.name.value != "skip":
            continue
        value = next(each.value for each in directive.arguments or () if each.name.value == "if")
        match value:
            case BooleanValueNode():
                if value.value is not wanted:
                    return None
            case VariableNode():
                conditions.add(Condition(variable=value.name.value, wanted=wanted))
            case _:
                raise AssertionError(value)
    return frozenset(conditions)


def _contradict(conditions: _Holds, known: Iterable[Condition]) -> bool:
    """Some variable would have to be both true and false."""
    if not conditions:
        return False
    all_of = conditions.union(known)
    return len({each.variable for each in all_of}) < len(all_of)


def _but_for(holds: _Holds, other: _Holds) -> Iterator[_Holds]:
    """The cases in which the first conditions hold and the others do not; no two of them at once."""
    if _contradict(holds, other):
        yield holds
        return
    for condition in _sorted(other - holds):
        yield holds | {replace(condition, wanted=not condition.wanted)}
        holds |= {condition}


def _sorted(conditions: _Holds) -> Conditions:
    return tuple(sorted(conditions, key=lambda each: (each.variable, each.wanted)))
