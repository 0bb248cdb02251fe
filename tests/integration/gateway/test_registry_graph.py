"""Graphs, publications, activations and contracts as a client of the graph meets them."""

import asyncio
from dataclasses import replace
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from common.access.principal import ANONYMOUS, Principal, PrincipalKind
from common.db.session import Database
from common.ids import from_global_id, to_global_id, uuid7
from common.settings import plain_url
from tests.factories.graphs import FEDERATION, PUBLISHER, data_of, mutation, publisher, sdl
from tests.integration.gateway.conftest import Ask

pytestmark = pytest.mark.stores

TABLES = (
    "graphs",
    "contracts",
    "subgraph_versions",
    "supergraph_versions",
    "supergraph_members",
    "supergraph_variants",
    "activations",
    "outbox",
)
HISTORY = """query ($id: ID!) { graph(id: $id) {
  active { serial kind supergraph { number } } latest { number } subgraphs { name url }
  supergraphs { nodes { number reason gitRevision subgraphs { name } composedBy { kind user { id } label } } }
  activations { nodes { serial kind reason supergraph { number } activatedBy { kind } } } } }"""


async def change(ask: Ask, principal: Principal, verb: str, **input: Any) -> dict[str, Any]:
    """The payload of a mutation."""
    payload: dict[str, Any] = data_of(await ask(principal, mutation(verb), input=input))[verb]
    return payload


async def make(ask: Ask, principal: Principal, verb: str, **input: Any) -> dict[str, Any]:
    """The payload of a mutation that succeeds."""
    payload = await change(ask, principal, verb, **input)
    assert payload["errors"] == []
    return payload


async def new_graph(ask: Ask, principal: Principal, name: str = "shop") -> str:
    """The id of a new graph."""
    id: str = (await make(ask, principal, "graphCreate", name=name))["graph"]["id"]
    return id


async def publish(
    ask: Ask, principal: Principal, graph: str, name: str, text: str, **more: Any
) -> dict[str, Any]:
    """Publish a schema that composes."""
    return await make(
        ask,
        principal,
        "subgraphPublish",
        graphId=graph,
        name=name,
        url=f"http://{name}/graphql",
        sdl=text,
        **more,
    )


async def history(ask: Ask, principal: Principal, graph: str) -> dict[str, Any]:
    """What a graph says of itself."""
    found: dict[str, Any] = data_of(await ask(principal, HISTORY, id=graph))["graph"]
    return found


