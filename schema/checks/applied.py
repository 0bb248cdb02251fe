"""Changes of the directives that steer routers and tools: access, cost, tags, what is hidden, custom ones."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from schema.checks.change import Change
from schema.checks.kinds import Kind
from schema.checks.side import Side
from schema.document.model import Directive, Schema, elements
from schema.document.print import print_directive
from schema.document.values import NumberLiteral, Value

Alternatives = frozenset[frozenset[str]]
"""Any inner set is enough, all of it is needed."""

NOBODY_ASKED: Alternatives = frozenset({frozenset()})

_CLIENT = frozenset({"deprecated", "specifiedBy", "oneOf"})
_MEANINGS = (
    ("tag", "tag"),
    ("inaccessible", "inaccessible"),
    ("authenticated", "authenticated"),
    ("requiresScopes", "requiresScopes"),
    ("policy", "policy"),
    ("cost", "cost"),
    ("cost", "listSize"),
    ("context", "context"),
)


@dataclass(slots=True)
class Applied:
    """What the directives on one part say; `custom` are those without a meaning of their own."""

    tags: set[str] = field(default_factory=set)
    is_inaccessible: bool = False
    is_authenticated: bool = False
    scopes: Alternatives = NOBODY_ASKED
    policies: Alternatives = NOBODY_ASKED
    cost: int | None = None
    list_size: str = ""
    custom: list[str] = field(default_factory=list)


class _Reader:
    """Reads the directives of one side by the names it gives them."""

    def __init__(self, side: Side) -> None:
        features = side.features
        names = {features.directive(feature, name): name for feature, name in _MEANINGS}
        owned = (name for name in side.everything.directives if _is_machinery(side, name))
        self._names = names | dict.fromkeys(owned, "")

    def read(self, directives: tuple[Directive, ...]) -> Applied:
        applied = Applied()
        for use in directives:
            if use.name not in _CLIENT:
                self._add(use, applied)
        applied.custom.sort()
        return applied

    def _add(self, use: Directive, applied: Applied) -> None:
        match self._names.get(use.name, "custom"):
            case "tag":
                applied.tags.add(str(use.arguments.get("name")))
            case "inaccessible":
                applied.is_inaccessible = True
            case "authenticated":
                applied.is_authenticated = True
            case "requiresScopes":
                applied.scopes = _alternatives(use.arguments.get("scopes"))
            case "policy":
                applied.policies = _alternatives(use.arguments.get("policies"))
            case "cost":
                applied.cost = _number(use.arguments.get("weight"))
            case "listSize":
                applied.list_size = print_directive(use).partition("(")[2].removesuffix(")")
            case "custom":
                applied.custom.append(print_directive(use))
            case _:
                pass  # the machinery of federation, and contexts, which are told elsewhere


def _is_machinery(side: Side, name: str) -> bool:
    """Directives of the join and link specifications say nothing but how the supergraph is put together.

    One of them hands on what subgraphs wrote, such as `@cacheTag`.
    """
    known = side.features.by_name
    if name == side.features.directive("join", "directive"):
        return False
    return any(
        feature in known and known[feature].owns_directive(name) for feature in ("join", "link", "core")
    )


def _alternatives(value: Value | None) -> Alternatives:
    if not isinstance(value, tuple):
        return NOBODY_ASKED
    groups = (group if isinstance(group, tuple) else (group,) for group in value)
    found = frozenset(frozenset(item for item in group if isinstance(item, str)) for group in groups)
    return frozenset(group for group in found if not any(other < group for other in found))


def _number(value: Value | None) -> int | None:
    return int(value.text) if isinstance(value, NumberLiteral) and value.is_integer else None


def compare_applied(old: Side, new: Side) -> Iterator[Change]:
    """What happened to every part that is in both, hidden parts too."""
    read_old, read_new = _Reader(old), _Reader(new)
    said = read_old.read(old.everything.schema_directives), read_new.read(new.everything.schema_directives)
    yield from _compare("schema", *said)
    before = dict(elements(Schema(types=old.types)))
    for at, after in elements(Schema(types=new.types)):
        part = before.get(at)
        if part is not None and (part.directives or after.directives):
            yield from _compare(at, read_old.read(part.directives), read_new.read(after.directives))


def _compare(at: str, old: Applied, new: Applied) -> Iterator[Change]:
    if old == new:
        return
    for tag in sorted(new.tags - old.tags):
        yield Change(kind=Kind.TAG_ADDED, coordinate=at, new=tag)
    for tag in sorted(old.tags - new.tags):
        yield Change(kind=Kind.TAG_REMOVED, coordinate=at, old=tag)
    if old.is_inaccessible != new.is_inaccessible:
        kind = Kind.INACCESSIBLE_ADDED if new.is_inaccessible else Kind.INACCESSIBLE_REMOVED
        yield Change(kind=kind, coordinate=at)
    if old.is_authenticated != new.is_authenticated:
        kind = Kind.AUTHENTICATION_ADDED if new.is_authenticated else Kind.AUTHENTICATION_REMOVED
        yield Change(kind=kind, coordinate=at)
    yield from _compare_needs(at, old.scopes, new.scopes, _SCOPES)
    yield from _compare_needs(at, old.policies, new.policies, _POLICIES)
    if old.cost != new.cost:
        yield _cost_change(at, old.cost, new.cost)
    if old.list_size != new.list_size:
        yield Change(kind=Kind.LIST_SIZE_CHANGED, coordinate=at, old=old.list_size, new=new.list_size)
    if old.custom != new.custom:
        yield Change(
            kind=Kind.CUSTOM_DIRECTIVE_CHANGED,
            coordinate=at,
            old=" ".join(use for use in old.custom if use not in new.custom),
            new=" ".join(use for use in new.custom if use not in old.custom),
        )


_SCOPES = (Kind.SCOPES_TIGHTENED, Kind.SCOPES_LOOSENED)
_POLICIES = (Kind.POLICIES_TIGHTENED, Kind.POLICIES_LOOSENED)


def _compare_needs(
    at: str, old: Alternatives, new: Alternatives, kinds: tuple[Kind, Kind]
) -> Iterator[Change]:
    if old == new:
        return
    # Whoever was let in by an alternative still is if all that a new one needs is in it.
    is_kept = all(any(needed <= had for needed in new) for had in old)
    yield Change(kind=kinds[1] if is_kept else kinds[0], coordinate=at, old=_needs(old), new=_needs(new))


def _needs(alternatives: Alternatives) -> str:
    """`a and b, or c`; nothing when nothing is needed."""
    if alternatives == NOBODY_ASKED:
        return ""
    if not alternatives:
        return "that nobody has"
    return ", or ".join(sorted(" and ".join(sorted(group)) for group in alternatives))


def _cost_change(at: str, old: int | None, new: int | None) -> Change:
    is_raised = (new if new is not None else 1) > (old if old is not None else 1)
    kind = Kind.COST_RAISED if is_raised else Kind.COST_LOWERED
    return Change(kind=kind, coordinate=at, old=_cost(old), new=_cost(new))


def _cost(weight: int | None) -> str:
    return "the default" if weight is None else str(weight)


def contexts_of(side: Side, directives: tuple[Directive, ...]) -> Mapping[str, None]:
    """The names of the contexts that a type sets, sorted."""
    name = side.features.directive("context", "context")
    found = {str(use.arguments.get("name")) for use in directives if use.name == name}
    return dict.fromkeys(sorted(found))
