"""Plan → text as a person reads it. Golden tests and `explain` show it.

The graph of fetches is shown as sequences and parallels where it is one; a fetch that waits for parents
of several branches says so in its head line.
"""

from collections.abc import Iterable, Iterator, Mapping

from graphql import parse, print_ast

from router.operation.model import Conditions
from router.plan.nodes import EntityCall, Fetch, Need, OutputRewrite, Plan, Representation, RequiredField
from router.plan.paths import show_path

_INDENT = "  "


Notes = Mapping[int, str]
"""A line for some fetches, by their ids."""


def show(plan: Plan, notes: Notes | None = None) -> str:
    """The whole plan; ends with a line break."""
    lines = [f"{plan.kind} plan: {_count(len(plan.fetches), 'fetch', 'fetches')}, cost {_cost(plan)}"]
    if not plan.fetches:
        lines.append("answered by the router alone")
    else:
        lines.extend(_show_sequence(_Layout(plan.fetches).top(), "", notes or {}))
    return "\n".join(lines) + "\n"


def _cost(plan: Plan) -> int:
    return sum(fetch.cost for fetch in plan.fetches)


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


Block = tuple["Fetch | tuple[Block, ...]", ...]
"""A sequence; a tuple inside it is a set of parallel branches, each a sequence again."""


class _Layout:
    """Finds the sequences and parallels of a graph: every fetch stands below its last parent."""

    def __init__(self, fetches: tuple[Fetch, ...]) -> None:
        self._children: dict[int | None, list[Fetch]] = {}
        depth: dict[int, int] = {}
        for fetch in fetches:
            last = max(fetch.after, key=lambda parent: (depth[parent], parent), default=None)
            depth[fetch.id] = 0 if last is None else depth[last] + 1
            self._children.setdefault(last, []).append(fetch)

    def top(self) -> Block:
        """The whole plan as one sequence."""
        return self._below(None)

    def _below(self, parent: int | None) -> Block:
        children = self._children.get(parent, [])
        branches = tuple((child, *self._below(child.id)) for child in children)
        if len(branches) < 2:
            return branches[0] if branches else ()
        return (branches,)


def _show_sequence(block: Block, indent: str, notes: Notes) -> Iterator[str]:
    previous: int | None = None
    for item in block:
        if isinstance(item, Fetch):
            yield from (indent + line if line else line for line in _show_fetch(item, previous, notes))
            previous = item.id
            continue
        yield f"{indent}parallel"
        for branch in item:
            yield from _show_branch(branch, indent + _INDENT, previous, notes)


def _show_branch(branch: Block, indent: str, parent: int | None, notes: Notes) -> Iterator[str]:
    first, *rest = branch
    assert isinstance(first, Fetch)
    yield from (indent + line if line else line for line in _show_fetch(first, parent, notes))
    if rest:
        yield f"{indent}then"
        yield from _show_sequence((first, *rest)[1:], indent + _INDENT, notes)


def _show_fetch(fetch: Fetch, shown_after: int | None, notes: Notes) -> Iterator[str]:
    head = f"fetch {fetch.id} from {fetch.subgraph}, cost {fetch.cost}"
    others = [parent for parent in fetch.after if parent != shown_after]
    if others:
        head += f", after {_listed(str(parent) for parent in fetch.after)}"
    yield head
    if fetch.id in notes:
        yield _INDENT + notes[fetch.id]
    if fetch.conditions:
        yield f"{_INDENT}only if {show_conditions(fetch.conditions)}"
    if fetch.needs:
        yield f"{_INDENT}for {' or '.join(map(_show_need, fetch.needs))}"
    for each in fetch.streams:
        yield f"{_INDENT}streaming {'.'.join((*([each.call] if each.call else ()), *each.keys))}"
    if fetch.path:
        yield f"{_INDENT}at {show_path(fetch.path)}"
    for call in fetch.calls:
        yield from (_INDENT + line for line in _show_call(call, is_alone=len(fetch.calls) == 1))
    yield from (_INDENT + line for line in _show_rewrites(fetch.rewrites))
    yield from (_INDENT + line for line in print_ast(parse(fetch.document)).splitlines())
    if fetch.reason:
        yield f"{_INDENT}because {fetch.reason}"


def _show_need(need: Need) -> str:
    """`@defer 1 if $a`; the deferral meant is the innermost, which has the largest number."""
    what = f"@defer {max(need.deferrals)}" if need.deferrals else "the first part"
    return f"{what} if {show_conditions(need.conditions)}" if need.conditions else what


def show_conditions(conditions: Conditions) -> str:
    """`$a and not $b`."""
    return " and ".join(("" if c.wanted else "not ") + f"${c.variable}" for c in conditions)


def _show_call(call: EntityCall, *, is_alone: bool) -> Iterator[str]:
    name = "" if is_alone else f"{call.alias} "
    yield f"{name}at {_listed(show_path(path) for path in call.paths)}"
    for representation in call.representations:
        yield f"{name}sending {show_representation(representation)}"
    for context in call.contexts:
        around = show_path(call.paths[0][: context.depth])
        yield f"{name}with ${context.variable} from {around} {_show_required(context.fields)}"
    yield from _show_rewrites(call.rewrites)


def show_representation(representation: Representation) -> str:
    """`User { id }`; `Video as Media { id }` where the subgraph is told another type."""
    told, own = representation.typename, representation.type
    if own is None:
        name = "any type" if told is None else told
    else:
        name = own if told in (None, own) else f"{own} as {told}"
    return f"{name} {_show_required(representation.fields)}"


def _show_required(fields: Iterable[RequiredField]) -> str:
    return "{ " + " ".join(_show_one_required(field) for field in fields) + " }"


def _show_one_required(field: RequiredField) -> str:
    text = field.name if field.key == field.name else f"{field.name}: {field.key}"
    if field.selections:
        text += f" {_show_required(field.selections)}"
    if field.on_types is not None:
        text = f"... on {'|'.join(sorted(field.on_types))} {{ {text} }}"
    return text


def _show_rewrites(rewrites: Iterable[OutputRewrite]) -> Iterator[str]:
    for rewrite in rewrites:
        where = f" at {show_path(rewrite.path)}" if rewrite.path else ""
        yield f"renaming {rewrite.alias} to {rewrite.name}{where}"


def _listed(texts: Iterable[str]) -> str:
    return ", ".join(texts)
