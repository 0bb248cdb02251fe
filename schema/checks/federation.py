"""Changes that clients do not see: which subgraph knows and answers what, and how entities are found."""

from collections.abc import Iterable, Iterator, Mapping, Set

from schema.checks.applied import contexts_of
from schema.checks.change import Change
from schema.checks.kinds import Kind
from schema.checks.side import Side
from schema.checks.sources import FieldSource, Sources, TypeSource
from schema.document.model import InterfaceType, ObjectType, Type


def compare_federation(old: Side, new: Side) -> Iterator[Change]:
    """What happened between the subgraphs of two supergraphs."""
    before, after = Sources(old), Sources(new)
    yield from _compare_specifications(old, new)
    yield from _compare_subgraphs(before.urls, after.urls)
    for name in sorted(old.types.keys() & new.types.keys()):
        was, now = old.types[name], new.types[name]
        yield from _compare_contexts(old, new, was, now)
        sources = before.of_type(was), after.of_type(now)
        yield from _compare_types(name, *sources)
        both = sources[0].keys() & sources[1].keys()
        yield from _compare_members(before.of_members(was), after.of_members(now), both)
        if isinstance(was, ObjectType | InterfaceType) and isinstance(now, ObjectType | InterfaceType):
            for field in was.fields.keys() & now.fields.keys():
                at = f"{name}.{field}"
                own = before.of_field(was, was.fields[field]), after.of_field(now, now.fields[field])
                yield from _compare_fields(at, *own)


def _compare_specifications(old: Side, new: Side) -> Iterator[Change]:
    was, now = old.features.by_name, new.features.by_name
    for name in sorted({*was, *now}):
        before = f"{name}/{was[name].version}" if name in was else ""
        after = f"{name}/{now[name].version}" if name in now else ""
        if before != after:
            yield Change(kind=Kind.SPECIFICATION_CHANGED, coordinate=f"@link({name})", old=before, new=after)


def _compare_subgraphs(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Change]:
    for name in sorted({*old, *new}):
        if name not in old:
            yield Change(kind=Kind.SUBGRAPH_ADDED, coordinate=name, subgraphs=(name,))
        elif name not in new:
            yield Change(kind=Kind.SUBGRAPH_REMOVED, coordinate=name, subgraphs=(name,))
        elif old[name] != new[name]:
            yield Change(
                kind=Kind.SUBGRAPH_URL_CHANGED,
                coordinate=name,
                old=old[name],
                new=new[name],
                subgraphs=(name,),
            )


def _compare_contexts(old: Side, new: Side, was: Type, now: Type) -> Iterator[Change]:
    before, after = contexts_of(old, was.directives), contexts_of(new, now.directives)
    if before != after:
        yield Change(
            kind=Kind.CONTEXT_CHANGED, coordinate=was.name, old=", ".join(before), new=", ".join(after)
        )


def _compare_types(at: str, old: Mapping[str, TypeSource], new: Mapping[str, TypeSource]) -> Iterator[Change]:
    for graph in sorted({*old, *new}):
        before, after = old.get(graph), new.get(graph)
        if before is None:
            yield _of(graph, Kind.TYPE_SUBGRAPH_ADDED, at, new=graph)
        elif after is None:
            yield _of(graph, Kind.TYPE_SUBGRAPH_REMOVED, at, old=graph)
        elif before.is_interface_object != after.is_interface_object:
            words = _interface_words(before, graph), _interface_words(after, graph)
            yield _of(graph, Kind.INTERFACE_OBJECT_CHANGED, at, old=words[0], new=words[1])
        keys_before = before.keys if before else {}
        keys_after = after.keys if after else {}
        if before or keys_after:
            is_shared = len(new) > 1 or any(other != graph for other in new)
            yield from _compare_keys(graph, at, keys_before, keys_after, is_shared=is_shared)


def _interface_words(source: TypeSource, graph: str) -> str:
    return f"{'an interface object' if source.is_interface_object else 'an interface'} in {graph}"


