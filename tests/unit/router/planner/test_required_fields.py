"""Field sets as what a representation holds."""

from graphql import parse

from router.operation.normalise import normalise
from router.plan.nodes import RequiredField
from router.planner.required_fields import required_fields
from router.planner.response_keys import ResponseKeys
from schema.supergraph.api import api_schema
from schema.supergraph.field_set import parse_field_set
from schema.supergraph.parse import parse_supergraph

SUPERGRAPH = parse_supergraph(
    """
    schema @link(url: "https://specs.apollo.dev/join/v0.5", for: EXECUTION) { query: Query }
    enum join__Graph { A @join__graph(name: "a", url: "") }
    type Query @join__type(graph: A) { all: [Pet!] }
    interface Pet @join__type(graph: A) { id: ID! owner: Pet }
    type Cat implements Pet @join__implements(graph: A, interface: "Pet") @join__type(graph: A)
    { id: ID! owner: Pet name: String }
    type Dog implements Pet @join__implements(graph: A, interface: "Pet") @join__type(graph: A)
    { id: ID! owner: Pet name: String }
    """
)
PLACE = ("all",)
DOGS, CATS = frozenset({"Dog"}), frozenset({"Cat"})


def required(keys: ResponseKeys, type_name: str, *field_sets: str) -> tuple[RequiredField, ...]:
    parsed = [parse_field_set(text) for text in field_sets]
    return required_fields(parsed, type_name, PLACE, SUPERGRAPH, keys)


def keys_of(text: str) -> ResponseKeys:
    keys = ResponseKeys(SUPERGRAPH)
    operation = normalise(parse(text), None, api_schema(SUPERGRAPH))
    keys.take_all(operation.selections.items, "Query")
    return keys


def test_sets_are_merged() -> None:
    fields = required(keys_of("{ all { id } }"), "Cat", "id owner { id }", "owner { owner { id } }")

    typename = RequiredField(key="__typename", name="__typename")
    id = RequiredField(key="id", name="id")
    inner = RequiredField(key="owner", name="owner", selections=(typename, id))
    assert fields == (id, RequiredField(key="owner", name="owner", selections=(typename, id, inner)))


def test_fragments_limit_fields_to_types() -> None:
    fields = required(keys_of("{ all { id } }"), "Pet", "id ... on Dog { name } ... on Pet { owner { id } }")

    assert [(field.name, field.on_types) for field in fields] == [
        ("id", None),
        ("name", DOGS),
        ("owner", None),
    ]


def test_a_field_may_stand_under_other_keys_for_other_types() -> None:
    keys = keys_of("{ all { ... on Dog { id: name } } }")
    keys.key_for(PLACE, "Cat", "id", "id", ())

    fields = required(keys, "Pet", "id")

    assert fields == (
        RequiredField(key="id", name="id", on_types=CATS),
        RequiredField(key="_atrium_id_1", name="id", on_types=DOGS),
    )


def test_a_key_that_was_given_for_all_types_is_used_for_each() -> None:
    keys = keys_of("{ all { ... on Dog { id: name } } }")
    keys.key_for(PLACE, "Pet", "id", "id", ())

    assert required(keys, "Cat", "id") == (RequiredField(key="_atrium_id_1", name="id"),)
    assert required(keys, "Pet", "id") == (RequiredField(key="_atrium_id_1", name="id"),)
