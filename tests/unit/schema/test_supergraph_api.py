"""The client schema holds nothing of joins, links and inaccessible elements."""

import pytest
from graphql import parse, print_schema, validate

from schema.supergraph.api import api_schema
from schema.supergraph.model import NotASupergraph
from schema.supergraph.parse import parse_supergraph

SUPERGRAPH = '''
schema
  @link(url: "https://specs.apollo.dev/link/v1.0")
  @link(url: "https://specs.apollo.dev/join/v0.5", for: EXECUTION)
  @link(url: "https://specs.apollo.dev/inaccessible/v0.2", as: "hidden", for: SECURITY)
  @link(url: "https://example.com/kept/v1.0", import: ["@owner"])
{ query: Query }

directive @join__type(graph: join__Graph!, key: join__FieldSet) repeatable on OBJECT | INTERFACE | UNION
directive @hidden on FIELD_DEFINITION | OBJECT | ENUM_VALUE | ARGUMENT_DEFINITION
directive @owner(team: String) on FIELD_DEFINITION | FIELD
directive @live on QUERY
scalar join__FieldSet
enum join__Graph { A @join__graph(name: "a", url: "http://a") }

type Query @join__type(graph: A) {
  """Kept."""
  search(text: String!, debug: Boolean = false @hidden): [Found!]!
  old: Colour @deprecated(reason: "new") @owner(team: "x")
  ghost: Ghost @hidden
}
union Found @join__type(graph: A) = Book | Ghost
type Book @join__type(graph: A) { title: String }
type Ghost @join__type(graph: A) @hidden { name: String }
enum Colour @join__type(graph: A) { RED GREEN @hidden }
'''


def test_clients_see_only_what_is_meant_for_them() -> None:
    schema = api_schema(parse_supergraph(SUPERGRAPH))

    assert (
        print_schema(schema)
        == '''directive @live on QUERY

type Query {
  """Kept."""
  search(text: String!): [Found!]!
  old: Colour @deprecated(reason: "new")
}

union Found = Book

type Book {
  title: String
}

enum Colour {
  RED
}'''
    )


def test_a_schema_without_anything_accessible_is_refused() -> None:
    sdl = SUPERGRAPH.replace("type Query @join__type(graph: A)", "type Query @join__type(graph: A) @hidden")

    with pytest.raises(NotASupergraph, match="client schema"):
        api_schema(parse_supergraph(sdl))


def test_a_field_may_be_deprecated_in_a_type_and_not_in_its_interface() -> None:
    supergraph = SUPERGRAPH.replace(
        "type Book @join", "interface Named { title: String }\ntype Book implements Named @join"
    )
    supergraph = supergraph.replace(
        "{ title: String }\ntype Ghost", "{ title: String @deprecated }\ntype Ghost"
    )

    schema = api_schema(parse_supergraph(supergraph))

    assert validate(schema, parse('{ search(text: "x") { ... on Book { title } } }')) == []
