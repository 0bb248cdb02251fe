"""Reading supergraph SDL: what each subgraph says of each type, and what is refused."""

import pytest

from schema.supergraph.field_set import FieldPart, FragmentPart, parse_field_set, show_field_set
from schema.supergraph.model import (
    Access,
    FieldInSubgraph,
    InterfaceType,
    NotASupergraph,
    ObjectType,
    Supergraph,
    UnionType,
)
from schema.supergraph.parse import parse_supergraph

HEADER = """
schema
  @link(url: "https://specs.apollo.dev/link/v1.0")
  @link(url: "https://specs.apollo.dev/join/v0.5", for: EXECUTION)
  @link(url: "https://specs.apollo.dev/inaccessible/v0.2", for: SECURITY)
  @link(url: "https://specs.apollo.dev/authenticated/v0.1", for: SECURITY)
  @link(url: "https://specs.apollo.dev/requiresScopes/v0.1", for: SECURITY)
{ query: Query }

enum join__Graph {
  A @join__graph(name: "a", url: "http://a")
  B_B @join__graph(name: "b-b", url: "")
}
"""

SUPERGRAPH = (
    HEADER
    + """
type Query @join__type(graph: A) @join__type(graph: B_B) {
  book(id: ID!, lang: String = "en"): Book @join__field(graph: A, provides: "author { name }")
  search: [Media!]! @join__field(graph: B_B)
}

type Book implements Node
  @join__implements(graph: A, interface: "Node")
  @join__type(graph: A, key: "id")
  @join__type(graph: A, key: "isbn { code }", resolvable: false)
  @join__type(graph: B_B, key: "id", extension: true)
{
  id: ID!
  isbn: Isbn @join__field(graph: A)
  price: Int @join__field(graph: A, type: "Int!") @join__field(graph: B_B, external: true)
  tax: Int @join__field(graph: B_B, requires: "price", override: "a", overrideLabel: "percent(5)")
  secret: String @join__field(graph: A) @inaccessible @requiresScopes(scopes: [["x", "y"], ["z"]])
  author: Author @join__field(graph: A) @authenticated
  stamp: Int @join__field
}

type Isbn @join__type(graph: A) { code: String }
type Author @join__type(graph: A) { name: String @join__field(graph: A, external: true) }
interface Node @join__type(graph: A, key: "id") @join__type(graph: B_B, key: "id", isInterfaceObject: true) {
  id: ID!
  stamp: Int @join__field(graph: B_B)
}
union Media @join__type(graph: A) @join__type(graph: B_B)
  @join__unionMember(graph: A, member: "Book")
  @join__unionMember(graph: B_B, member: "Book")
  @join__unionMember(graph: B_B, member: "Author")
  = Book | Author
"""
)


@pytest.fixture(name="supergraph")
def fixture_supergraph() -> Supergraph:
    return parse_supergraph(SUPERGRAPH)


def book_of(supergraph: Supergraph) -> ObjectType:
    book = supergraph.types["Book"]
    assert isinstance(book, ObjectType)
    return book


def test_subgraphs_go_by_their_name_not_by_their_enum_value(supergraph: Supergraph) -> None:
    assert {name: graph.url for name, graph in supergraph.subgraphs.items()} == {"a": "http://a", "b-b": ""}


def test_every_key_of_a_type_is_kept_with_its_resolvability(supergraph: Supergraph) -> None:
    keys = [(show_field_set(k.fields), k.is_resolvable) for k in book_of(supergraph).sources["a"].keys]

    assert keys == [("id", True), ("isbn { code }", False)]


def test_what_a_subgraph_says_of_a_field(supergraph: Supergraph) -> None:
    fields = book_of(supergraph).fields

    assert set(fields["id"].sources) == {"a", "b-b"}
    assert fields["price"].sources["a"].type.is_non_null
    assert not fields["price"].type.is_non_null
    assert fields["price"].sources["b-b"].is_external
    tax = fields["tax"].sources["b-b"]
    assert tax == FieldInSubgraph(
        subgraph="b-b",
        type=fields["tax"].type,
        requires=(FieldPart("price"),),
        override="a",
        override_label="percent(5)",
    )
    assert fields["stamp"].sources == {}
    assert supergraph.override_labels == {"percent(5)"}


