"""Why a query cannot be answered, as sentences: the query, then for every way in what stops it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

from schema.query_graph.model import FieldMove
from schema.satisfiability.reach import Reach, Spot
from schema.supergraph.field_set import show_field_set
from schema.supergraph.model import Field

INDENT = "  "


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step into an operation: its kind, a field of a type, or (without field) a narrowing to a type."""

    kind: str = ""
    type_name: str = ""
    field: str = ""


def show_query(path: Sequence[Step], *, has_more: bool) -> str:
    """The smallest operation that takes the path.

    query, Query.user, User.name  becomes  { user { name } }
    """
    kind = path[0].kind
    lines = ["{" if kind == "query" else f"{kind} {{"]
    for depth, step in enumerate(path[1:], start=1):
        name = step.field or f"... on {step.type_name}"
        lines.append(f"{INDENT * depth}{name} {{")
    depth = len(path) - 1
    if has_more:
        lines.append(f"{INDENT * (depth + 1)}...")
    else:
        lines[-1] = lines[-1].removesuffix(" {")
        depth -= 1
    lines.extend(f"{INDENT * level}}}" for level in range(depth, -1, -1))
    return "\n".join(lines)


def explain_field(
    reach: Reach, spots: Iterable[Spot], type_name: str, entry: Field, path: tuple[Step, ...]
) -> str:
    """Why nobody who has an object of the type can get at its field."""
    has_more = not reach.graph.supergraph.is_leaf(entry.type.name)
    query = show_query((*path, Step(type_name=type_name, field=entry.name)), has_more=has_more)
    lines = ["The supergraph allows this query, but the subgraphs cannot answer it:", query]
    for spot in sorted(spots, key=lambda spot: spot.node):
        lines.append(f'- from subgraph "{reach.graph.nodes[spot.node].subgraph}":')
        lines.extend(f"{INDENT}- {reason}" for reason in _reasons(reach, spot, type_name, entry.name))
    return "\n".join(lines)


def _reasons(reach: Reach, spot: Spot, type_name: str, name: str) -> Iterator[str]:
    graph = reach.graph
    reached = reach.nodes_from(spot)
    for node in sorted(reached):
        move = graph.fields[node].get(name)
        if move is not None:
            yield _why_closed(reach, Spot(type_name, node), move)
    here = sorted({graph.nodes[node].subgraph for node in reached})
    lacking = [subgraph for subgraph in here if not _has(reach, type_name, name, subgraph)]
    if lacking:
        yield f'field "{type_name}.{name}" is not resolved by {_subgraphs(lacking)}.'
    for subgraph in sorted(graph.resolvers.get((type_name, name), frozenset()) - set(here)):
        yield _why_unreached(reach, spot, reached, type_name, name, subgraph)


def _has(reach: Reach, type_name: str, name: str, subgraph: str) -> bool:
    return subgraph in reach.graph.resolvers.get((type_name, name), frozenset())


def _why_closed(reach: Reach, spot: Spot, move: FieldMove) -> str:
    subgraph = reach.graph.nodes[spot.node].subgraph
    at = f'"{spot.type_name}.{move.name}" of subgraph "{subgraph}"'
    if move.needs_label is not None or move.barred_by_label is not None:
        label = move.needs_label or move.barred_by_label
        state = "on" if label in reach.labels else "off"
        return f'{at} cannot be used while override label "{label}" is {state}.'
    if move.context_arguments and reach.is_open(spot, move):
        wanted = ", ".join(
            f'`{argument.selection.strip()}` of context "{argument.context.split("__")[-1]}"'
            for argument in move.context_arguments
        )
        return f"{at} takes {wanted}, which nothing on the way here gives: set the context on a type above."
    needed = show_field_set(move.requires)
    if reach.can_select(spot, move.requires):
        return (
            f"{at} requires `{needed}` from elsewhere, but has no resolvable @key to come back "
            f"with it: add one."
        )
    return f"{at} requires `{needed}`, which cannot be had from there."


def _why_unreached(
    reach: Reach, spot: Spot, reached: Set[int], type_name: str, name: str, subgraph: str
) -> str:
    graph = reach.graph
    jumps = [
        (node, move)
        for node in sorted(reached)
        for move in graph.entity_moves[node]
        if graph.nodes[move.head].subgraph == subgraph
    ]
    start = f'cannot move to subgraph "{subgraph}", which resolves "{type_name}.{name}"'
    if not jumps:
        known = graph.supergraph.types[type_name].sources.get(subgraph)
        if known is not None and known.keys:
            return f'{start}: no @key of "{type_name}" there is resolvable.'
        return f'{start}: "{type_name}" has no @key there. Add one.'
    keys = sorted({show_field_set(move.key) for _, move in jumps})
    wanted = " or ".join(f"`{key}`" for key in keys)
    return f"{start}: its key {wanted} cannot be had here."


def explain_type(reach: Reach, spots: Iterable[Spot], entry: Field, path: tuple[Step, ...]) -> str:
    """Why the real type of an interface object cannot be found out."""
    subgraphs = sorted({reach.graph.nodes[spot.node].subgraph for spot in spots})
    return "\n".join(
        [
            "The supergraph allows this query, but the subgraphs cannot answer it:",
            show_query(path, has_more=True),
            f'- "{entry.type.name}" is an @interfaceObject in {_subgraphs(subgraphs)}, and '
            f"no subgraph that knows "
            f"its implementations can be reached from there: give the interface a resolvable @key.",
        ]
    )


def explain_runtime_types(
    type_name: str, entry: Field, possible: Mapping[str, frozenset[str]], path: tuple[Step, ...]
) -> str:
    """How the types that a shared field can return differ by subgraph."""
    lines = [
        f'"{type_name}.{entry.name}" is shared but can return different types of `{entry.type.text}`:',
        show_query(path, has_more=True),
    ]
    for subgraph in sorted(possible):
        types = ", ".join(f'"{name}"' for name in sorted(possible[subgraph])) or "none"
        lines.append(f'- in subgraph "{subgraph}": {types}.')
    lines.append("A shared field must resolve to the same object in all of its subgraphs.")
    return "\n".join(lines)


def explain_mutation(entry: Field, reasons: Mapping[str, Sequence[str]]) -> str:
    """Why no subgraph alone can run a shared mutation and lead to everything below it."""
    lines = [
        f'Mutation "{entry.name}" is shared, but must run in one subgraph only, and from none of them can '
        f"everything below it be reached:"
    ]
    for subgraph in sorted(reasons):
        lines.append(f'When subgraph "{subgraph}" runs it:')
        lines.extend(f"{INDENT}{line}" for reason in reasons[subgraph] for line in reason.splitlines())
    return "\n".join(lines)


def _subgraphs(names: Sequence[str]) -> str:
    quoted = [f'"{name}"' for name in names]
    return f"subgraph {quoted[0]}" if len(quoted) == 1 else f"subgraphs {', '.join(quoted)}"
