"""Whom changes would hit: recorded operations held against the old schema, the new one, and each change."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    OverlappingFieldsCanBeMergedRule,
    SelectionSetNode,
    get_operation_ast,
    parse,
    specified_rules,
    validate,
)

from schema.checks.change import Change
from schema.checks.kinds import Reach
from schema.checks.recorded import RecordedOperation
from schema.checks.usage import Usage, spread, usage_of

MAX_TOKENS = 50_000
"""More than any router takes of one operation."""

MAX_PAIRS = 250_000
"""Of fields that answer under one name. Whether more can be merged is not looked at: it takes minutes."""

_BUT_OVERLAPS = tuple(rule for rule in specified_rules if rule is not OverlappingFieldsCanBeMergedRule)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """An operation that one of the schemas does not take, with every reason."""

    operation: RecordedOperation
    name: str
    messages: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """An operation that a change would hit."""

    operation: RecordedOperation
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """The recorded operations that the old schema takes, and what each of them uses.

    `broken` are those of them that the new schema does not take, `never_valid` those that the old does not.
    """

    hits: tuple[Hit, ...]
    usages: tuple[Usage, ...]
    broken: tuple[Refused, ...]
    never_valid: tuple[Refused, ...]
    _by_use: Mapping[str, Sequence[int]] = field(default_factory=dict)

    def hit_by(self, change: Change) -> tuple[Hit, ...]:
        """The operations that the change would hit, in the order of the file."""
        numbers = {
            number for number in self._by_use.get(_place(change), ()) if _is_hit(change, self.usages[number])
        }
        return tuple(self.hits[number] for number in sorted(numbers))


def read_traffic(operations: Iterable[RecordedOperation], old: GraphQLSchema, new: GraphQLSchema) -> Traffic:
    """What the operations use of the old schema, and which the new one refuses."""
    hits: list[Hit] = []
    usages: list[Usage] = []
    broken: list[Refused] = []
    never_valid: list[Refused] = []
    for operation in operations:
        try:
            document, chosen = _parsed(operation)
            problems = _problems(old, document)
            if not problems:
                usage = _usage(document, chosen, old, operation)
                problems_now = _problems(new, document)
        except _NotAnOperation as error:
            never_valid.append(Refused(operation=operation, name=operation.name, messages=(str(error),)))
            continue
        name = _name(operation, chosen)
        if problems:
            never_valid.append(Refused(operation=operation, name=name, messages=problems))
            continue
        hits.append(Hit(operation=operation, name=name))
        usages.append(usage)
        if problems_now:
            broken.append(Refused(operation=operation, name=name, messages=problems_now))
    return Traffic(
        hits=tuple(hits),
        usages=tuple(usages),
        broken=tuple(broken),
        never_valid=tuple(never_valid),
        _by_use=_index(usages),
    )


class _NotAnOperation(Exception):
    """The text is nothing that could be run; says why."""


def _parsed(operation: RecordedOperation) -> tuple[DocumentNode, OperationDefinitionNode]:
    try:
        document = parse(operation.text, max_tokens=MAX_TOKENS)
    except GraphQLError as error:
        raise _NotAnOperation(error.message) from error
    except RecursionError as error:
        raise _NotAnOperation("It nests deeper than can be read.") from error
    chosen = get_operation_ast(document, operation.name or None)
    if chosen is None:
        raise _NotAnOperation(
            f"It has no operation named {operation.name!r}."
            if operation.name
            else "It does not have exactly one operation, and no operationName says which is meant."
        )
    return document, chosen


def _problems(schema: GraphQLSchema, document: DocumentNode) -> tuple[str, ...]:
    try:
        rules = specified_rules if _pairs(document) <= MAX_PAIRS else _BUT_OVERLAPS
        found = validate(schema, document, rules, max_errors=20)
        return tuple(dict.fromkeys(error.message for error in found))
    except RecursionError as error:
        raise _NotAnOperation("It nests deeper than can be checked.") from error


def _usage(
    document: DocumentNode,
    chosen: OperationDefinitionNode,
    schema: GraphQLSchema,
    operation: RecordedOperation,
) -> Usage:
    try:
        return usage_of(document, chosen, schema, operation.shapes)
    except RecursionError as error:
        raise _NotAnOperation("It nests deeper than can be followed.") from error


def _pairs(document: DocumentNode) -> int:
    """How many pairs of fields could meet under one name at most."""
    names: Counter[str] = Counter()
    waiting: list[SelectionSetNode] = [
        node.selection_set
        for node in document.definitions
        if isinstance(node, OperationDefinitionNode | FragmentDefinitionNode)
    ]
    while waiting:
        for selection in waiting.pop().selections:
            match selection:
                case FieldNode():
                    names[(selection.alias or selection.name).value] += 1
                    waiting += [selection.selection_set] if selection.selection_set else []
                case InlineFragmentNode():
                    waiting.append(selection.selection_set)
                case _:
                    names["..."] += 1
    return sum(count * count for count in names.values())


def _name(operation: RecordedOperation, chosen: OperationDefinitionNode) -> str:
    if operation.name:
        return operation.name
    return chosen.name.value if chosen.name else "(no name)"


def _index(usages: Sequence[Usage]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for number, usage in enumerate(usages):
        for coordinate in usage.used | usage.omitted | usage.nullable:
            found.setdefault(coordinate, []).append(number)
    return found


def _place(change: Change) -> str:
    """The coordinate by which operations are found."""
    return _parent(change.coordinate) if change.rule.reach is Reach.PARENT else change.coordinate


def _parent(coordinate: str) -> str:
    """`User.name(short:)` belongs to `User.name`, that to `User`, and `@d(a:)` to `@d`."""
    head, _, argument = coordinate.partition("(")
    return head if argument else head.partition(".")[0]


def _is_hit(change: Change, usage: Usage) -> bool:
    at = change.coordinate
    match change.rule.reach:
        case Reach.NOBODY | Reach.UNMEASURED:
            return False
        case Reach.USED:
            return at in usage.used
        case Reach.PARENT:
            return _parent(at) in usage.used
        case Reach.OMITTED:
            return at in usage.omitted
        case Reach.NULL:
            return at in usage.nullable
        case Reach.OMITTED_OR_NULL:
            return at in usage.omitted or at in usage.nullable
        case Reach.BOTH:
            return spread(at, change.old) in usage.used or spread(change.old, at) in usage.used