async def rows(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """Everything that is in the domain's tables."""
    admin = await asyncpg.connect(plain_url(url))
    try:
        return {
            table: sorted(
                (tuple(row) for row in await admin.fetch(f"select * from gateway.{table}")), key=repr
            )
            for table in TABLES
        }
    finally:
        await admin.close()


async def topics(database: Database, graph: str) -> list[str]:
    async with database.engine.connect() as connection:
        await connection.execute(text("select set_config('role', 'atrium_events_system', true)"))
        found = await connection.execute(
            text("select topic from gateway.outbox where key = :key order by sequence"),
            {"key": str(from_global_id(graph, "Graph"))},
        )
        return [row.topic for row in found]


async def test_what_is_published_is_composed_and_kept_with_who_and_why(ask: Ask, database: Database) -> None:
    person = publisher()
    graph = await new_graph(ask, person)

    first = await publish(ask, person, graph, "a", sdl("a"), reason="the first", gitRevision="abc123")
    second = await publish(ask, person, graph, "b", sdl("b"), activate=True)

    assert (first["isNew"], first["supergraph"], first["activation"]) == (True, {"number": 1}, None)
    assert (second["supergraph"], second["activation"]) == ({"number": 2}, {"serial": 1})
    found = await history(ask, person, graph)
    assert found["active"] == {"serial": 1, "kind": "PUBLISH", "supergraph": {"number": 2}}
    assert [one["name"] for one in found["subgraphs"]] == ["a", "b"]
    latest, earliest = found["supergraphs"]["nodes"]
    assert [one["name"] for one in earliest["subgraphs"]] == ["a"]
    assert (earliest["reason"], earliest["gitRevision"]) == ("the first", "abc123")
    assert earliest["composedBy"] == {
        "kind": "USER",
        "user": {"id": to_global_id("User", person.id or uuid7())},
        "label": "",
    }
    assert latest["number"] == 2
    assert await topics(database, graph) == [
        "gateway.supergraph.published",
        "gateway.supergraph.published",
        "gateway.supergraph.activated",
    ]


async def test_texts_are_there_where_they_are_asked_for(ask: Ask, database: Database) -> None:
    person = publisher()
    graph = await new_graph(ask, person)
    await publish(ask, person, graph, "a", sdl("a"))
    texts = "query ($id: ID!) { graph(id: $id) { latest { sdl subgraphs { sdl } } } }"

    found = data_of(await ask(person, texts, id=graph))["graph"]["latest"]
    with database.counting() as counted:
        await history(ask, person, graph)

    assert "join__Graph" in found["sdl"]
    assert found["subgraphs"] == [{"sdl": sdl("a")}]
    assert not [statement for statement in counted.statements if ".sdl" in statement]


async def test_publishing_the_same_again_changes_nothing(ask: Ask, migrated_url: str) -> None:
    person = publisher()
    graph = await new_graph(ask, person)
    first = await publish(ask, person, graph, "a", sdl("a"), activate=True)
    before = await rows(migrated_url)

    again = await publish(ask, person, graph, "a", sdl("a"), reason="once more", activate=True)

    assert (again["isNew"], again["supergraph"], again["activation"]) == (False, {"number": 1}, {"serial": 1})
    assert again["subgraph"] == first["subgraph"]
    assert await rows(migrated_url) == before


async def test_what_does_not_compose_is_refused_with_every_reason_and_changes_nothing(
    ask: Ask, migrated_url: str
) -> None:
    person = publisher()
    graph = await new_graph(ask, person)
    await publish(ask, person, graph, "a", sdl("same", 'type Thing @key(fields: "id") { id: ID! size: Int }'))
    before = await rows(migrated_url)
    wrong = sdl("same", 'type Thing @key(fields: "id nothing") { id: ID! size: String }')

    refused = await change(
        ask, person, "subgraphPublish", graphId=graph, name="b", url="http://b", sdl=wrong, activate=True
    )

    assert refused["supergraph"] is None
    assert refused["isNew"] is False
    (error,) = refused["errors"]
    assert (error["__typename"], error["code"]) == ("CompositionRefusedError", "SCHEMA_DOES_NOT_COMPOSE")
    (problem,) = [one for one in error["problems"] if one["code"] == "KEY_INVALID_FIELDS"]
    assert problem["locations"][0] == {"subgraph": "b", "line": 3, "column": 1} | problem["locations"][0]
    assert problem["text"].startswith("b:")
    assert await rows(migrated_url) == before


@pytest.mark.parametrize(
    "broken",
    ["type Query {", "", " \n", "type Query { a: Missing }", "x" * 20_001, "type Query { a: Int }\0"],
)
async def test_texts_that_are_no_schema_are_refused(ask: Ask, migrated_url: str, broken: str) -> None:
    person = publisher()
    graph = await new_graph(ask, person)
    before = await rows(migrated_url)

    refused = await change(
        ask, person, "subgraphPublish", graphId=graph, name="a", url="http://a", sdl=broken
    )

    assert [error["code"] for error in refused["errors"]] in (["SCHEMA_DOES_NOT_COMPOSE"], ["INVALID_INPUT"])
    assert await rows(migrated_url) == before


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "1a"),
        ("name", "a b"),
        ("name", "a" * 64),
        ("name", "ä"),
        ("url", ""),
        ("url", "ftp://a"),
        ("url", "http://"),
        ("url", "http://user:secret@a"),
        ("url", "http://a#b"),
        ("url", "http://a b"),
        ("url", "http://a:99999"),
        ("url", "javascript:alert(1)"),
        ("url", "http://[::1"),
        ("url", "http://a/" + "b" * 2_000),
        ("gitRevision", "a b"),
        ("gitRevision", "a" * 101),
        ("reason", "a" * 501),
        ("graphId", "nothing"),
        ("graphId", to_global_id("Graph", UUID("0190c5a5-0000-7000-8000-000000000001"))),
    ],
)
async def test_input_that_cannot_be_used_is_refused(ask: Ask, field: str, value: str) -> None:
    person = publisher()
    graph = await new_graph(ask, person)
    good = {"graphId": graph, "name": "a", "url": "http://a", "sdl": sdl("a")}

    refused = await change(ask, person, "subgraphPublish", **{**good, field: value})

    assert [error["code"] for error in refused["errors"]] in (
        ["INVALID_INPUT"],
        ["INVALID_ID"],
        ["NOT_FOUND"],
    )
    assert (await history(ask, person, graph))["latest"] is None


