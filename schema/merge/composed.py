"""Decides which directives of which subgraph reach the supergraph, and how they are called there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from schema.document.model import Directive, DirectiveDefinition, elements
from schema.merge.rule import Rule
from schema.spec.composed import COMPOSED
from schema.spec.directives import NEWEST, built_in_directives, federation_directives, own_feature
from schema.subgraph.model import Expanded

BUILT_IN = ("deprecated", "specifiedBy", "oneOf")


@dataclass(frozen=True, kw_only=True, eq=False)
class Composition:
    """The directives that reach the supergraph; not sound when some that should cannot."""

    subgraphs: tuple[Expanded, ...]
    custom: Mapping[tuple[str, str], Rule] = field(default_factory=dict)
    is_sound: bool = True

    def rule(self, subgraph: Expanded, use: Directive) -> Rule | None:
        """How the directive is merged; None when it stays in its subgraph."""
        if use.known_as:
            return self._known.get(use.known_as)
        return self._built_in.get(use.name) or self.custom.get((subgraph.name, use.name))

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules of all directives that may reach the supergraph and are no part of GraphQL itself."""
        custom = {rule.name: rule for rule in self.custom.values()}
        return tuple(sorted((*self._known.values(), *custom.values()), key=lambda rule: rule.name))

    @cached_property
    def _known(self) -> Mapping[str, Rule]:
        definitions = federation_directives(NEWEST)
        return {name: _rule(definitions[name], self.names[name], name) for name in COMPOSED}

    @cached_property
    def names(self) -> Mapping[str, str]:
        """How each federation directive is called in the supergraph: as the subgraphs that use it call it."""
        found = {name: name for name in COMPOSED}
        for known_as in COMPOSED:
            for name in self.local_names(known_as).values():
                found[known_as] = name
                break
        return found

    def local_names(self, known_as: str) -> dict[str, str]:
        """How the subgraphs that use a federation directive call it, by subgraph name."""
        names: dict[str, str] = {}
        for subgraph in self.subgraphs:
            if known_as not in self._used[subgraph.name]:
                continue
            imported = [
                feature.imports[f"@{known_as}"].removeprefix("@")
                for feature in subgraph.features
                if f"@{known_as}" in feature.imports
                and known_as in own_feature(feature.url.identity).values()
            ]
            names[subgraph.name] = imported[0] if imported else known_as
        return names

    @cached_property
    def _used(self) -> Mapping[str, frozenset[str]]:
        """The federation directives that stand somewhere in each subgraph."""
        return {
            subgraph.name: frozenset(
                use.known_as for _, element in elements(subgraph.schema) for use in element.directives
            )
            for subgraph in self.subgraphs
        }

    @cached_property
    def _built_in(self) -> Mapping[str, Rule]:
        definitions = built_in_directives()
        return {name: _rule(definitions[name], name, "") for name in BUILT_IN}


def _rule(definition: DirectiveDefinition, name: str, known_as: str) -> Rule:
    return Rule(
        name=name,
        known_as=known_as,
        arguments=tuple(definition.arguments),
        is_repeatable=definition.is_repeatable,
        strategies=COMPOSED[known_as].strategies if known_as else {},
    )