def _compare_keys(
    graph: str, at: str, old: Mapping[str, bool], new: Mapping[str, bool], *, is_shared: bool
) -> Iterator[Change]:
    for key in sorted({*old, *new}):
        text = f"{{ {key} }} in {graph}"
        match old.get(key), new.get(key):
            case None, True:
                yield _of(graph, Kind.KEY_ADDED, at, new=text)
            case True, None:
                kind = Kind.KEY_REMOVED if is_shared else Kind.UNSHARED_KEY_REMOVED
                yield _of(graph, kind, at, old=text)
            case False, True:
                yield _of(graph, Kind.KEY_BECAME_RESOLVABLE, at, new=text)
            case True, False:
                yield _of(graph, Kind.KEY_BECAME_UNRESOLVABLE, at, new=text)
            case _:
                pass  # a key by which nothing can be found changes nothing


def _compare_members(
    old: Mapping[tuple[str, str], frozenset[str]],
    new: Mapping[tuple[str, str], frozenset[str]],
    graphs: Set[str],
) -> Iterator[Change]:
    """Members that stay, in subgraphs that know the type before and after."""
    for at, member in sorted(old.keys() & new.keys()):
        was, now = old[at, member] & graphs, new[at, member] & graphs
        for graph in sorted(now - was):
            yield _of(graph, Kind.MEMBER_SUBGRAPH_ADDED, at, new=f"{member} in {graph}")
        for graph in sorted(was - now):
            yield _of(graph, Kind.MEMBER_SUBGRAPH_REMOVED, at, old=f"{member} in {graph}")


def _compare_fields(
    at: str, old: Mapping[str, FieldSource], new: Mapping[str, FieldSource]
) -> Iterator[Change]:
    if old == new:
        return
    yield from _compare_answers(at, _answering(old), _answering(new))
    for graph in sorted(old.keys() & new.keys()):
        yield from _compare_source(graph, at, old[graph], new[graph])
    for graph in sorted(new.keys() - old.keys()):
        yield from _compare_source(graph, at, FieldSource(), new[graph])


def _answering(sources: Mapping[str, FieldSource]) -> set[str]:
    return {graph for graph, source in sources.items() if source.answers}


def _compare_answers(at: str, old: set[str], new: set[str]) -> Iterator[Change]:
    if old and new and old.isdisjoint(new):
        yield Change(
            kind=Kind.FIELD_MOVED,
            coordinate=at,
            old=_listed(old),
            new=_listed(new),
            subgraphs=tuple(sorted(old | new)),
        )
        return
    for graph in sorted(new - old):
        yield _of(graph, Kind.FIELD_SUBGRAPH_ADDED, at, new=graph)
    for graph in sorted(old - new):
        yield _of(graph, Kind.FIELD_SUBGRAPH_REMOVED, at, old=graph, new=_listed(new))


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def _compare_source(graph: str, at: str, old: FieldSource, new: FieldSource) -> Iterator[Change]:
    if old.requires != new.requires:
        yield _of(graph, _requires_kind(old, new), at, old=old.requires, new=new.requires)
    if old.provides != new.provides:
        yield _of(graph, Kind.PROVIDES_CHANGED, at, old=old.provides, new=new.provides)
    if old.type != new.type and old.type and new.type:
        yield _of(graph, Kind.FIELD_SUBGRAPH_TYPE_CHANGED, at, old=old.type, new=new.type)
    if old.override != new.override:
        yield _of(graph, _override_kind(old, new), at, old=old.override, new=new.override)
    if old.context != new.context:
        yield _of(graph, Kind.CONTEXT_ARGUMENT_CHANGED, at, old=old.context, new=new.context)


def _requires_kind(old: FieldSource, new: FieldSource) -> Kind:
    if not old.requires:
        return Kind.REQUIRES_ADDED
    return Kind.REQUIRES_CHANGED if new.requires else Kind.REQUIRES_REMOVED


def _override_kind(old: FieldSource, new: FieldSource) -> Kind:
    if not old.override:
        return Kind.OVERRIDE_ADDED
    return Kind.OVERRIDE_LABEL_CHANGED if new.override else Kind.OVERRIDE_REMOVED


def _of(graph: str, kind: Kind, at: str, old: str = "", new: str = "") -> Change:
    return Change(kind=kind, coordinate=at, old=old, new=new, subgraphs=(graph,))
