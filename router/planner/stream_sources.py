"""Which lists of a plan their subgraphs are asked to stream, written into the fetches' documents.

A list is streamed by its source where that makes no difference to anybody but who waits: one fetch alone
brings it, nothing around it is asked for with what stands in it, and it stands in no list that is streamed.
All other lists are fetched whole and cut by the router.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from graphql import (
    DirectiveNode,
    FieldNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    VariableDefinitionNode,
    VariableNode,
    parse,
    print_ast,
    strip_ignored_characters,
)

from router.operation.model import Field as OperationField
from router.operation.model import Operation, OperationKind, SelectionSet, Stream, VariableDefinition
from router.plan.nodes import EntityCall, Fetch, Plan, RequiredField, StreamedList
from router.plan.paths import Key, Path
from schema.supergraph.model import Supergraph

Keys = tuple[str, ...]
"""A place in the response, whatever items of lists are around it."""

ROOT = ""
"""The part of an answer that is no entity call."""


@dataclass(frozen=True, slots=True)
class _Part:
    """One call of a fetch, or a root fetch, and where in the response it fills objects."""

    fetch: Fetch
    alias: str
    bases: tuple[Keys, ...]
    selections: SelectionSetNode
    is_renamed: bool

    def places(self) -> Iterator[Keys]:
        """Everything that it asks for, with where that stands."""
        for keys in set(_below(self.selections)):
            for base in self.bases:
                yield (*base, *keys)


def with_stream_sources(plan: Plan, operation: Operation, supergraph: Supergraph) -> Plan:
    """The plan that asks subgraphs for lists item by item where they can do that and the client wants it."""
    if plan.kind is not OperationKind.QUERY or not operation.has_streams:
        return plan
    able = {each.name for each in supergraph.subgraphs.values() if each.streams}
    if able.isdisjoint(fetch.subgraph for fetch in plan.fetches):
        return plan
    parts = [part for fetch in plan.fetches for part in _parts(fetch)]
    fillers = Counter(place for part in parts for place in part.places())
    sent = {place for fetch in plan.fetches for place in _sent_from_around(fetch)}
    wanted = {
        place: stream
        for place, stream in _wanted(operation).items()
        if fillers[place] == 1 and place not in sent
    }
    chosen: dict[int, list[tuple[str, Keys, Stream]]] = {}
    for part in parts:
        if part.fetch.subgraph in able and not part.is_renamed:
            chosen.setdefault(part.fetch.id, []).extend(_streams_of(part, wanted))
    definitions = {variable.name: variable for variable in operation.variables}
    return replace(
        plan,
        fetches=tuple(
            _streaming(fetch, chosen[fetch.id], definitions) if chosen.get(fetch.id) else fetch
            for fetch in plan.fetches
        ),
    )


# -- what the client wants -----------------------------------------------------------------------------


def _wanted(operation: Operation) -> Mapping[Keys, Stream]:
    """The outermost places where everybody who asks for a list wants it streamed, and alike."""
    asked: dict[Keys, list[Stream | None]] = {}
    _note(operation.selections, (), asked)
    types = {variable.name: variable.type for variable in operation.variables}
    found: dict[Keys, Stream] = {}
    for place in sorted(asked, key=len):
        first, *others = asked[place]
        if first is None or any(each != first for each in others) or not _is_certain(first, types):
            continue
        if not any(place[:length] in found for length in range(len(place))):
            found[place] = first
    return found


def _note(selections: SelectionSet, around: Keys, asked: dict[Keys, list[Stream | None]]) -> None:
    for item in selections:
        if isinstance(item, OperationField):
            place = (*around, item.response_key)
            asked.setdefault(place, []).append(item.stream)
            if item.selections is not None:
                _note(item.selections, place, asked)
        else:
            _note(item.selections, around, asked)


def _is_certain(stream: Stream, types: Mapping[str, str]) -> bool:
    """A variable for `initialCount` may be null for us, but for no subgraph."""
    count = stream.initial_count
    return count >= 0 if isinstance(count, int) else types[count].endswith("!")


# -- who brings what -----------------------------------------------------------------------------------


def _parts(fetch: Fetch) -> Iterator[_Part]:
    definition = _operation_in(fetch.document)
    if not fetch.calls:
        yield _Part(fetch, ROOT, (_keys(fetch.path),), definition.selection_set, bool(fetch.rewrites))
    for call in fetch.calls:
        asked = next(
            node
            for node in definition.selection_set.selections
            if isinstance(node, FieldNode) and _response_key(node) == call.alias
        )
        assert asked.selection_set is not None
        bases = tuple({_keys(path): None for path in call.paths})
        yield _Part(fetch, call.alias, bases, asked.selection_set, bool(call.rewrites))


def _streams_of(part: _Part, wanted: Mapping[Keys, Stream]) -> Iterator[tuple[str, Keys, Stream]]:
    """The lists of one part that are streamed wherever the part fills objects."""
    for keys in dict.fromkeys(_below(part.selections)):
        streams = [wanted.get((*base, *keys)) for base in part.bases]
        first = streams[0]
        if first is not None and all(each == first for each in streams):
            yield part.alias, keys, first


def _sent_from_around(fetch: Fetch) -> Iterator[Keys]:
    """Places that have to be complete before this is asked, since they are sent for an object around them."""
    for call in fetch.calls:
        for path in call.paths:
            for representation in call.representations:
                yield from _required(representation.fields, _keys(path))
        yield from _taken_from_contexts(call)


def _taken_from_contexts(call: EntityCall) -> Iterator[Keys]:
    for context in call.contexts:
        yield from _required(context.fields, _keys(call.paths[0][: context.depth]))


def _required(fields: Iterable[RequiredField], around: Keys) -> Iterator[Keys]:
    for each in fields:
        place = (*around, each.key)
        yield place
        yield from _required(each.selections, place)


def _keys(path: Path) -> Keys:
    return tuple(step.name for step in path if isinstance(step, Key))


def _below(selections: SelectionSetNode) -> Iterator[Keys]:
    for node in selections.selections:
        match node:
            case FieldNode():
                key = _response_key(node)
                yield (key,)
                if node.selection_set is not None:
                    yield from ((key, *keys) for keys in _below(node.selection_set))
            case InlineFragmentNode():
                yield from _below(node.selection_set)
            case _:
                raise AssertionError(node)


# -- documents -----------------------------------------------------------------------------------------


def _streaming(
    fetch: Fetch, chosen: Iterable[tuple[str, Keys, Stream]], definitions: Mapping[str, VariableDefinition]
) -> Fetch:
    """The fetch with `@stream` in its document, and the variables that this needs."""
    asked = {((alias, *keys) if alias else keys): stream for alias, keys, stream in chosen}
    operation = _operation_in(fetch.document)
    used = {
        name
        for stream in asked.values()
        for name in (stream.condition, stream.initial_count)
        if isinstance(name, str)
    }
    new = sorted(used - set(fetch.variables))
    written = OperationDefinitionNode(
        operation=operation.operation,
        name=operation.name,
        variable_definitions=(
            *(operation.variable_definitions or ()),
            *(_definition(definitions[name]) for name in new),
        ),
        directives=operation.directives,
        selection_set=_marked(operation.selection_set, (), asked),
    )
    return replace(
        fetch,
        document=strip_ignored_characters(print_ast(written)),
        variables=tuple(sorted((*fetch.variables, *new))),
        streams=tuple(StreamedList(call=alias, keys=keys) for alias, keys, _ in chosen),
    )


def _marked(selections: SelectionSetNode, at: Keys, asked: Mapping[Keys, Stream]) -> SelectionSetNode:
    return SelectionSetNode(selections=tuple(_mark(node, at, asked) for node in selections.selections))


def _mark(node: SelectionNode, at: Keys, asked: Mapping[Keys, Stream]) -> SelectionNode:
    match node:
        case FieldNode():
            place = (*at, _response_key(node))
            below = node.selection_set
            directive = (_directive(asked[place]),) if place in asked else ()
            return FieldNode(
                alias=node.alias,
                name=node.name,
                arguments=node.arguments,
                directives=(*(node.directives or ()), *directive),
                selection_set=None if below is None else _marked(below, place, asked),
            )
        case InlineFragmentNode():
            return InlineFragmentNode(
                type_condition=node.type_condition,
                directives=node.directives,
                selection_set=_marked(node.selection_set, at, asked),
            )
        case _:
            raise AssertionError(node)


def _directive(stream: Stream) -> DirectiveNode:
    """`@stream` as the subgraph is to understand it; labels are between the router and its client."""
    count = f"${stream.initial_count}" if isinstance(stream.initial_count, str) else str(stream.initial_count)
    condition = "" if stream.condition is None else f"if:${stream.condition},"
    field = _operation_in(f"{{x @stream({condition}initialCount:{count})}}").selection_set.selections[0]
    assert field.directives
    return field.directives[0]


def _definition(variable: VariableDefinition) -> VariableDefinitionNode:
    default = "" if variable.default is None else f"={variable.default}"
    operation = _operation_in(f"query(${variable.name}:{variable.type}{default}){{x}}")
    assert operation.variable_definitions
    definition = operation.variable_definitions[0]
    assert isinstance(definition.variable, VariableNode)
    return definition


def _operation_in(document: str) -> OperationDefinitionNode:
    definition = parse(document, no_location=True).definitions[0]
    assert isinstance(definition, OperationDefinitionNode)
    return definition


def _response_key(node: FieldNode) -> str:
    return node.alias.value if node.alias else node.name.value