def test_access_rules_and_inaccessible_marks(supergraph: Supergraph) -> None:
    fields = book_of(supergraph).fields

    assert fields["secret"].is_inaccessible
    assert fields["secret"].access == Access(scopes=(("x", "y"), ("z",)))
    assert fields["author"].access == Access(authenticated=True)


def test_interface_objects_and_union_members(supergraph: Supergraph) -> None:
    node, media = supergraph.types["Node"], supergraph.types["Media"]

    assert isinstance(node, InterfaceType)
    assert [s for s, known in node.sources.items() if known.is_interface_object] == ["b-b"]
    assert isinstance(media, UnionType)
    assert media.members_in == {"a": {"Book"}, "b-b": {"Book", "Author"}}
    assert supergraph.possible_types["Media"] == ("Author", "Book")
    assert supergraph.possible_types["Node"] == ("Book",)


def test_arguments_keep_their_defaults(supergraph: Supergraph) -> None:
    query = supergraph.types["Query"]

    assert isinstance(query, ObjectType)
    assert query.fields["book"].arguments["lang"].default == '"en"'
    assert query.fields["search"].type.list_depth == 1


def test_the_first_join_version_gives_fields_to_the_owner_and_keys_to_all() -> None:
    supergraph = parse_supergraph(
        """
        schema @core(feature: "https://specs.apollo.dev/core/v0.1")
               @core(feature: "https://specs.apollo.dev/join/v0.1") { query: Query }
        enum join__Graph {
          A @join__graph(name: "a", url: "http://a")
          B @join__graph(name: "b", url: "http://b")
        }
        type Query { me: User @join__field(graph: A) }
        type User @join__owner(graph: A) @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") {
          id: ID! @join__field(graph: A)
          name: String
          posts: Int @join__field(graph: B)
          place: Place @join__field(graph: A)
        }
        type Place { town: String }
        """
    )

    user, place = supergraph.types["User"], supergraph.types["Place"]
    assert isinstance(user, ObjectType)
    assert isinstance(place, ObjectType)
    assert {name: set(f.sources) for name, f in user.fields.items()} == {
        "id": {"a", "b"},
        "name": {"a"},
        "posts": {"b"},
        "place": {"a"},
    }
    assert set(place.fields["town"].sources) == {"a", "b"}


@pytest.mark.parametrize(
    ("sdl", "reason"),
    [
        ("type Query {", r"not GraphQL: Expected Name.*line 1, column 13"),
        ("type Query { a: Int }", "links no join specification"),
        (HEADER.replace("join/v0.5", "join/v9.0") + "type Query { a: Int }", "join v9.0 is not supported"),
        (HEADER.replace("inaccessible/v0.2", "mystery/v0.1") + "type Query { a: Int }", "does not know it"),
        (HEADER.replace("enum join__Graph", "enum Other") + "type Query { a: Int }", "names no subgraphs"),
        (HEADER.replace('"b-b"', '"a"') + "type Query { a: Int }", "two subgraphs are named 'a'"),
        (HEADER, 'Unknown type "Query"'),
        (HEADER + "type Query @join__type(graph: C) { a: Int }", "a subgraph 'C'"),
        (HEADER + "type Query @join__type(graph: A) { a: Nothing }", "speaks of 'Nothing'"),
        (HEADER + 'type Query @join__type(graph: A, key: "a {") { a: Int }', "is not a set of fields"),
    ],
)
def test_a_text_which_is_no_supergraph_is_refused_with_the_reason(sdl: str, reason: str) -> None:
    with pytest.raises(NotASupergraph, match=reason):
        parse_supergraph(sdl)


def test_field_sets_keep_arguments_and_fragments() -> None:
    parsed = parse_field_set('id price(currency: "EUR") ... on Book { isbn { code } }')

    assert parsed[1] == FieldPart("price", (("currency", '"EUR"'),))
    assert isinstance(parsed[2], FragmentPart)
    assert parse_field_set(show_field_set(parsed)) == parsed
