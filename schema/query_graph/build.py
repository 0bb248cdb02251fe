"""Supergraph → QueryGraph.

Nodes first, then fields, narrowings, jumps between entities, and last the views that `@provides` opens.
"""

from collections.abc import Iterator, Mapping

from schema.query_graph.draft import Draft
from schema.query_graph.model import (
    AbstractMove,
    EntityMove,
    FieldMove,
    Node,
    NodeKind,
    QueryGraph,
    RootMove,
)
from schema.query_graph.views import add_views
from schema.supergraph.model import (
    CompositeType,
    EnumType,
    Field,
    FieldInSubgraph,
    InputObjectType,
    InterfaceType,
    NamedType,
    ObjectType,
    ScalarType,
    Supergraph,
    UnionType,
)


def build_query_graph(supergraph: Supergraph) -> QueryGraph:
    """The graph of everything that can be reached in the supergraph."""
    draft = Draft(supergraph)
    _add_nodes(draft)
    _add_object_fields(draft)
    _add_members(draft)
    _add_interface_fields(draft)
    _add_entity_moves(draft)
    _add_roots(draft)
    add_views(draft)
    return draft.finished()


def _kind_in(known: NamedType, subgraph: str) -> NodeKind | None:
    match known:
        case ObjectType():
            return NodeKind.OBJECT
        case InterfaceType():
            is_object = known.sources[subgraph].is_interface_object
            return NodeKind.INTERFACE_OBJECT if is_object else NodeKind.INTERFACE
        case UnionType():
            return NodeKind.UNION
        case ScalarType() | EnumType():
            return NodeKind.LEAF
        case InputObjectType():
            return None


def _add_nodes(draft: Draft) -> None:
    for known in draft.supergraph.types.values():
        for subgraph in known.sources:
            kind = _kind_in(known, subgraph)
            if kind is not None:
                draft.add_node(kind, known.name, subgraph)


def _composites(draft: Draft) -> Iterator[tuple[CompositeType, Node]]:
    for node in tuple(draft.nodes):
        known = draft.supergraph.composite(node.type_name)
        if known is not None and node.view == 0:
            yield known, node


def _overriders(field: Field) -> dict[str, str | None]:
    """Subgraphs that lost the field to another one → the label it hangs on (None: for good)."""
    lost: dict[str, str | None] = {}
    for source in field.sources.values():
        if source.override is not None and source.override != source.subgraph:
            lost[source.override] = source.override_label
    return lost


def _add_field(
    draft: Draft, node: Node, field: Field, source: FieldInSubgraph, lost: Mapping[str, str | None]
) -> None:
    """Add the move; `lost` are the overriders of the field."""
    if node.subgraph in lost and lost[node.subgraph] is None:
        return
    move = FieldMove(
        id=draft.next_move(),
        tail=node.id,
        head=draft.node_id(source.type.name, node.subgraph),
        name=field.name,
        type=source.type,
        requires=source.requires,
        needs_label=source.override_label if source.override else None,
        barred_by_label=lost.get(node.subgraph),
        context_arguments=source.context_arguments,
    )
    draft.fields[node.id][field.name] = move
    if source.provides:
        draft.provided[node.id, field.name] = source.provides


def _add_object_fields(draft: Draft) -> None:
    resolved: dict[str, dict[str, list[tuple[Field, FieldInSubgraph, Mapping[str, str | None]]]]] = {}
    for known, node in _composites(draft):
        if node.kind not in (NodeKind.OBJECT, NodeKind.INTERFACE_OBJECT) or isinstance(known, UnionType):
            continue
        if known.name not in resolved:
            resolved[known.name] = _resolved_fields(known)
        for field, source, lost in resolved[known.name].get(node.subgraph, ()):
            _add_field(draft, node, field, source, lost)


def _resolved_fields(
    known: ObjectType | InterfaceType,
) -> dict[str, list[tuple[Field, FieldInSubgraph, Mapping[str, str | None]]]]:
    """What each subgraph says of the fields it resolves, and to whom they are lost.

    Asked once per type: a root type has fields and subgraphs by the hundred, few of which belong together.
    """
    found: dict[str, list[tuple[Field, FieldInSubgraph, Mapping[str, str | None]]]] = {}
    for field in known.fields.values():
        lost = _overriders(field)
        for source in field.sources.values():
            if not source.is_external:
                found.setdefault(source.subgraph, []).append((field, source, lost))
    return found


