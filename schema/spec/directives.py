"""The directives of https://specs.apollo.dev/federation and of GraphQL itself, by version."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from schema.document.model import DirectiveDefinition
from schema.document.parse import parse_schema
from schema.spec.link import FEDERATION, Version

NEWEST = Version(2, 14)
OLDEST = Version(2, 0)
FEDERATION_1 = Version(1, 0)
UPGRADED = Version(2, 4)
"""What Federation 1 subgraphs may use besides: the directives of this version, if they define them."""

BUILT_IN_SCALARS = frozenset({"Int", "Float", "String", "Boolean", "ID"})

EVERYWHERE = (
    "FIELD_DEFINITION | OBJECT | INTERFACE | UNION | ARGUMENT_DEFINITION | SCALAR | ENUM | ENUM_VALUE"
    " | INPUT_OBJECT | INPUT_FIELD_DEFINITION"
)
GUARDED = "FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM"

BUILT_IN = """
directive @skip(if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT
directive @include(if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT
directive @deprecated(reason: String = "No longer supported")
  on FIELD_DEFINITION | ENUM_VALUE | ARGUMENT_DEFINITION | INPUT_FIELD_DEFINITION
directive @specifiedBy(url: String!) on SCALAR
directive @oneOf on INPUT_OBJECT
directive @defer(label: String, if: Boolean! = true) on FRAGMENT_SPREAD | INLINE_FRAGMENT
directive @stream(label: String, initialCount: Int = 0, if: Boolean! = true) on FIELD
"""


@dataclass(frozen=True, slots=True)
class FederationDirective:
    """One federation directive: its definition and the version that has it, until a later one replaces it."""

    since: Version
    sdl: str


FEDERATION_DIRECTIVES: tuple[FederationDirective, ...] = (
    FederationDirective(
        OLDEST,
        "directive @key(fields: FieldSet!, resolvable: Boolean = true) repeatable on OBJECT | INTERFACE",
    ),
    FederationDirective(OLDEST, "directive @requires(fields: FieldSet!) on FIELD_DEFINITION"),
    FederationDirective(OLDEST, "directive @provides(fields: FieldSet!) on FIELD_DEFINITION"),
    FederationDirective(OLDEST, "directive @external(reason: String) on OBJECT | FIELD_DEFINITION"),
    FederationDirective(OLDEST, f"directive @tag(name: String!) repeatable on {EVERYWHERE}"),
    FederationDirective(OLDEST, "directive @extends on OBJECT | INTERFACE"),
    FederationDirective(OLDEST, "directive @shareable on OBJECT | FIELD_DEFINITION"),
    FederationDirective(OLDEST, f"directive @inaccessible on {EVERYWHERE}"),
    FederationDirective(OLDEST, "directive @override(from: String!) on FIELD_DEFINITION"),
    FederationDirective(Version(2, 1), "directive @composeDirective(name: String) repeatable on SCHEMA"),
    FederationDirective(Version(2, 2), "directive @shareable repeatable on OBJECT | FIELD_DEFINITION"),
    FederationDirective(Version(2, 3), "directive @interfaceObject on OBJECT"),
    FederationDirective(Version(2, 3), f"directive @tag(name: String!) repeatable on {EVERYWHERE} | SCHEMA"),
    FederationDirective(Version(2, 5), f"directive @authenticated on {GUARDED}"),
    FederationDirective(Version(2, 5), f"directive @requiresScopes(scopes: [[Scope!]!]!) on {GUARDED}"),
    FederationDirective(Version(2, 6), f"directive @policy(policies: [[Policy!]!]!) on {GUARDED}"),
    FederationDirective(
        Version(2, 7), "directive @override(from: String!, label: String) on FIELD_DEFINITION"
    ),
    FederationDirective(
        Version(2, 8), "directive @context(name: String!) repeatable on INTERFACE | OBJECT | UNION"
    ),
    FederationDirective(
        Version(2, 8), "directive @fromContext(field: ContextFieldValue) on ARGUMENT_DEFINITION"
    ),
    FederationDirective(
        Version(2, 9),
        "directive @cost(weight: Int!) on ARGUMENT_DEFINITION | ENUM | FIELD_DEFINITION"
        " | INPUT_FIELD_DEFINITION | OBJECT | SCALAR",
    ),
    FederationDirective(
        Version(2, 9),
        "directive @listSize(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!],"
        " requireOneSlicingArgument: Boolean = true) on FIELD_DEFINITION",
    ),
    FederationDirective(
        Version(2, 12), "directive @cacheTag(format: String!) repeatable on OBJECT | FIELD_DEFINITION"
    ),
)

FEDERATION_1_NAMES = frozenset({"key", "requires", "provides", "external", "tag", "extends"})
FEDERATION_TYPES: Mapping[str, Version] = {
    "FieldSet": OLDEST,
    "Scope": Version(2, 5),
    "Policy": Version(2, 6),
    "ContextFieldValue": Version(2, 8),
}
MACHINERY_TYPES = frozenset({"_Any", "_Service", "_Entity", "_FieldSet"})
"""What a subgraph has for federation itself; no part of the supergraph."""

FEATURES_OF_THEIR_OWN: Mapping[str, Mapping[str, str]] = {
    "https://specs.apollo.dev/tag": {"tag": "tag"},
    "https://specs.apollo.dev/inaccessible": {"inaccessible": "inaccessible"},
    "https://specs.apollo.dev/authenticated": {"authenticated": "authenticated"},
    "https://specs.apollo.dev/requiresScopes": {"requiresScopes": "requiresScopes"},
    "https://specs.apollo.dev/policy": {"policy": "policy"},
    "https://specs.apollo.dev/cost": {"cost": "cost", "listSize": "listSize"},
    "https://specs.apollo.dev/context": {"context": "context", "fromContext": "fromContext"},
    "https://specs.apollo.dev/cacheTag": {"cacheTag": "cacheTag"},
}
"""Specifications whose directives may also be linked directly instead of through the federation one."""


@cache
def _parsed(sdl: str) -> Mapping[str, DirectiveDefinition]:
    schema, errors = parse_schema(sdl, "specification")
    assert schema is not None
    assert not errors
    return schema.directives


def built_in_directives() -> Mapping[str, DirectiveDefinition]:
    """The directives that every GraphQL schema has, by name."""
    return _parsed(BUILT_IN)


@cache
def federation_directives(version: Version) -> Mapping[str, DirectiveDefinition]:
    """The directives of one version of the federation specification, by name."""
    found: dict[str, DirectiveDefinition] = {}
    for directive in FEDERATION_DIRECTIVES:
        if directive.since <= max(version, OLDEST):
            found.update(_parsed(directive.sdl))
    if version < OLDEST:
        return {name: found[name] for name in found if name in FEDERATION_1_NAMES}
    return found


def newer_with(directive: str, argument: str, version: Version) -> Version | None:
    """The first later version in which a directive exists, and has the argument if one is named."""
    found = (
        known.since
        for known in FEDERATION_DIRECTIVES
        if known.since > version
        for name, definition in _parsed(known.sdl).items()
        if name == directive and (not argument or argument in definition.arguments)
    )
    return min(found, default=None)


def own_feature(identity: str) -> Mapping[str, str]:
    """For a specification with directives that federation knows as well: its name → federation's name."""
    if identity == FEDERATION:
        return {name: name for name in federation_directives(NEWEST)}
    return FEATURES_OF_THEIR_OWN.get(identity, {})