async def test_many_who_publish_at_the_same_moment_are_all_in_the_result(ask: Ask) -> None:
    person = publisher()
    graph = await new_graph(ask, person)
    await publish(ask, person, graph, "s0", sdl("f0"))

    await asyncio.gather(
        *(
            publish(ask, person, graph, f"s{number}", sdl(f"f{number}"), activate=True)
            for number in range(1, 5)
        )
    )

    found = await history(ask, person, graph)
    assert [one["name"] for one in found["subgraphs"]] == [f"s{number}" for number in range(5)]
    assert [one["number"] for one in found["supergraphs"]["nodes"]] == [5, 4, 3, 2, 1]
    assert [one["serial"] for one in found["activations"]["nodes"]] == [4, 3, 2, 1]
    assert found["active"]["supergraph"] == {"number": 5}


async def test_of_two_who_publish_conflicting_schemas_at_once_one_is_refused(ask: Ask) -> None:
    person = publisher()
    graph = await new_graph(ask, person)
    one = {"graphId": graph, "name": "a", "url": "http://a", "sdl": sdl("x", "type T { x: Int }")}
    other = {**one, "name": "b", "sdl": sdl("y", "type T { x: String }")}

    payloads = await asyncio.gather(
        *(change(ask, person, "subgraphPublish", **input) for input in (one, other))
    )

    assert sorted(payload["isNew"] for payload in payloads) == [False, True]
    assert len((await history(ask, person, graph))["subgraphs"]) == 1


async def test_an_expected_number_guards_against_what_others_did(ask: Ask) -> None:
    person = publisher()
    graph = await new_graph(ask, person)
    await publish(ask, person, graph, "a", sdl("a"), expectedNumber=0)

    late = await change(
        ask,
        person,
        "subgraphPublish",
        graphId=graph,
        name="b",
        url="http://b",
        sdl=sdl("b"),
        expectedNumber=0,
    )
    await publish(ask, person, graph, "b", sdl("b"), expectedNumber=1)

    assert [error["code"] for error in late["errors"]] == ["SUPERGRAPH_NUMBER_CONFLICT"]
    assert (await history(ask, person, graph))["latest"] == {"number": 2}


async def test_a_dry_run_composes_and_changes_nothing(ask: Ask, migrated_url: str) -> None:
    person = publisher()
    graph = await new_graph(ask, person)
    before = await rows(migrated_url)

    trial = await publish(ask, person, graph, "a", sdl("a"), dryRun=True, activate=True)
    refused = await change(
        ask, person, "subgraphPublish", graphId=graph, name="a", url="http://a", sdl="type A", dryRun=True
    )

    assert (trial["isNew"], trial["supergraph"], trial["activation"]) == (True, None, None)
    assert [error["code"] for error in refused["errors"]] == ["SCHEMA_DOES_NOT_COMPOSE"]
    assert await rows(migrated_url) == before


async def test_a_retired_subgraph_is_gone_but_for_the_last(ask: Ask) -> None:
    person = publisher()
    graph = await new_graph(ask, person)
    await publish(ask, person, graph, "a", sdl("a"))
    await publish(ask, person, graph, "b", sdl("b"))

    retired = await make(ask, person, "subgraphRetire", graphId=graph, name="a", activate=True)
    unknown = await change(ask, person, "subgraphRetire", graphId=graph, name="a")
    last = await change(ask, person, "subgraphRetire", graphId=graph, name="b")

    assert retired["supergraph"] == {"number": 3, "subgraphs": [{"name": "b"}]}
    assert [error["code"] for error in unknown["errors"]] == ["NOT_FOUND"]
    assert [error["code"] for error in last["errors"]] == ["LAST_SUBGRAPH"]
    versions = 'query ($id: ID!) { graph(id: $id) { subgraphVersions(name: "a") { nodes { name } } } }'
    assert len(data_of(await ask(person, versions, id=graph))["graph"]["subgraphVersions"]["nodes"]) == 1


