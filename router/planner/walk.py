"""Every way to reach every leaf of an operation.

Walks the selections depth first with a list of candidate paths: all the places where the object at hand
may be asked. A leaf ends as the list of its cheapest alternatives.
"""

from collections.abc import Iterable

from router.operation.deferral import is_mark
from router.operation.model import Field, InlineFragment, OperationKind, Selection
from router.planner.budget import Budget
from router.planner.errors import Unplannable
from router.planner.paths import Path, PathFactory, cheapest, cheapest_per_node
from router.planner.search import Search
from schema.query_graph.model import NodeKind, QueryGraph

Alternatives = list[Path]
TYPENAME = "__typename"
INTROSPECTION = ("__schema", "__type")

_TYPENAME_FIELD = Field(name=TYPENAME, response_key=TYPENAME)


class Walk:
    """One planning's walk; `leaves_of` is called for the root fields, the rest is recursion."""

    def __init__(self, graph: QueryGraph, budget: Budget, labels: frozenset[str] = frozenset()) -> None:
        self._graph = graph
        self._factory = PathFactory(budget)
        self._search = Search(graph, self._factory, labels, self._collect)

    def entries(self, kind: OperationKind, order: int = 0) -> list[Path]:
        """The root type in every subgraph that has it."""
        return [self._factory.enter(move, order) for move in self._graph.entries.get(kind.value, ())]

    def leaves_of(self, field: Field, candidates: list[Path]) -> list[Alternatives]:
        """For each leaf below a root field its alternatives; raises Unplannable."""
        leaves: list[Alternatives] = []
        self._walk_field(field, candidates, None, leaves)
        return leaves

    def _collect(self, selections: Iterable[Selection], candidates: list[Path]) -> list[Alternatives]:
        leaves: list[Alternatives] = []
        self._walk_selections(selections, candidates, None, leaves)
        return leaves

    def _walk_selections(
        self,
        selections: Iterable[Selection],
        candidates: list[Path],
        allowed: frozenset[str] | None,
        leaves: list[Alternatives],
    ) -> None:
        before = len(leaves)
        for selection in selections:
            if not isinstance(selection, Field):
                self._walk_fragment(selection, candidates, allowed, leaves)
            elif _is_deferred(selection) and _is_asked_at_once(selection.response_key, selections):
                self._walk_asked(selection, candidates, allowed, leaves)
            else:
                self._walk_field(selection, candidates, allowed, leaves)
        if len(leaves) == before:
            self._keep_object(candidates, leaves)

    def _keep_object(self, candidates: list[Path], leaves: list[Alternatives]) -> None:
        """Nothing is asked of the object, but whether it is there must be known."""
        leaves.append(cheapest(candidates))

    def _walk_field(
        self, field: Field, candidates: list[Path], allowed: frozenset[str] | None, leaves: list[Alternatives]
    ) -> None:
        if _is_deferred(field) and field.name != TYPENAME:
            self._walk_deferred(field, candidates, allowed, leaves)
        else:
            self._walk_asked(field, candidates, allowed, leaves)

    def _walk_deferred(
        self, field: Field, candidates: list[Path], allowed: frozenset[str] | None, leaves: list[Alternatives]
    ) -> None:
        """Away from what is asked for at once if that can be, so that it holds up nothing."""
        search, before = self._search, len(leaves)
        later, search.later = search.later, tuple(filter(is_mark, field.conditions))
        try:
            self._walk_asked(field, [search.apart(path) for path in candidates], allowed, leaves)
            return
        except Unplannable:
            del leaves[before:]
        finally:
            search.later = later
        self._walk_asked(field, candidates, allowed, leaves)

    def _walk_asked(
        self, field: Field, candidates: list[Path], allowed: frozenset[str] | None, leaves: list[Alternatives]
    ) -> None:
        if field.name == TYPENAME:
            self._walk_typename(candidates, leaves)
            return
        search = self._search
        direct = search.direct(candidates, field)
        if field.selections is None:
            if direct:
                leaves.append(cheapest(direct))
                return
        elif direct:
            ways = cheapest_per_node(direct + search.indirect(candidates, field))
            self._walk_below(field, ways, candidates, allowed, leaves)
            return
        members = self._members(candidates, allowed)
        if members and self._all_direct(candidates, members, field):
            self._explode(field, candidates, members, leaves)
            return
        ways = search.indirect(candidates, field) or self._reentered(candidates, field)
        if ways and field.selections is None:
            leaves.append(cheapest(ways))
        elif ways:
            self._walk_below(field, ways, candidates, allowed, leaves)
        elif members:
            self._explode(field, candidates, members, leaves)
        else:
            raise Unplannable(search.node(candidates[0]).type_name if candidates else "Query", field.name)

    def _reentered(self, candidates: list[Path], field: Field) -> list[Path]:
        return self._search.direct([r for path in candidates for r in self._search.reentries(path)], field)

    def _walk_below(
        self,
        field: Field,
        ways: list[Path],
        candidates: list[Path],
        allowed: frozenset[str] | None,
        leaves: list[Alternatives],
    ) -> None:
        """The selections of a field; when they cannot be had through an interface, through its members."""
        assert field.selections is not None
        before = len(leaves)
        try:
            ways, below = self._agreeing(ways, field)
            self._walk_selections(field.selections.items, ways, below, leaves)
        except Unplannable:
            members = self._members(candidates, allowed)
            if not members:
                raise
            del leaves[before:]
            self._explode(field, candidates, members, leaves)

    def _agreeing(self, ways: list[Path], field: Field) -> tuple[list[Path], frozenset[str] | None]:
        """Ways that cannot contradict each other about the type of the value, and the types it may have."""
        if len(ways) == 1:
            return ways, None
        nodes = [self._search.node(way) for way in ways]
        if any(node.kind is NodeKind.UNION for node in nodes) or len({n.type_name for n in nodes}) > 1:
            shared = frozenset.intersection(*(self._graph.members[node.id] for node in nodes))
            return ways, shared
        if not any(node.is_abstract for node in nodes):
            return ways, None
        assert field.selections is not None
        alone = [way for way in ways if self._resolves_alone(way, field.selections.items)]
        if not alone:
            tail = ways[0].move.tail
            raise Unplannable("Query" if tail is None else self._graph.nodes[tail].type_name, field.name)
        return alone, None

    def _resolves_alone(self, way: Path, selections: Iterable[Selection]) -> bool:
        """Whether every field on the first level can be had from this one way."""
        search = self._search
        for selection in selections:
            if isinstance(selection, InlineFragment):
                for narrowed in self._groups([way], selection.type_condition, None):
                    if not all(self._resolves_alone(path, selection.selections.items) for path in narrowed):
                        return False
            elif selection.name != TYPENAME and not self._has_way(way, selection):
                members = self._members([way], None)
                if not members:
                    return False
                for member in sorted(members):
                    narrowed = search.narrowed([way], member)
                    if narrowed and not any(self._has_way(path, selection) for path in narrowed):
                        return False
        return True

    def _has_way(self, path: Path, field: Field) -> bool:
        return bool(self._search.direct([path], field) or self._search.indirect([path], field))

    def _members(self, candidates: list[Path], allowed: frozenset[str] | None) -> frozenset[str]:
        """The object types of abstract values at hand; empty if there is nothing abstract."""
        found: set[str] = set()
        is_abstract = False
        for path in candidates:
            node = self._search.node(path)
            is_abstract |= node.kind is not NodeKind.OBJECT
            found |= self._graph.members[node.id]
        if not is_abstract:
            return frozenset()
        return frozenset(found) if allowed is None else frozenset(found) & allowed

    def _all_direct(self, candidates: list[Path], members: frozenset[str], field: Field) -> bool:
        if any(self._search.node(path).kind is NodeKind.INTERFACE_OBJECT for path in candidates):
            return False
        return all(
            self._search.direct(self._search.narrowed(candidates, member), field)
            for member in sorted(members)
        )

    def _explode(
        self, field: Field, candidates: list[Path], members: frozenset[str], leaves: list[Alternatives]
    ) -> None:
        """Ask the field of each object type that the value can have."""
        is_possible = False
        for member in sorted(members):
            narrowed = self._search.narrowed(candidates, member)
            if narrowed:
                is_possible = True
                self._walk_field(field, narrowed, None, leaves)
        if not is_possible:
            raise Unplannable(self._search.node(candidates[0]).type_name, field.name)

    def _walk_typename(self, candidates: list[Path], leaves: list[Alternatives]) -> None:
        """An interface object does not know its type: somebody who does must be asked."""
        search = self._search
        honest = [path for path in candidates if search.node(path).kind is not NodeKind.INTERFACE_OBJECT]
        if not honest:
            honest = [typed for path in candidates for typed in search.typed(path)]
        if not honest:
            raise Unplannable(search.node(candidates[0]).type_name, TYPENAME)
        leaves.append(cheapest(honest))

    def _walk_fragment(
        self,
        fragment: InlineFragment,
        candidates: list[Path],
        allowed: frozenset[str] | None,
        leaves: list[Alternatives],
    ) -> None:
        groups = self._groups(candidates, fragment.type_condition, allowed)
        if not groups:
            self._check_excluded(candidates, fragment.type_condition)
        for narrowed in groups:
            self._walk_selections(fragment.selections.items, narrowed, None, leaves)

    def _check_excluded(self, candidates: list[Path], type_condition: str) -> None:
        """A value of no candidate can be of the type; an interface object alone does not know."""
        for path in candidates:
            node = self._search.node(path)
            if node.kind is NodeKind.INTERFACE_OBJECT and not self._search.typed(path):
                raise Unplannable(node.type_name, f"... on {type_condition}")

    def _groups(
        self, candidates: list[Path], type_condition: str, allowed: frozenset[str] | None
    ) -> list[list[Path]]:
        """The candidates narrowed to the condition: together, or apart for each of its object types."""
        possible = frozenset(self._graph.supergraph.possible_types.get(type_condition, ()))
        if possible == {type_condition}:
            if allowed is not None and type_condition not in allowed:
                return []
            narrowed = self._search.narrowed(candidates, type_condition)
            return [narrowed] if narrowed else []
        if allowed is None:
            narrowed = self._search.narrowed(candidates, type_condition)
            if len(narrowed) >= len(candidates) and narrowed:
                return [narrowed]
        members = self._all_members(candidates) & possible
        if allowed is not None:
            members &= allowed
        groups = (self._search.narrowed(candidates, member) for member in sorted(members))
        return [group for group in groups if group]

    def _all_members(self, candidates: list[Path]) -> frozenset[str]:
        members = self._graph.members
        return frozenset[str]().union(*(members[path.node] for path in candidates))


def _is_deferred(field: Field) -> bool:
    return bool(field.conditions) and any(map(is_mark, field.conditions))


def _is_asked_at_once(response_key: str, selections: Iterable[Selection]) -> bool:
    """Part of the field is needed at once: asked again later, it could be another list."""
    return any(
        isinstance(each, Field) and each.response_key == response_key and not _is_deferred(each)
        for each in selections
    )
