"""Projection answers exactly what an execution by graphql-core answers on the same data."""

import json
from typing import Any

from graphql import build_schema, execute_sync, parse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from router.operation.normalise import normalise
from router.plan.result import Fetched
from router.projection.project import project
from router.projection.shape import shape_of
from tests.factories.answers import resolve_anything, runtime_type
from tests.factories.documents import condition_values, operations

SDL = """
    type Query {
      node(x: Int): Node
      sure: Node!
      search: [Search!]
      rows: [[Search]!]!
      a: A
      b: B!
      count: Int!
      mood: Mood
      moods: [Mood!]!
    }
    interface Node { id: ID! next: Node }
    interface Named { name: String! }
    type A implements Node & Named {
      id: ID! next: A name: String! owner: B! mood: Mood! list: [A!]! any: Search
    }
    type B implements Node & Named { id: ID! next: Node name: String! tags: [String!] a: A flag: Boolean }
    type C implements Node { id: ID! next: C! size: Float x(i: Int): Int! }
    union Search = A | B | C
    enum Mood { GOOD BAD }
"""
SCHEMA = build_schema(SDL)
# What subgraphs may answer: null anywhere, enum values and types that clients cannot see.
LOOSE = build_schema(
    SDL.replace("!", "").replace("A | B | C", "A | B | C | Ghost").replace("GOOD BAD", "GOOD BAD HIDDEN")
    + "type Ghost implements Node { id: ID next: Node }"
)


def with_typenames(text: str) -> str:
    """The operation with `__typename` in every selection set, as the planner asks for it."""
    return text.replace("{ ", "{ __typename ")


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(operations(SCHEMA), condition_values(), st.integers(0, 10_000), st.sampled_from([8, 20, 100]))
def test_projection_equals_execution(text: str, variables: dict[str, bool], seed: int, null_in: int) -> None:
    fetched = execute_sync(
        LOOSE,
        parse(with_typenames(text)),
        str(seed),
        variable_values=variables,
        field_resolver=resolve_anything(null_in),
        type_resolver=runtime_type,
    )
    assert not fetched.errors
    expected = execute_sync(
        SCHEMA, parse(text), fetched.data, variable_values=variables, field_resolver=by_key
    )
    shape = shape_of(normalise(parse(text), None, SCHEMA), SCHEMA)

    result = project(Fetched(data=fetched.data or {}, errors=[]), shape, variables)

    assert json.dumps(result.data) == json.dumps(expected.data)  # the order of keys counts
    assert {error.path for error in result.errors} == {
        tuple(error.path or ()) for error in expected.errors or ()
    }


def by_key(source: Any, info: Any, **arguments: Any) -> Any:
    """A field's value under its response key."""
    return source[info.path.key]
