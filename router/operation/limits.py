"""How large an operation is, counted through its fragments in linear time.

Nothing is written out: every fragment is measured once and its figures are added wherever it is spread,
so a document of a few lines that would expand to millions of fields is measured as fast as it is read.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
)

_INTROSPECTION = frozenset({"__schema", "__type"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """The size of one operation, fragments written out.

    `depth` counts levels of fields, outside introspection (which has a rule of its own);
    `selections` counts fields, inline fragments and spreads.
    """

    depth: int = 0
    root_fields: int = 0
    aliases: int = 0
    directives: int = 0
    selections: int = 0


@dataclass(slots=True)
class _Spread:
    name: str
    depth: int
    is_introspection: bool


@dataclass(slots=True)
class _Own:
    """What one definition counts by itself, and the fragments it spreads."""

    depth: int = 0
    root_fields: int = 0
    aliases: int = 0
    directives: int = 0
    selections: int = 0
    spreads: list[_Spread] = field(default_factory=list)


class FragmentCycle(Exception):
    """A fragment spreads itself, so the operation has no size."""


def sizes(document: DocumentNode) -> tuple[Size, ...]:
    """The size of every operation in the document; raises FragmentCycle."""
    fragments: dict[str, _Own] = {}
    operations: list[_Own] = []
    for definition in document.definitions:
        match definition:
            case FragmentDefinitionNode():
                fragments[definition.name.value] = _own(definition.selection_set)
            case OperationDefinitionNode():
                own = _own(definition.selection_set)
                own.directives += len(definition.directives or ())
                operations.append(own)
            case _:
                pass
    measured = _fragment_sizes(fragments)
    return tuple(_total(own, measured) for own in operations)


def _own(selection_set: SelectionSetNode) -> _Own:
    own = _Own()
    stack: list[tuple[SelectionSetNode, int, bool]] = [(selection_set, 0, False)]
    while stack:
        current, depth, is_introspection = stack.pop()
        for selection in current.selections:
            own.selections += 1
            own.directives += len(selection.directives or ())
            below = _below(own, selection, depth, is_introspection)
            if below is not None:
                stack.append(below)
    return own


def _below(
    own: _Own, selection: SelectionNode, depth: int, is_introspection: bool
) -> tuple[SelectionSetNode, int, bool] | None:
    """Count one selection; what is nested in it, if anything."""
    match selection:
        case FieldNode():
            own.root_fields += depth == 0
            own.aliases += selection.alias is not None
            is_introspection = is_introspection or selection.name.value in _INTROSPECTION
            if not is_introspection:
                own.depth = max(own.depth, depth + 1)
            if selection.selection_set is not None:
                return selection.selection_set, depth + 1, is_introspection
        case InlineFragmentNode():
            return selection.selection_set, depth, is_introspection
        case FragmentSpreadNode():
            own.spreads.append(_Spread(selection.name.value, depth, is_introspection))
        case _:
            pass
    return None


def _fragment_sizes(fragments: Mapping[str, _Own]) -> dict[str, Size]:
    """Every fragment's size, those it spreads first; without recursion, since chains may be long."""
    measured: dict[str, Size] = {}
    for root in fragments:
        path = [(root, iter(fragments[root].spreads))]
        on_path = {root}
        while path:
            name, spreads = path[-1]
            for spread in spreads:
                if spread.name in on_path:
                    raise FragmentCycle(spread.name)
                if spread.name in fragments and spread.name not in measured:
                    path.append((spread.name, iter(fragments[spread.name].spreads)))
                    on_path.add(spread.name)
                    break
            else:
                path.pop()
                on_path.remove(name)
                measured[name] = _total(fragments[name], measured)
    return measured


def _total(own: _Own, measured: Mapping[str, Size]) -> Size:
    depth, root_fields, aliases = own.depth, own.root_fields, own.aliases
    directives, selections = own.directives, own.selections
    nothing = Size()
    for spread in own.spreads:
        size = measured.get(spread.name, nothing)
        if size.depth and not spread.is_introspection:
            depth = max(depth, spread.depth + size.depth)
        if spread.depth == 0:
            root_fields += size.root_fields
        aliases += size.aliases
        directives += size.directives
        selections += size.selections
    return Size(
        depth=depth, root_fields=root_fields, aliases=aliases, directives=directives, selections=selections
    )
