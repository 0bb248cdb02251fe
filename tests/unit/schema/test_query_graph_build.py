"""Which moves the query graph has: fields, jumps between entities, narrowings, views, re-entries."""

from schema.query_graph.build import build_query_graph
from schema.query_graph.model import EntityMove, NodeKind, QueryGraph
from schema.supergraph.field_set import show_field_set
from schema.supergraph.parse import parse_supergraph

HEADER = """
schema
  @link(url: "https://specs.apollo.dev/link/v1.0")
  @link(url: "https://specs.apollo.dev/join/v0.5", for: EXECUTION)
{ query: Query }
enum join__Graph {
  A @join__graph(name: "a", url: "")
  B @join__graph(name: "b", url: "")
}
type Query @join__type(graph: A) @join__type(graph: B) { user: User @join__field(graph: A) }
"""


def graph_of(types: str) -> QueryGraph:
    return build_query_graph(parse_supergraph(HEADER + types))


def jumps(graph: QueryGraph, type_name: str, subgraph: str) -> set[str]:
    """The jumps from a type, as `target subgraph by key`."""
    node = graph.node_of(type_name, subgraph)
    assert node is not None
    return {_show(graph, move) for move in graph.entity_moves[node.id]}


def _show(graph: QueryGraph, move: EntityMove) -> str:
    head = graph.nodes[move.head]
    told = "" if move.typename in (None, head.type_name) else f" as {move.typename}"
    return f"{head.type_name}/{head.subgraph} by {show_field_set(move.key)}{told}"


def fields(graph: QueryGraph, type_name: str, subgraph: str) -> set[str]:
    node = graph.node_of(type_name, subgraph)
    assert node is not None
    return set(graph.fields[node.id])


def test_jumps_lead_to_every_resolvable_key_of_the_target() -> None:
    graph = graph_of(
        """
        type User
          @join__type(graph: A, key: "id")
          @join__type(graph: B, key: "email")
          @join__type(graph: B, key: "id", resolvable: false)
        { id: ID! email: String! }
        """
    )

    assert jumps(graph, "User", "a") == {"User/a by id", "User/b by email"}
    assert jumps(graph, "User", "b") == {"User/a by id", "User/b by email"}


def test_external_and_overridden_fields_cannot_be_resolved() -> None:
    graph = graph_of(
        """
        type User @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") {
          id: ID!
          name: String @join__field(graph: A) @join__field(graph: B, external: true)
          age: Int @join__field(graph: A) @join__field(graph: B, override: "a")
          mood: Int @join__field(graph: A) @join__field(graph: B, override: "a", overrideLabel: "x")
        }
        """
    )

    assert fields(graph, "User", "a") == {"id", "name", "mood"}
    assert fields(graph, "User", "b") == {"id", "age", "mood"}
    moods = {
        graph.nodes[tail].subgraph: (moves["mood"].needs_label, moves["mood"].barred_by_label)
        for tail, moves in enumerate(graph.fields)
        if "mood" in moves
    }
    assert moods == {"a": (None, "x"), "b": ("x", None)}


def test_an_interface_has_the_fields_that_all_of_its_types_resolve_there() -> None:
    graph = graph_of(
        """
        interface Being @join__type(graph: A) { id: ID! name: String }
        type User implements Being
          @join__implements(graph: A, interface: "Being")
          @join__type(graph: A, key: "id") @join__type(graph: B, key: "id")
        { id: ID! name: String @join__field(graph: A, external: true) @join__field(graph: B) }
        type Robot implements Being @join__implements(graph: A, interface: "Being") @join__type(graph: A)
        { id: ID! name: String }
        """
    )

    assert fields(graph, "Being", "a") == {"id"}
    being = graph.node_of("Being", "a")
    assert being is not None
    assert set(graph.narrowings[being.id]) == {"User", "Robot"}


def test_members_of_an_interface_jump_to_where_it_is_an_object() -> None:
    graph = graph_of(
        """
        interface Media
          @join__type(graph: A, key: "id") @join__type(graph: B, key: "id", isInterfaceObject: true)
        { id: ID! views: Int @join__field(graph: B) }
        type User implements Media @join__implements(graph: A, interface: "Media")
          @join__type(graph: A, key: "id")
        { id: ID! views: Int @join__field }
        """
    )

    object_node = graph.node_of("Media", "b")
    assert object_node is not None
    assert object_node.kind is NodeKind.INTERFACE_OBJECT
    assert jumps(graph, "User", "a") == {"User/a by id", "Media/b by id"}
    assert jumps(graph, "Media", "b") == {"Media/a by id", "Media/b by id"}
    assert graph.resolvers["User", "views"] == {"b"}


def test_what_is_provided_can_be_resolved_below_that_field_only() -> None:
    graph = graph_of(
        """
        type User @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") {
          id: ID!
          best: User @join__field(graph: A, provides: "pet { name } best { age }")
          age: Int @join__field(graph: A, external: true) @join__field(graph: B)
          pet: Pet @join__field(graph: A, external: true) @join__field(graph: B)
        }
        type Pet @join__type(graph: A) @join__type(graph: B) { name: String }
        """
    )

    user = graph.node_of("User", "a")
    assert user is not None
    best = graph.fields[graph.fields[user.id]["best"].head]
    best_of_best = graph.fields[best["best"].head]

    assert set(graph.fields[user.id]) == {"id", "best"}
    assert set(best) == {"id", "best", "pet"}
    assert "age" in best_of_best


def test_a_root_type_reached_as_a_field_leads_to_other_subgraphs() -> None:
    graph = graph_of("type User @join__type(graph: A) { query: Query }")

    query = graph.node_of("Query", "a")
    assert query is not None
    assert [graph.nodes[move.head].subgraph for move in graph.reentries[query.id]] == ["b"]
    assert [graph.nodes[move.head].subgraph for move in graph.entries["query"]] == ["a", "b"]