async def test_rolling_back_takes_back_one_activation_after_the_other(ask: Ask) -> None:
    person = publisher()
    graph = await new_graph(ask, person)
    for number in range(3):
        await publish(ask, person, graph, "a", sdl(f"f{number}"), activate=True)

    back = [await make(ask, person, "supergraphRollback", graphId=graph, reason="broken") for _ in range(2)]
    end = await change(ask, person, "supergraphRollback", graphId=graph)
    forward = await make(ask, person, "supergraphActivate", graphId=graph, number=3)
    same = await make(ask, person, "supergraphActivate", graphId=graph, number=3)
    to_active = await change(ask, person, "supergraphRollback", graphId=graph, number=3)
    unknown = await change(ask, person, "supergraphActivate", graphId=graph, number=4)

    assert [one["supergraph"]["number"] for one in back] == [2, 1]
    assert back[0]["activation"] == {"serial": 4, "kind": "ROLLBACK", "reason": "broken"}
    assert [error["code"] for error in end["errors"]] == ["NOTHING_TO_ROLL_BACK_TO"]
    assert forward["activation"] == same["activation"] == {"serial": 6, "kind": "ACTIVATE"}
    assert [error["code"] for error in to_active["errors"]] == ["SUPERGRAPH_ALREADY_ACTIVE"]
    assert [error["code"] for error in unknown["errors"]] == ["NOT_FOUND"]
    found = await history(ask, person, graph)
    assert [one["supergraph"]["number"] for one in found["activations"]["nodes"]] == [3, 1, 2, 3, 2, 1]


async def test_numbers_beyond_all_numbers_are_not_found(ask: Ask) -> None:
    person = publisher()
    graph = await new_graph(ask, person)

    for number in (0, -1, 2**31 - 1):
        refused = await change(ask, person, "supergraphActivate", graphId=graph, number=number)
        assert [error["code"] for error in refused["errors"]] == ["NOT_FOUND"]


async def test_contracts_make_variants_and_refuse_what_cannot_be_one(ask: Ask, migrated_url: str) -> None:
    person = publisher()
    graph = await new_graph(ask, person)
    tagged = f'{FEDERATION}type Query {{ open: Int @tag(name: "public") closed: Int }}'
    await make(ask, person, "contractSet", graphId=graph, name="early", include=["public"])
    first = await publish(ask, person, graph, "a", tagged)

    made = await make(
        ask, person, "contractSet", graphId=graph, name="app", include=["public"], activate=True
    )
    again = await make(ask, person, "contractSet", graphId=graph, name="app", include=["public"])
    before = await rows(migrated_url)
    empty = await change(ask, person, "contractSet", graphId=graph, name="early", include=["nobody"])
    many = await change(ask, person, "contractSet", graphId=graph, name="third", exclude=["public"])
    neither = await change(ask, person, "contractSet", graphId=graph, name="early")
    both = await change(ask, person, "contractSet", graphId=graph, name="early", include=["a"], exclude=["a"])

    assert first["supergraph"] == {"number": 1}
    assert made["supergraph"] == {"number": 2, "contracts": ["app", "early"]}
    assert again["isNew"] is False
    (error,) = empty["errors"]
    assert error["code"] == "SCHEMA_DOES_NOT_COMPOSE"
    assert {problem["contract"] for problem in error["problems"]} == {"early"}
    assert [error["code"] for error in many["errors"]] == ["TOO_MANY_IN_GRAPH"]
    assert [error["code"] for each in (neither, both) for error in each["errors"]] == ["INVALID_INPUT"] * 2
    assert await rows(migrated_url) == before
    texts = """query ($id: ID!) { graph(id: $id) { latest {
      whole: sdl app: sdl(contract: "app") none: sdl(contract: "x") } } }"""
    found = data_of(await ask(person, texts, id=graph))["graph"]["latest"]
    assert "@inaccessible" in found["app"]
    assert "@inaccessible" not in found["whole"].partition("type Query")[2]
    assert found["none"] is None
    gone = await make(ask, person, "contractDelete", graphId=graph, name="app")
    assert gone["supergraph"] == {"number": 3, "contracts": ["early"]}


