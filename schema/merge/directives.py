"""Merges the directives put on one element by several subgraphs."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from schema.document.model import Directive, Element
from schema.document.print import print_directive
from schema.document.values import EnumLiteral, NumberLiteral, Value, print_value
from schema.errors import Place
from schema.hints import HintCode
from schema.merge.context import context_name
from schema.merge.rule import Rule
from schema.merge.sources import Merging, Source, where
from schema.spec.composed import CARRIED, Strategy

Application: TypeAlias = tuple[Source[Element], Directive]


def merge_directives(
    merging: Merging, coordinate: str, sources: Sequence[Source[Element]]
) -> tuple[Directive, ...]:
    """The directives of an element in the supergraph, sorted by name."""
    applied: dict[str, tuple[Rule, list[Application]]] = {}
    for source in sources:
        for use in source.element.directives:
            if rule := merging.composition.rule(source.subgraph, use):
                applied.setdefault(rule.name, (rule, []))[1].append((source, use))
    merged: list[Directive] = list(_carried(sources))
    for name in sorted(applied):
        rule, applications = applied[name]
        merged.extend(_merge(merging, coordinate, rule, applications))
    return tuple(merged)


def _carried(sources: Sequence[Source[Element]]) -> Iterator[Directive]:
    """@join__directive: what routers read as the subgraphs wrote it, with all that say the same."""
    graphs: dict[str, list[Value]] = {}
    found: dict[str, Directive] = {}
    for source in sources:
        for use in source.element.directives:
            if use.known_as in CARRIED:
                plain = Directive(name=f"federation__{use.known_as}", arguments=use.arguments)
                text = print_directive(plain)
                found[text] = plain
                graphs.setdefault(text, []).append(EnumLiteral(source.subgraph.graph))
    for text in sorted(found):
        use = found[text]
        arguments: dict[str, Value] = {"graphs": tuple(graphs[text]), "name": use.name, "args": use.arguments}
        yield Directive(name="join__directive", arguments=arguments)


def merge_schema_directives(merging: Merging) -> tuple[Directive, ...]:
    """The directives of the supergraph's own `schema` block."""
    applied: dict[str, tuple[Rule, dict[str, Directive]]] = {}
    for subgraph in merging.subgraphs:
        for use in subgraph.schema.schema_directives:
            if rule := merging.composition.rule(subgraph, use):
                plain = Directive(name=rule.name, arguments=_sorted_as_defined(rule, use.arguments))
                applied.setdefault(rule.name, (rule, {}))[1].setdefault(print_directive(plain), plain)
    return tuple(applied[name][1][text] for name in sorted(applied) for text in sorted(applied[name][1]))


def _merge(
    merging: Merging, coordinate: str, rule: Rule, applications: Sequence[Application]
) -> list[Directive]:
    if rule.known_as == "context":
        return [_context(rule, source, use) for source, use in applications]
    distinct: dict[str, Directive] = {}
    for _, use in applications:
        plain = Directive(name=rule.name, arguments=_sorted_as_defined(rule, use.arguments))
        distinct.setdefault(print_directive(plain), plain)
    if rule.is_repeatable or len(distinct) == 1:
        return [distinct[text] for text in sorted(distinct)]
    if rule.strategies:
        places = [use.place for _, use in applications]
        return [joined(merging, coordinate, rule, list(distinct.values()), places)]
    return [_most_frequent(merging, coordinate, rule, distinct, applications)]


def _sorted_as_defined(rule: Rule, arguments: Mapping[str, Value]) -> Mapping[str, Value]:
    return {name: arguments[name] for name in rule.arguments if name in arguments} | dict(arguments)


def _context(rule: Rule, source: Source[Element], use: Directive) -> Directive:
    name = context_name(source.subgraph.name, str(use.arguments.get("name", "")))
    return Directive(name=rule.name, arguments={"name": name})


def _most_frequent(
    merging: Merging,
    coordinate: str,
    rule: Rule,
    distinct: Mapping[str, Directive],
    applications: Sequence[Application],
) -> Directive:
    """The version that most subgraphs have, with a hint that there are others."""
    texts = [
        print_directive(Directive(name=rule.name, arguments=_sorted_as_defined(rule, use.arguments)))
        for _, use in applications
    ]
    counts = Counter(texts)
    best = min(counts, key=lambda text: (-counts[text], texts.index(text)))
    having = [source for (source, _), text in zip(applications, texts, strict=True) if text == best]
    merging.findings.hint(
        HintCode.INCONSISTENT_NON_REPEATABLE_DIRECTIVE_ARGUMENTS,
        f'"{coordinate}" has different {", ".join(sorted(distinct))}; '
        f"the supergraph has {best} of {where(having)}.",
        *(use.place for _, use in applications),
    )
    return distinct[best]


def joined(
    merging: Merging,
    coordinate: str,
    rule: Rule,
    versions: Sequence[Directive],
    places: Sequence[Place | None] = (),
) -> Directive:
    """One directive that stands for several of the same name, with a hint if they differ."""
    distinct = {print_directive(use): use for use in versions}
    if len(distinct) == 1:
        return versions[0]
    combined = _combined(rule, list(distinct.values()))
    merging.findings.hint(
        HintCode.MERGED_NON_REPEATABLE_DIRECTIVE_ARGUMENTS,
        f'"{coordinate}" has different {", ".join(sorted(distinct))}; the supergraph has '
        f"{print_directive(combined)}, which stands for all of them.",
        *places,
    )
    return combined


def _combined(rule: Rule, versions: Sequence[Directive]) -> Directive:
    """One directive out of several by the strategy of each argument."""
    merged: dict[str, Value] = {}
    for name in rule.arguments:
        given = [use.arguments[name] for use in versions if name in use.arguments]
        if given:
            merged[name] = _combine(rule.strategies[name], given)
    return Directive(name=rule.name, arguments=merged)


def _combine(strategy: Strategy, values: Sequence[Value]) -> Value:
    match strategy:
        case Strategy.HIGHEST:
            numbers = [value for value in values if isinstance(value, NumberLiteral)]
            return max(numbers, key=lambda number: float(number.text), default=values[0])
        case Strategy.BOTH_TRUE:
            return all(value is True for value in values)
        case Strategy.UNION:
            items = [item for value in values if isinstance(value, tuple) for item in value]
            return tuple({print_value(item): item for item in items}.values())
        case Strategy.ALL:
            return _all_of(values)


def _all_of(values: Sequence[Value]) -> Value:
    """Alternatives that meet one alternative of every value.

    [[a, b], [c]] and [[d]]  becomes  [[a, b, d], [c, d]]
    """
    combined: set[frozenset[str]] = {frozenset()}
    for value in values:
        alternatives = value if isinstance(value, tuple) else ()
        combined = {
            done | frozenset(item for item in wanted if isinstance(item, str))
            for done in combined
            for wanted in alternatives
            if isinstance(wanted, tuple)
        }
    smallest = {one for one in combined if not any(other < one for other in combined)}
    return tuple(sorted(tuple(sorted(alternative)) for alternative in smallest))
