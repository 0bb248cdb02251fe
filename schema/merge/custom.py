"""@composeDirective: directives of a subgraph's own that it wants in the supergraph (federation v2.1)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from schema.document.model import Directive
from schema.errors import Code
from schema.findings import Findings
from schema.hints import HintCode
from schema.merge.rule import Rule
from schema.spec.composed import COMPOSED
from schema.spec.link import FEDERATION, LINK
from schema.subgraph.model import Expanded, Feature, uses

JOIN = "https://specs.apollo.dev/join"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """One directive that one subgraph wants in the supergraph."""

    subgraph: Expanded
    name: str
    feature: Feature
    own_name: str
    use: Directive

    @property
    def origin(self) -> tuple[str, str]:
        """What the directive really is: its specification and its name there."""
        return self.feature.url.identity, self.own_name


Rules = Mapping[tuple[str, str], Rule]
"""By subgraph and the directive's name there."""


def custom_rules(subgraphs: Sequence[Expanded], findings: Findings) -> tuple[Rules, bool]:
    """How the directives that reach the supergraph by wish are merged; and whether the wishes are sound."""
    known = len(findings.errors)
    wishes = [wish for subgraph in subgraphs for wish in _wishes(subgraph, findings)]
    sound = [wish for wish in wishes if _is_consistent(wish, wishes, subgraphs, findings)]
    is_sound = len(findings.errors) == known
    rules: dict[tuple[str, str], Rule] = {}
    for wish in sound:
        rule = _rule(wish, sound, findings)
        if rule is not None:
            rules[wish.subgraph.name, wish.name] = rule
    return rules, is_sound


def _wishes(subgraph: Expanded, findings: Findings) -> Iterator[Wish]:
    for use in uses(subgraph.schema, "composeDirective"):
        name = use.arguments.get("name")
        if not isinstance(name, str) or not name.startswith("@") or name == "@":
            _refuse(
                findings, use, f'`name` must be the name of a directive with "@", such as "@{name or "mine"}"'
            )
            continue
        local = name.removeprefix("@")
        definition = subgraph.schema.directives.get(local)
        if definition is None:
            _refuse(findings, use, f'there is no directive "{name}" in subgraph "{subgraph.name}"; define it')
            continue
        feature = next((item for item in subgraph.features if item.own_directive_name(local)), None)
        known_as = _known_as(subgraph, local, feature)
        if known_as in COMPOSED:
            findings.hint(
                HintCode.DIRECTIVE_COMPOSITION_INFO,
                f'"{name}" of subgraph "{subgraph.name}" is composed anyway; the '
                f"@composeDirective can be removed.",
                use.place,
            )
        elif known_as or (feature is not None and feature.url.identity in (LINK, JOIN)):
            _refuse(findings, use, f'"{name}" belongs to federation and cannot be composed; remove this')
        elif local.startswith("join__"):
            findings.error(
                Code.INVALID_LINK_DIRECTIVE_USAGE,
                f'"{name}" has the name of a part of the join specification; import it under another name.',
                feature.place if feature else use.place,
            )
        elif feature is None:
            _refuse(
                findings,
                use,
                f'"{name}" is of no linked specification; link one with @link(url: "https://.../v1.0", '
                f'import: ["{name}"])',
            )
        else:
            own_name = feature.own_directive_name(local)
            yield Wish(subgraph=subgraph, name=local, feature=feature, own_name=own_name, use=use)


def _known_as(subgraph: Expanded, name: str, feature: Feature | None) -> str:
    if subgraph.is_federation_1 and name in subgraph.specified:
        return name
    return feature.own_directive_name(name) if feature and feature.url.identity == FEDERATION else ""


def _refuse(findings: Findings, use: Directive, problem: str) -> None:
    findings.error(Code.DIRECTIVE_COMPOSITION_ERROR, f"@{use.name}: {problem}.", use.place)


def _is_consistent(
    wish: Wish, wishes: Sequence[Wish], subgraphs: Iterable[Expanded], findings: Findings
) -> bool:
    """Whether the wish fits those of the other subgraphs."""
    here = f'"@{wish.name}" of subgraph "{wish.subgraph.name}"'
    conflicting = [subgraph.name for subgraph in subgraphs if wish.name in subgraph.specified]
    if conflicting:
        names = ", ".join(f'"{name}"' for name in conflicting)
        _refuse(findings, wish.use, f"{here} has the name of a federation directive in {names}; rename one")
        return False
    for other in wishes:
        there = f'"@{other.name}" of subgraph "{other.subgraph.name}"'
        if other.name == wish.name and other.origin != wish.origin:
            _refuse(findings, wish.use, f"{here} and {there} are different directives; rename one")
            return False
        if other.origin == wish.origin and other.name != wish.name:
            _refuse(findings, wish.use, f"{here} and {there} are the same directive; use one name")
            return False
        if other.feature.url.identity == wish.feature.url.identity and _major(other) != _major(wish):
            versions = f"{wish.feature.url.version} and {other.feature.url.version}"
            _refuse(
                findings, wish.use, f"{here} and {there} link incompatible versions, {versions}; link one"
            )
            return False
    return True


def _major(wish: Wish) -> int:
    return wish.feature.url.version.major if wish.feature.url.version else 0


def _rule(wish: Wish, wishes: Sequence[Wish], findings: Findings) -> Rule | None:
    """How the directive is merged: as the newest subgraph that composes its specification defines it."""
    same = [other for other in wishes if other.feature.url.identity == wish.feature.url.identity]
    versions = [other.feature.url.version for other in same if other.feature.url.version]
    newest = max(versions)
    candidates = [other for other in same if other.feature.url.version == newest]
    for candidate in reversed(candidates):
        local = candidate.feature.directive_name(wish.own_name)
        definition = candidate.subgraph.schema.directives.get(local)
        if definition is not None:
            return Rule(
                name=wish.name,
                own_name=wish.own_name,
                url=candidate.feature.url,
                definition=replace(definition, name=wish.name),
                arguments=tuple(definition.arguments),
                is_repeatable=definition.is_repeatable,
            )
    at = f'{candidates[0].feature.url} in subgraph "{candidates[0].subgraph.name}"'
    _refuse(findings, wish.use, f'{at} is the newest version composed but does not define "@{wish.name}"')
    return None