async def test_another_organisation_sees_and_changes_nothing(ask: Ask, migrated_url: str) -> None:
    person, stranger = publisher(), publisher()
    graph = await new_graph(ask, person)
    await publish(ask, person, graph, "a", sdl("a"), activate=True)
    entity = """query ($of: [_Any!]!) { _entities(representations: $of) {
      ... on Graph { name } ... on Supergraph { number } ... on Subgraph { name sdl } } }"""
    ids = data_of(
        await ask(person, "query ($id: ID!) { graph(id: $id) { latest { id subgraphs { id } } } }", id=graph)
    )
    latest = ids["graph"]["latest"]
    wanted = [
        {"__typename": "Graph", "id": graph},
        {"__typename": "Supergraph", "id": latest["id"]},
        {"__typename": "Subgraph", "id": latest["subgraphs"][0]["id"]},
    ]
    before = await rows(migrated_url)

    own = data_of(await ask(person, entity, of=wanted))["_entities"]
    theirs = data_of(await ask(stranger, entity, of=wanted))["_entities"]
    listed = data_of(await ask(stranger, "{ graphs { nodes { name } totalCount } }"))["graphs"]
    single = data_of(await ask(stranger, HISTORY, id=graph))["graph"]
    by_name = data_of(await ask(stranger, '{ graph(name: "shop") { id } }'))["graph"]
    changes = [
        await change(
            ask, stranger, "subgraphPublish", graphId=graph, name="a", url="http://evil", sdl=sdl("a")
        ),
        await change(ask, stranger, "subgraphRetire", graphId=graph, name="a"),
        await change(ask, stranger, "contractSet", graphId=graph, name="c", include=["x"]),
        await change(ask, stranger, "contractDelete", graphId=graph, name="c"),
        await change(ask, stranger, "supergraphActivate", graphId=graph, number=1),
        await change(ask, stranger, "supergraphRollback", graphId=graph),
    ]

    assert own == [{"name": "shop"}, {"number": 1}, {"name": "a", "sdl": sdl("a")}]
    assert theirs == [None, None, None]
    assert (listed, single, by_name) == ({"nodes": [], "totalCount": 0}, None, None)
    assert [error["code"] for each in changes for error in each["errors"]] == ["NOT_FOUND"] * 6
    assert await rows(migrated_url) == before


@pytest.mark.parametrize(
    ("verb", "input", "missing"),
    [
        ("graphCreate", {"name": "x"}, "schemas:publish"),
        (
            "subgraphPublish",
            {"name": "b", "url": "http://b", "sdl": "type Query { b: Int }"},
            "schemas:publish",
        ),
        (
            "subgraphPublish",
            {"name": "b", "url": "http://b", "sdl": "type Query { b: Int }", "activate": True},
            "schemas:activate",
        ),
        ("subgraphRetire", {"name": "a"}, "schemas:publish"),
        ("contractSet", {"name": "c", "include": ["x"]}, "schemas:publish"),
        ("contractDelete", {"name": "c"}, "schemas:publish"),
        ("supergraphActivate", {"number": 1}, "schemas:activate"),
        ("supergraphRollback", {}, "schemas:activate"),
    ],
)
async def test_each_change_needs_its_permission(
    ask: Ask, migrated_url: str, verb: str, input: dict[str, Any], missing: str
) -> None:
    person = publisher()
    graph = await new_graph(ask, person)
    await publish(ask, person, graph, "a", sdl("a"))
    weak = replace(person, scopes=PUBLISHER - {missing})
    before = await rows(migrated_url)
    given = input if verb == "graphCreate" else {"graphId": graph, **input}

    for who, code in ((weak, "SCOPE_MISSING"), (ANONYMOUS, "UNAUTHENTICATED")):
        answer = await ask(who, mutation(verb), input=given)
        assert [error["extensions"]["code"] for error in answer.errors] == [code]

    assert await rows(migrated_url) == before


async def test_reading_needs_its_permission(ask: Ask) -> None:
    person = publisher()
    graph = await new_graph(ask, person)
    blind = replace(person, scopes=PUBLISHER - {"schemas:read"})

    for document in ("query ($id: ID!) { graph(id: $id) { name } }", "query { graphs { nodes { name } } }"):
        answer = await ask(blind, document, **({"id": graph} if "$id" in document else {}))
        assert [error["extensions"]["code"] for error in answer.errors] == ["SCOPE_MISSING"]


async def test_an_application_publishes_with_its_key_and_is_named(ask: Ask) -> None:
    pipeline = replace(publisher(), kind=PrincipalKind.APPLICATION)
    graph = await new_graph(ask, pipeline)
    await publish(ask, pipeline, graph, "a", sdl("a"))

    by = """query ($id: ID!) { graph(id: $id) { latest {
      composedBy { kind application { id } user { id } } } } }"""
    found = data_of(await ask(pipeline, by, id=graph))["graph"]["latest"]["composedBy"]

    expected = to_global_id("Application", pipeline.id or uuid7())
    assert found == {"kind": "APPLICATION", "application": {"id": expected}, "user": None}


