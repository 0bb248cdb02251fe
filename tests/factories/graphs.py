"""People with graphs of their own, and small schemas to publish into them, for tests."""

from typing import Any

from common.access.principal import Principal, PrincipalKind
from common.graphql.executor import Answer
from common.ids import uuid7

PUBLISHER = frozenset({"schemas:read", "schemas:publish", "schemas:activate"})
ERRORS = (
    "errors { __typename code path message"
    " ... on CompositionRefusedError { problems { code message contract text locations"
    " { subgraph line column } } } }"
)
_DOCUMENTS = {
    "graphCreate": "graph { id name isPlatform }",
    "subgraphPublish": "isNew subgraph { id name url sha256 } supergraph { number } activation { serial }"
    " hints { code level message }",
    "subgraphRetire": "isNew supergraph { number subgraphs { name } } activation { serial }",
    "contractSet": "isNew supergraph { number contracts } activation { serial }",
    "contractDelete": "isNew supergraph { number contracts } activation { serial }",
    "supergraphActivate": "activation { serial kind } supergraph { number }",
    "supergraphRollback": "activation { serial kind reason } supergraph { number }",
}
FEDERATION = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9",'
    ' import: ["@key", "@shareable", "@tag"])\n'
)


def publisher(scopes: frozenset[str] = PUBLISHER) -> Principal:
    """Somebody in an organisation of their own."""
    return Principal(kind=PrincipalKind.USER, id=uuid7(), organisation_id=uuid7(), scopes=scopes)


def mutation(verb: str) -> str:
    """A document of one mutation with one input."""
    name = f"{verb[0].upper()}{verb[1:]}Input"
    return f"mutation ($input: {name}!) {{ {verb}(input: $input) {{ {_DOCUMENTS[verb]} {ERRORS} }} }}"


def sdl(field: str, more: str = "") -> str:
    """A schema with one query."""
    return f"{FEDERATION}type Query {{ {field}: Int }}\n{more}"


def data_of(answer: Answer) -> dict[str, Any]:
    """The data of an answer without errors."""
    assert answer.errors == (), answer.errors
    assert answer.data is not None
    return answer.data
