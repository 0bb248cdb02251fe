"""Decides which directives of which subgraph reach the supergraph, and how they are called there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from schema.document.model import Directive, DirectiveDefinition
from schema.spec.composed import COMPOSED, Strategy
from schema.spec.directives import NEWEST, built_in_directives, federation_directives
from schema.subgraph.model import Expanded

BUILT_IN = ("deprecated", "specifiedBy", "oneOf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How one directive is merged; `name` is its name in the supergraph."""

    name: str
    known_as: str = ""
    arguments: tuple[str, ...] = ()
    is_repeatable: bool = False
    strategies: Mapping[str, Strategy] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, eq=False)
class Composition:
    """The directives that reach the supergraph."""

    subgraphs: tuple[Expanded, ...]

    def rule(self, subgraph: Expanded, use: Directive) -> Rule | None:
        """How the directive is merged; None when it stays in its subgraph."""
        if use.known_as:
            return self._known.get(use.known_as)
        return self._built_in.get(use.name)

    @cached_property
    def _known(self) -> Mapping[str, Rule]:
        definitions = federation_directives(NEWEST)
        return {name: _rule(definitions[name], name, name) for name in COMPOSED}

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