async def test_names_are_taken_once_and_graphs_are_few(ask: Ask) -> None:
    person = publisher()
    await new_graph(ask, person, "one")

    taken = await change(ask, person, "graphCreate", name="one")
    wrong = await change(ask, person, "graphCreate", name="Not a slug")
    await new_graph(ask, person, "two")
    await new_graph(ask, person, "three")
    many = await change(ask, person, "graphCreate", name="four")

    codes = [error["code"] for each in (taken, wrong, many) for error in each["errors"]]
    assert codes == ["GRAPH_NAME_TAKEN", "INVALID_INPUT", "TOO_MANY_IN_GRAPH"]
    listed = data_of(await ask(person, "{ graphs(first: 2) { nodes { name } pageInfo { hasNextPage } } }"))
    assert [node["name"] for node in listed["graphs"]["nodes"]] == ["one", "two"]
    assert listed["graphs"]["pageInfo"]["hasNextPage"] is True


async def test_a_graph_has_no_more_subgraphs_than_it_may(ask: Ask) -> None:
    person = publisher()
    graph = await new_graph(ask, person)
    for number in range(8):
        await publish(ask, person, graph, f"s{number}", sdl(f"f{number}"))

    ninth = await change(
        ask, person, "subgraphPublish", graphId=graph, name="s8", url="http://s8", sdl=sdl("f8")
    )
    await publish(ask, person, graph, "s7", sdl("other"))

    assert [error["code"] for error in ninth["errors"]] == ["TOO_MANY_IN_GRAPH"]


NASTY = ("", "\0", "a\0b", "\ud800", "a" * 70_000, "'; drop table gateway.graphs; --", "\u202e", "ordinary")


@pytest.mark.parametrize("text", NASTY, ids=ascii)
async def test_no_text_about_a_real_graph_is_an_internal_error(ask: Ask, text: str) -> None:
    person = publisher()
    graph = await new_graph(ask, person)
    await publish(ask, person, graph, "a", sdl("a"))
    reading = """query ($id: ID!, $text: String!) { graph(id: $id) {
      subgraphVersions(name: $text) { totalCount nodes { id } } latest { sdl(contract: $text) } } }"""
    new = {"name": "a", "url": "http://a", "sdl": sdl("b"), "dryRun": True}
    wishes: tuple[tuple[str, dict[str, Any]], ...] = (
        ("subgraphPublish", {"name": text, "url": "http://a", "sdl": sdl("a")}),
        ("subgraphPublish", {"name": "a", "url": text, "sdl": sdl("a")}),
        ("subgraphPublish", {"name": "a", "url": "http://a", "sdl": text}),
        ("subgraphPublish", {**new, "reason": text}),
        ("subgraphPublish", {**new, "gitRevision": text}),
        ("subgraphRetire", {"name": text}),
        ("contractSet", {"name": text, "include": ["x"]}),
        ("contractSet", {"name": "c", "include": [text], "dryRun": True}),
        ("contractSet", {"name": "c", "exclude": [text], "dryRun": True}),
        ("contractDelete", {"name": text}),
        ("supergraphRollback", {"reason": text}),
    )

    answers = [await ask(person, mutation(verb), input={"graphId": graph, **input}) for verb, input in wishes]
    answers.append(await ask(person, reading, id=graph, text=text))

    found = [error for answer in answers for error in answer.errors]
    assert [error for error in found if error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"] == []


async def test_many_graphs_take_as_many_statements_as_one(ask: Ask, database: Database) -> None:
    question = """{ graphs(first: 3) { nodes { active { supergraph { number subgraphs { name } contracts } }
      latest { number subgraphs { name } } subgraphs { name } contracts { name }
      supergraphs(first: 2) { nodes { number } } activations(first: 2) { nodes { serial } } } } }"""

    async def statements(graphs: int) -> int:
        person = publisher()
        for number in range(graphs):
            graph = await new_graph(ask, person, f"g{number}")
            await publish(ask, person, graph, "a", sdl("a"), activate=True)
        with database.counting() as counted:
            data_of(await ask(person, question))
        return len(counted.statements)

    assert await statements(3) == await statements(1)


async def test_what_is_history_is_changed_by_nobody(ask: Ask, database: Database) -> None:
    person = publisher()
    graph = await new_graph(ask, person)
    await publish(ask, person, graph, "a", sdl("a"), activate=True)
    changes = [
        f"{verb} gateway.{table}{' set organization_id = organization_id' if verb == 'update' else ''}"
        for table in TABLES[2:-1]
        for verb in ("update", "delete from")
    ]

    for statement in changes:
        for work in (
            database.unit_of_work(domain="gateway", principal=person),
            database.unit_of_work_for_system(domain="gateway", job="tests"),
        ):
            with pytest.raises(ProgrammingError, match="permission denied"):
                async with work as unit:
                    await unit.session.execute(text(statement))