def _add_members(draft: Draft) -> None:
    implementations = _implementations(draft.supergraph)
    same: dict[frozenset[str], frozenset[str]] = {}
    for known, node in _composites(draft):
        found = frozenset(_members_in(draft.supergraph, known, node, implementations))
        members = draft.members[node.id] = same.setdefault(found, found)  # equal ones compare at once
        if not node.is_abstract:
            continue
        for member in sorted(members):
            head = draft.ids.get((member, node.subgraph))
            if head is not None:
                move = AbstractMove(id=draft.next_move(), tail=node.id, head=head, type_name=member)
                draft.narrowings[node.id][member] = move


def _implementations(supergraph: Supergraph) -> Mapping[tuple[str, str], list[str]]:
    """The object types that implement each interface in each subgraph."""
    found: dict[tuple[str, str], list[str]] = {}
    for known in supergraph.types.values():
        if isinstance(known, ObjectType):
            for source in known.sources.values():
                for interface in source.interfaces & known.interfaces:
                    found.setdefault((interface, source.subgraph), []).append(known.name)
    return found


def _members_in(
    supergraph: Supergraph,
    known: CompositeType,
    node: Node,
    implementations: Mapping[tuple[str, str], list[str]],
) -> Iterator[str]:
    match known:
        case ObjectType():
            yield known.name
        case UnionType():
            yield from known.members_in.get(node.subgraph, ())
        case InterfaceType() if node.kind is NodeKind.INTERFACE_OBJECT:
            yield from supergraph.possible_types.get(known.name, ())
        case InterfaceType():
            yield from implementations.get((known.name, node.subgraph), ())


def _add_interface_fields(draft: Draft) -> None:
    """A field can be asked of the interface itself if every implementation there resolves it unaided."""
    for known, node in _composites(draft):
        if node.kind is not NodeKind.INTERFACE or isinstance(known, UnionType):
            continue
        for field in known.fields.values():
            source = field.sources.get(node.subgraph)
            if source is None or source.is_external:
                continue
            if all(
                _resolves_unaided(draft, member, node.subgraph, field.name)
                for member in draft.members[node.id]
            ):
                _add_field(draft, node, field, source, _overriders(field))


def _resolves_unaided(draft: Draft, type_name: str, subgraph: str, field: str) -> bool:
    node = draft.ids.get((type_name, subgraph))
    move = None if node is None else draft.fields[node].get(field)
    return (
        move is not None
        and not move.requires
        and not move.context_arguments
        and move.needs_label is None
        and move.barred_by_label is None
    )


def _add_entity_moves(draft: Draft) -> None:
    for known, target in _composites(draft):
        if isinstance(known, UnionType):
            continue
        for key in known.sources[target.subgraph].keys:
            if not key.is_resolvable:
                continue
            for source, typename in _sources_for(draft, known, target):
                move = EntityMove(
                    id=draft.next_move(), tail=source, head=target.id, key=key.fields, typename=typename
                )
                draft.entity_moves[source].append(move)


def _sources_for(
    draft: Draft, known: ObjectType | InterfaceType, target: Node
) -> Iterator[tuple[int, str | None]]:
    """Nodes from which the target entity can be asked for, with the type name to tell it."""
    for subgraph in known.sources:
        source = draft.nodes[draft.ids[known.name, subgraph]]
        both_interfaces = source.kind is NodeKind.INTERFACE and target.kind is NodeKind.INTERFACE
        if both_interfaces and source.id == target.id:
            continue
        yield source.id, None if both_interfaces else known.name
    if target.kind is NodeKind.INTERFACE_OBJECT:
        for member in draft.supergraph.possible_types.get(known.name, ()):
            for subgraph in draft.supergraph.types[member].sources:
                if subgraph != target.subgraph:
                    yield draft.ids[member, subgraph], known.name


def _add_roots(draft: Draft) -> None:
    for kind, type_name in draft.supergraph.roots.items():
        heads = [draft.ids[type_name, graph] for graph in draft.supergraph.types[type_name].sources]
        draft.entries[kind] = [RootMove(id=draft.next_move(), tail=None, head=head) for head in heads]
        if kind != "query":
            continue
        for tail in heads:
            draft.reentries[tail] = [
                RootMove(id=draft.next_move(), tail=tail, head=head) for head in heads if head != tail
            ]
