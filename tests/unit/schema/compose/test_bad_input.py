"""Sets of subgraphs that cannot be composed at all are one clear error each."""

import pytest

from schema.compose import CompositionFailed, Subgraph, compose

QUERY = "type Query { a: Int }"


def errors_of(*subgraphs: Subgraph) -> list[tuple[str, str]]:
    with pytest.raises(CompositionFailed) as failure:
        compose(subgraphs)
    return [(error.code.value, error.message) for error in failure.value.errors]


def test_no_subgraphs() -> None:
    assert [code for code, _ in errors_of()] == ["NO_QUERIES"]


def test_two_subgraphs_of_one_name() -> None:
    ((code, message),) = errors_of(Subgraph(name="a", sdl=QUERY), Subgraph(name="a", sdl=QUERY))

    assert code == "INVALID_SUBGRAPH_NAME"
    assert '"a"' in message


@pytest.mark.parametrize("name", ["", " ", "_"])
def test_names_that_cannot_be_used(name: str) -> None:
    assert [code for code, _ in errors_of(Subgraph(name=name, sdl=QUERY))] == ["INVALID_SUBGRAPH_NAME"]


def test_names_that_look_alike_are_told_apart() -> None:
    sdl = compose(
        [Subgraph(name="order-items", sdl=QUERY), Subgraph(name="order_items", sdl="type Query { b: Int }")]
    ).supergraph_sdl

    assert 'ORDER_ITEMS_1 @join__graph(name: "order-items"' in sdl
    assert 'ORDER_ITEMS_2 @join__graph(name: "order_items"' in sdl


def test_an_sdl_of_fifty_megabytes_is_refused_at_once() -> None:
    ((code, message),) = errors_of(Subgraph(name="a", sdl=QUERY + "#" * 50_000_000))

    assert code == "INVALID_GRAPHQL"
    assert "Split the subgraph" in message


@pytest.mark.parametrize("sdl", ["", "   ", "# nothing", "\ufeff", "type", "{ a }", "query { a }", "\x00"])
def test_texts_that_are_no_schema(sdl: str) -> None:
    assert errors_of(Subgraph(name="a", sdl=sdl))


@pytest.mark.parametrize(
    "sdl",
    [
        f"type Query {{ a: {'[' * 5000}Int{']' * 5000} }}",
        f"type Query {{ a(x: Int = {'[' * 5000}1{']' * 5000}): Int }}",
        f'type Query @key(fields: "{"a { " * 5000}") {{ a: Int }}',
    ],
)
def test_nesting_without_end_is_refused(sdl: str) -> None:
    assert {code for code, _ in errors_of(Subgraph(name="a", sdl=sdl))} <= {
        "INVALID_GRAPHQL",
        "KEY_INVALID_FIELDS",
    }


def test_every_error_of_every_subgraph_is_reported() -> None:
    found = errors_of(
        Subgraph(name="a", sdl="type Query { a: A, b: B }"),
        Subgraph(name="b", sdl="type Query {"),
        Subgraph(name="c", sdl='extend schema @link(url: "https://specs.apollo.dev/federation/v3.0")'),
    )

    assert [code for code, _ in found] == [
        "INVALID_GRAPHQL",
        "INVALID_GRAPHQL",
        "INVALID_GRAPHQL",
        "UNKNOWN_FEDERATION_LINK_VERSION",
    ]


def test_long_chains_of_requirements_do_not_break_the_check() -> None:
    imports = '["@key", "@requires", "@external"]'
    link = f'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: {imports})\n'
    entity = 'type T @key(fields: "id") { id: ID! '
    chain = [Subgraph(name="s0", sdl=f"{link}type Query {{ t: T }} {entity}f0: Int }}")]
    for number in range(1, 50):
        fields = f'f{number - 1}: Int @external f{number}: Int @requires(fields: "f{number - 1}")'
        chain.append(Subgraph(name=f"s{number}", sdl=f"{link}{entity}{fields} }}"))

    try:
        assert "f49" in compose(chain).supergraph_sdl
    except CompositionFailed as failure:
        pytest.fail(str(failure)[:300])


@pytest.mark.parametrize("type_", ["_Entity", "_Any", "link__Import", "federation__FieldSet"])
def test_own_directives_take_no_types_of_specifications(type_: str) -> None:
    link = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9")\n'
    sdl = f"{link}directive @key(id: {type_}) on FIELD\ntype Query {{ q: Int }}"

    with pytest.raises(CompositionFailed) as failed:
        compose([Subgraph(name="a", sdl=sdl)])

    assert [error.code.value for error in failed.value.errors] == ["INVALID_GRAPHQL"]
