"""The federation directives that reach the supergraph: under which link, defined how, merged how."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

from schema.spec.directives import EVERYWHERE, GUARDED


class Strategy(Enum):
    """How different values of one argument become one."""

    HIGHEST = auto()
    UNION = auto()
    ALL = auto()
    """Every subgraph's list of alternatives must be met: the alternatives of their combination."""
    BOTH_TRUE = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class ComposedDirective:
    """A federation directive as it stands in a supergraph."""

    name: str
    url: str
    sdl: str
    purpose: str = ""
    strategies: Mapping[str, Strategy] = field(default_factory=dict)

    @property
    def feature(self) -> str:
        """The name of the specification, the last but one part of its address."""
        return self.url.split("/")[-2]


_COST = "https://specs.apollo.dev/cost/v0.1"

COMPOSED: Mapping[str, ComposedDirective] = {
    composed.name: composed
    for composed in (
        ComposedDirective(
            name="tag",
            url="https://specs.apollo.dev/tag/v0.3",
            sdl=f"directive @tag(name: String!) repeatable on {EVERYWHERE} | SCHEMA",
        ),
        ComposedDirective(
            name="inaccessible",
            url="https://specs.apollo.dev/inaccessible/v0.2",
            purpose="SECURITY",
            sdl=f"directive @inaccessible on {EVERYWHERE}",
        ),
        ComposedDirective(
            name="authenticated",
            url="https://specs.apollo.dev/authenticated/v0.1",
            purpose="SECURITY",
            sdl=f"directive @authenticated on {GUARDED}",
        ),
        ComposedDirective(
            name="requiresScopes",
            url="https://specs.apollo.dev/requiresScopes/v0.1",
            purpose="SECURITY",
            sdl=f"directive @requiresScopes(scopes: [[requiresScopes__Scope!]!]!) on {GUARDED}\n"
            "scalar requiresScopes__Scope",
            strategies={"scopes": Strategy.ALL},
        ),
        ComposedDirective(
            name="policy",
            url="https://specs.apollo.dev/policy/v0.1",
            purpose="SECURITY",
            sdl=f"directive @policy(policies: [[policy__Policy!]!]!) on {GUARDED}\nscalar policy__Policy",
            strategies={"policies": Strategy.ALL},
        ),
        ComposedDirective(
            name="context",
            url="https://specs.apollo.dev/context/v0.1",
            purpose="SECURITY",
            sdl="directive @context(name: String!) repeatable on INTERFACE | OBJECT | UNION\n"
            "directive @context__fromContext(field: context__ContextFieldValue) on ARGUMENT_DEFINITION\n"
            "scalar context__ContextFieldValue",
        ),
        ComposedDirective(
            name="cost",
            url=_COST,
            sdl="directive @cost(weight: Int!) on ARGUMENT_DEFINITION | ENUM | FIELD_DEFINITION"
            " | INPUT_FIELD_DEFINITION | OBJECT | SCALAR",
            strategies={"weight": Strategy.HIGHEST},
        ),
        ComposedDirective(
            name="listSize",
            url=_COST,
            sdl="directive @listSize(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!],"
            " requireOneSlicingArgument: Boolean = true) on FIELD_DEFINITION",
            strategies={
                "assumedSize": Strategy.HIGHEST,
                "slicingArguments": Strategy.UNION,
                "sizedFields": Strategy.UNION,
                "requireOneSlicingArgument": Strategy.BOTH_TRUE,
            },
        ),
    )
}

CARRIED: Mapping[str, str] = {"cacheTag": "https://specs.apollo.dev/cacheTag/v0.1"}
"""Directives that stand in the supergraph inside @join__directive only, and their specifications."""
