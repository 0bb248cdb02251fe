"""Views: copies of nodes below a `@provides` field, which have the provided fields as well.

reviews.author @provides(fields: "username")     head: User/reviews with `username`
an ordinary User/reviews                         does not have it
"""

from collections.abc import Iterator
from dataclasses import replace

from schema.query_graph.draft import Draft
from schema.query_graph.model import AbstractMove, FieldMove, Node, NodeKind
from schema.supergraph.field_set import FieldPart, FieldSet, FragmentPart
from schema.supergraph.model import UnionType


def add_views(draft: Draft) -> None:
    """Point every providing field at a view of what it returns."""
    views = _Views(draft)
    for (node, name), provided in draft.provided.items():
        move = draft.fields[node][name]
        draft.fields[node][name] = replace(move, head=views.view_of(move.head, provided))


class _Views:
    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._known: dict[tuple[int, FieldSet], int] = {}

    def view_of(self, base: int, provided: FieldSet) -> int:
        """The view of a node in which the fields are provided."""
        fields = _merged(provided)
        if not fields:
            return base
        known = self._known.get((base, fields))
        if known is not None:
            return known
        draft, original = self._draft, self._draft.nodes[base]
        view = draft.add_node(original.kind, original.type_name, original.subgraph, view=len(self._known) + 1)
        self._known[base, fields] = view.id
        draft.members[view.id] = draft.members[base]
        draft.entity_moves[view.id] = [
            replace(move, id=draft.next_move(), tail=view.id) for move in draft.entity_moves[base]
        ]
        for name, move in draft.fields[base].items():
            draft.fields[view.id][name] = self._copied(view, base, move)
        for part in self._parts_for(original, fields):
            self._provide(view, part)
        draft.narrowings[view.id] = {
            name: self._narrowed(view, move, fields) for name, move in draft.narrowings[base].items()
        }
        return view.id

    def _copied(self, view: Node, base: int, move: FieldMove) -> FieldMove:
        """An ordinary field of the base; what it provides itself stays provided."""
        provided = self._draft.provided.get((base, move.name))
        head = move.head
        if provided and self._draft.nodes[head].view == 0:
            head = self.view_of(head, provided)
        return replace(move, id=self._draft.next_move(), tail=view.id, head=head)

    def _parts_for(self, node: Node, fields: FieldSet) -> Iterator[FieldPart]:
        """Provided fields that stand on the node's own type."""
        for part in fields:
            if isinstance(part, FieldPart):
                yield part
            elif node.kind is NodeKind.OBJECT and self._covers(part.type_condition, node.type_name):
                yield from self._parts_for(node, part.selections)

    def _covers(self, type_condition: str, type_name: str) -> bool:
        return type_name in self._draft.supergraph.possible_types.get(type_condition, ())

    def _provide(self, view: Node, part: FieldPart) -> None:
        draft = self._draft
        known = draft.supergraph.composite(view.type_name)
        if known is None or isinstance(known, UnionType) or part.name not in known.fields:
            return
        source = known.fields[part.name].sources.get(view.subgraph)
        if source is None:
            return
        head = self.view_of(draft.node_id(source.type.name, view.subgraph), part.selections)
        draft.fields[view.id][part.name] = FieldMove(
            id=draft.next_move(), tail=view.id, head=head, name=part.name, type=source.type
        )

    def _narrowed(self, view: Node, move: AbstractMove, fields: FieldSet) -> AbstractMove:
        kept: list[FieldPart | FragmentPart] = []
        for part in fields:
            if isinstance(part, FieldPart):
                kept.append(part)
            elif self._covers(part.type_condition, move.type_name):
                kept.extend(part.selections)
        head = self.view_of(move.head, tuple(kept))
        return replace(move, id=self._draft.next_move(), tail=view.id, head=head)


def _merged(field_set: FieldSet) -> FieldSet:
    """The same fields, each once."""
    fields: dict[str, FieldPart] = {}
    fragments: dict[str, FragmentPart] = {}
    for part in field_set:
        if isinstance(part, FieldPart):
            before = fields.get(part.name)
            selections = part.selections if before is None else before.selections + part.selections
            fields[part.name] = FieldPart(part.name, part.arguments, selections)
        else:
            known = fragments.get(part.type_condition)
            selections = part.selections if known is None else known.selections + part.selections
            fragments[part.type_condition] = FragmentPart(part.type_condition, selections)
    return (*fields.values(), *fragments.values())
