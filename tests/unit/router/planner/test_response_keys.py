"""Under which keys required values stand beside what the client asked."""

from graphql import parse

from router.operation.model import Argument
from router.operation.normalise import normalise
from router.planner.response_keys import ResponseKeys
from schema.supergraph.api import api_schema
from schema.supergraph.parse import parse_supergraph

SUPERGRAPH = parse_supergraph(
    """
    schema @link(url: "https://specs.apollo.dev/join/v0.5", for: EXECUTION) { query: Query }
    enum join__Graph { A @join__graph(name: "a", url: "") }
    type Query @join__type(graph: A) { all: [Pet!] }
    union Pet @join__type(graph: A) = Cat | Dog
    type Cat @join__type(graph: A) { id: ID! name: String age(in: Int): Int }
    type Dog @join__type(graph: A) { id: ID! name: String age(in: Int): Int }
    """
)
PLACE = ("all",)


def keys_of(text: str) -> ResponseKeys:
    operation = normalise(parse(text), None, api_schema(SUPERGRAPH))
    keys = ResponseKeys(SUPERGRAPH)
    keys.take_all(operation.selections.items, "Query")
    return keys


def test_a_free_name_is_taken() -> None:
    keys = keys_of("{ all { ... on Cat { name } } }")

    assert keys.key_for(PLACE, "Cat", "id", "id", ()) == "id"
    assert keys.key_for(PLACE, "Cat", "name", "name", ()) == "name"


def test_what_the_client_means_by_a_name_is_left_alone() -> None:
    keys = keys_of("{ all { ... on Cat { id: name } } }")

    assert keys.key_for(PLACE, "Cat", "id", "id", ()) == "_atrium_id_1"
    assert keys.key_for(PLACE, "Cat", "id", "id", ()) == "_atrium_id_1"
    assert keys.key_for(PLACE, "Dog", "id", "id", ()) == "id"
    assert keys.key_for(("all", "deeper"), "Cat", "id", "id", ()) == "id"


def test_other_arguments_are_another_meaning() -> None:
    keys = keys_of("{ all { __typename } }")
    one, two = ((Argument(name="in", value=value),) for value in ("1", "2"))

    assert keys.key_for(PLACE, "Cat", "age", "age", one) == "age"
    assert keys.key_for(PLACE, "Cat", "age", "age", two) == "_atrium_age_1"
    assert keys.key_for(PLACE, "Pet", "age", "age", two) == "_atrium_age_1"


def test_even_an_alias_that_the_client_guessed_is_left_alone() -> None:
    keys = keys_of("{ all { ... on Cat { id: name _atrium_id_1: name } } }")

    assert keys.key_for(PLACE, "Cat", "id", "id", ()) == "_atrium_id_2"
