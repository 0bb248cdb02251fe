"""Documents held against the schema that clients see: what is in them, what is wrong, what to do about it."""

from datetime import timedelta

import pytest
from graphql import build_schema

from atrium.documents import ProcessChecker
from atrium.documents_child import checked
from schema.compose import Subgraph, compose
from subgraphs.gateway.providers.documents import CheckerExhausted, FoundOperation

SCHEMA = build_schema(
    "type Query { user(id: ID!): User } type Mutation { rename(name: String!): User }"
    " type User { id: ID! name: String friends: [User!]! }"
)
LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@inaccessible"])\n'
SDL = f"{LINK}type Query {{ user: String secret: String @inaccessible }}"
SUPERGRAPH = compose([Subgraph(name="a", url="http://a", sdl=SDL)]).supergraph_sdl


def process_checker(*, seconds: float = 60) -> ProcessChecker:
    return ProcessChecker(timeout=timedelta(seconds=seconds), memory_mb=2_000, at_once=1)


@pytest.mark.parametrize(
    ("text", "operations"),
    [
        ("query A { user(id: 1) { name } }", [("A", "query")]),
        ("{ user(id: 1) { name } }", [("", "query")]),
        (
            'query A { user(id: 1) { ...f } } mutation B { rename(name: "b") { ...f } }'
            " fragment f on User { id }",
            [("A", "query"), ("B", "mutation")],
        ),
    ],
)
def test_operations_are_found(text: str, operations: list[tuple[str, str]]) -> None:
    found = checked(text, SCHEMA)

    assert found.problems == ()
    assert found.operations == tuple(FoundOperation(name=name, kind=kind) for name, kind in operations)


@pytest.mark.parametrize(
    ("text", "where", "says", "advice"),
    [
        (
            "query A {\n  user(id: 1) { nam }\n}",
            ("A", 2, 17),
            "Cannot query field 'nam'",
            "activate a schema",
        ),
        (
            "query A { user(id: 1) { ...f } }\nfragment f on User { age }",
            ("fragment f", 2, 22),
            "Cannot query field 'age'",
            "activate a schema",
        ),
        ("query A { user(id: 1) { ...g } }", ("A", 1, 28), "Unknown fragment 'g'", "has to be whole"),
        (
            "query A { user(id: 1, x: 2) { id } }",
            ("A", 1, 23),
            "Unknown argument 'x'",
            "Take the argument out",
        ),
        ("query A {", ("", 1, 10), "Syntax Error", "it is no GraphQL"),
        ("fragment f on User { id }", ("fragment f", 1, 1), "never used", "use it where"),
    ],
)
def test_what_is_wrong_is_told_with_its_place_and_what_to_do(
    text: str, where: tuple[str, int, int], says: str, advice: str
) -> None:
    found = checked(text, SCHEMA)

    assert found.operations == ()
    problem = next(each for each in found.problems if says in each.message)
    assert (problem.operation, problem.line, problem.column) == where
    assert advice in problem.advice


@pytest.mark.parametrize(
    "text",
    [
        "query A { user(id: 1) " + "{ friends " * 3_000 + "{ id }" + "}" * 3_000 + " }",
        "query A { ...f } fragment f on Query { ...f }",
        "query A {" + " ".join(f"a{n}: user(id: {n}) {{ id }}" for n in range(20_000)) + "}",
        "{" + "x" * 200_000 + "}",
    ],
    ids=["deep", "circle", "long", "one name"],
)
def test_hostile_documents_are_problems_and_nothing_worse(text: str) -> None:
    found = checked(text, SCHEMA)

    assert found.problems
    assert len(found.problems) <= 20


def test_what_routers_limit_is_theirs_to_refuse() -> None:
    many = "query A {" + " ".join(f"a{n}: user(id: {n}) {{ id }}" for n in range(100)) + "}"

    assert checked(many, SCHEMA).problems == ()


async def test_documents_are_held_against_what_clients_see_of_a_supergraph() -> None:
    good, hidden = await process_checker().check(SUPERGRAPH, ["query A { user }", "query B { secret }"])

    assert good.operations == (FoundOperation(name="A", kind="query"),)
    assert "secret" in hidden.problems[0].message


async def test_there_is_an_end_to_checking() -> None:
    with pytest.raises(CheckerExhausted):
        await process_checker(seconds=0.001).check(SUPERGRAPH, ["{ user }"])
