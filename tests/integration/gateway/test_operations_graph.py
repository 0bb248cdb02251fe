"""Registering, retiring and reading operations of clients, as a client of the graph meets it."""

import asyncio
import hashlib
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from common.access.principal import Principal
from common.db.session import Database
from common.graphql.subgraph import Subgraph
from common.ids import from_global_id, to_global_id, uuid7
from common.resources import Resources
from subgraphs.gateway.app import build_subgraph
from subgraphs.gateway.service.parts import GatewayParts
from tests.factories.graphs import PUBLISHER, data_of, publisher
from tests.fakes.checker import FixedChecker
from tests.fakes.composer import FixedComposer
from tests.integration.gateway.conftest import Ask

pytestmark = pytest.mark.stores

OPERATIONS = frozenset({"operations:read", "operations:publish", "operations:protect"})
EVERYTHING = PUBLISHER | OPERATIONS
ERRORS = (
    "errors { __typename code path message ... on DocumentsRefusedError {"
    " problemCount problems { documentId operation line column message advice } } }"
)
SELECTIONS = {
    "graphCreate": "graph { id }",
    "subgraphPublish": "isNew",
    "operationsPublish": "isNew documentCount addedCount client { id name mode } clientVersion"
    " { id version documentCount retiredAt }",
    "documentsUpload": "newCount",
    "operationsRetire": "documentCount clientVersions { version documentCount retiredAt }",
    "clientModeSet": "graph { operationsMode } client { name mode }",
    "clientApplicationsSet": "client { name applications { id } }",
}
STATE = """query ($id: ID!) { graph(id: $id) { operationsMode operationsSerial
  clients { nodes { name mode applications { id } versions { nodes { version documentCount retiredAt reason
    gitRevision publishedBy { kind } documents { nodes { documentId sha256 body } } } } } }
  operations { nodes { name kind sha256 document registeredBy lastSeen } }
  operationChanges { nodes { serial kind client version documentCount mode reason
    changedBy { kind } } } } }"""


def digest(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()


def document(body: str, id: str | None = None) -> dict[str, Any]:
    return {"documentId": id, "body": body}


A, B, C = "query A { a }", "query B { b }", "query C { c }"


@pytest.fixture
def parts(parts: GatewayParts) -> GatewayParts:
    """With schemas and documents that nobody looks at: what looks at them has tests of its own."""
    settings = parts.settings.model_copy(
        update={"versions_per_client": 3, "documents_per_version": 4, "clients_per_graph": 2}
    )
    return replace(parts, settings=settings, composer=FixedComposer(), checker=FixedChecker())


@pytest.fixture
def person() -> Principal:
    """Somebody who may do everything in an organisation of their own."""
    return publisher(EVERYTHING)


@pytest.fixture
async def graph(ask: Ask, person: Principal) -> str:
    """A graph with something active."""
    id = (await make(ask, person, "graphCreate", name="shop"))["graph"]["id"]
    await make(
        ask, person, "subgraphPublish", graphId=id, name="a", url="http://a", sdl="type Q", activate=True
    )
    return str(id)


async def change(ask: Ask, principal: Principal, verb: str, **input: Any) -> dict[str, Any]:
    """The payload of a mutation."""
    kind = f"{verb[0].upper()}{verb[1:]}Input"
    asked = f"mutation ($input: {kind}!) {{ {verb}(input: $input) {{ {SELECTIONS[verb]} {ERRORS} }} }}"
    payload: dict[str, Any] = data_of(await ask(principal, asked, input=input))[verb]
    return payload


async def make(ask: Ask, principal: Principal, verb: str, **input: Any) -> dict[str, Any]:
    """The payload of a mutation that succeeds."""
    payload = await change(ask, principal, verb, **input)
    assert payload["errors"] == []
    return payload


async def refusal(ask: Ask, principal: Principal, verb: str, **input: Any) -> dict[str, Any]:
    """The one error of a mutation that is refused."""
    (error,) = (await change(ask, principal, verb, **input))["errors"]
    found: dict[str, Any] = error
    return found


async def register(
    ask: Ask, who: Principal, graph: str, version: str, *bodies: str, client: str = "web", **more: Any
) -> dict[str, Any]:
    """Publish documents under their digests."""
    documents = [document(body) for body in bodies]
    return await make(
        ask,
        who,
        "operationsPublish",
        graphId=graph,
        client=client,
        version=version,
        documents=documents,
        **more,
    )


async def state(ask: Ask, who: Principal, graph: str) -> dict[str, Any]:
    """All that the graph tells of its operations."""
    found: dict[str, Any] = data_of(await ask(who, STATE, id=graph))["graph"]
    return found


async def topics(database: Database, graph: str) -> list[str]:
    async with database.engine.connect() as connection:
        await connection.execute(text("select set_config('role', 'atrium_events_system', true)"))
        found = await connection.execute(
            text("select topic from gateway.outbox where key = :key order by sequence"),
            {"key": str(from_global_id(graph, "Graph"))},
        )
        return [row.topic for row in found if not row.topic.startswith("gateway.supergraph.")]


async def test_what_a_client_registers_can_be_seen_with_who_and_why(
    ask: Ask, person: Principal, graph: str, database: Database
) -> None:
    done = await register(ask, person, graph, "1.0", A, B, reason="the first", gitRevision="abc")

    assert (done["isNew"], done["documentCount"], done["addedCount"]) == (True, 2, 2)
    found = await state(ask, person, graph)
    (client,) = found["clients"]["nodes"]
    (version,) = client["versions"]["nodes"]
    assert (client["name"], client["mode"], client["applications"]) == ("web", None, [])
    assert {one["documentId"]: (one["sha256"], one["body"]) for one in version.pop("documents")["nodes"]} == {
        digest(body): (digest(body), body) for body in (A, B)
    }
    assert version == {
        "version": "1.0",
        "documentCount": 2,
        "retiredAt": None,
        "reason": "the first",
        "gitRevision": "abc",
        "publishedBy": {"kind": "USER"},
    }
    operations = {one["name"]: one for one in found["operations"]["nodes"]}
    assert operations["A"] == {
        "name": "A",
        "kind": "query",
        "sha256": digest(A),
        "document": A,
        "registeredBy": ["web"],
        "lastSeen": None,
    }
    assert (found["operationsMode"], found["operationsSerial"]) == ("OFF", 1)
    assert found["operationChanges"]["nodes"] == [
        {
            "serial": 1,
            "kind": "PUBLISH",
            "client": "web",
            "version": "1.0",
            "documentCount": 2,
            "mode": None,
            "reason": "the first",
            "changedBy": {"kind": "USER"},
        }
    ]
    assert await topics(database, graph) == ["gateway.operations.published"]


async def test_the_same_again_is_no_change_and_another_manifest_is_another_version(
    ask: Ask, person: Principal, graph: str, database: Database
) -> None:
    await register(ask, person, graph, "1", A, B)

    again = await register(ask, person, graph, "1", B, A)
    other = await refusal(
        ask,
        person,
        "operationsPublish",
        graphId=graph,
        client="web",
        version="1",
        documents=[document(A), document(C)],
    )
    replaced = await register(ask, person, graph, "1", A, C, replace=True)

    assert (again["isNew"], again["documentCount"]) == (False, 2)
    assert (other["code"], other["path"]) == ("CLIENT_VERSION_DIFFERS", ["input", "version"])
    assert "1 of these are new to it, 1 of its own are missing" in other["message"]
    assert (replaced["isNew"], replaced["addedCount"]) == (True, 2)
    found = await state(ask, person, graph)
    (version,) = found["clients"]["nodes"][0]["versions"]["nodes"]
    assert {one["body"] for one in version["documents"]["nodes"]} == {A, C}
    assert await topics(database, graph) == ["gateway.operations.published"] * 2


async def test_what_does_not_fit_changes_nothing_and_says_what_to_do(
    ask: Ask, person: Principal, graph: str
) -> None:
    wrong = [document(A), document("query W { wrong }", "w")]

    error = await refusal(
        ask, person, "operationsPublish", graphId=graph, client="web", version="1", documents=wrong
    )

    assert (error["__typename"], error["code"]) == ("DocumentsRefusedError", "DOCUMENTS_REFUSED")
    assert error["problemCount"] == 1
    assert error["problems"] == [
        {
            "documentId": "w",
            "operation": None,
            "line": None,
            "column": None,
            "message": "It is wrong.",
            "advice": "Mend it.",
        }
    ]
    found = await state(ask, person, graph)
    assert (found["clients"]["nodes"], found["operations"]["nodes"], found["operationsSerial"]) == ([], [], 0)


@pytest.mark.parametrize(
    ("documents", "says"),
    [
        ([], "1 to 4 documents"),
        ([document(f"query A{n} {{ a }}") for n in range(5)], "1 to 4 documents"),
        ([document(A, digest(B))], "not that of its text"),
        ([document(A, f"sha256:{digest(B)}")], "not that of its text"),
        ([{"body": A, "sha256": digest(B)}], "not that of the body"),
        ([document(A, "one"), document(B, "one")], "two texts"),
        ([document(A, "a b")], "The id of a document"),
        ([document(A, "i" * 129)], "The id of a document"),
        ([document("  ")], "bytes, none of them zero"),
        ([document('query A { a(b: "\0") }')], "bytes, none of them zero"),
        ([{"documentId": "x"}], "body, or the digest"),
        ([{"sha256": "A" * 64}], "64 lower-case"),
    ],
)
async def test_what_could_be_mistaken_is_refused(
    ask: Ask, person: Principal, graph: str, documents: list[dict[str, Any]], says: str
) -> None:
    error = await refusal(
        ask, person, "operationsPublish", graphId=graph, client="web", version="1", documents=documents
    )

    assert error["code"] == "INVALID_INPUT"
    assert says in error["message"]


async def test_one_id_of_a_client_is_one_text_and_another_client_is_free(
    ask: Ask, person: Principal, graph: str
) -> None:
    web = {"graphId": graph, "client": "web"}
    await make(ask, person, "operationsPublish", **web, version="1", documents=[document(A, "list")])

    taken = await refusal(
        ask, person, "operationsPublish", **web, version="2", documents=[document(B, "list")]
    )
    await make(
        ask,
        person,
        "operationsPublish",
        graphId=graph,
        client="app",
        version="1",
        documents=[document(B, "list")],
    )
    await make(ask, person, "operationsRetire", **web, versions=["1"])
    await make(ask, person, "operationsPublish", **web, version="2", documents=[document(B, "list")])

    assert taken["code"] == "DOCUMENT_ID_TAKEN"
    assert "version '1'" in taken["message"]


async def test_large_manifests_come_in_parts(
    ask: Ask, person: Principal, graph: str, database: Database
) -> None:
    digests = [digest(A), digest(B)]
    missing = "query ($id: ID!, $d: [String!]!) { graph(id: $id) { missingDocuments(sha256: $d) } }"
    named = [{"sha256": one} for one in digests]
    publish = {"graphId": graph, "client": "web", "version": "1", "documents": named}

    early = await refusal(ask, person, "operationsPublish", **publish)
    before = data_of(await ask(person, missing, id=graph, d=digests))["graph"]["missingDocuments"]
    first = await make(ask, person, "documentsUpload", graphId=graph, bodies=[A])
    between = data_of(await ask(person, missing, id=graph, d=digests))["graph"]["missingDocuments"]
    second = await make(ask, person, "documentsUpload", graphId=graph, bodies=[A, B])
    done = await make(ask, person, "operationsPublish", **publish)

    assert early["code"] == "DOCUMENTS_MISSING"
    assert (before, between) == (digests, [digest(B)])
    assert (first["newCount"], second["newCount"]) == (1, 1)
    assert done["documentCount"] == 2
    assert await topics(database, graph) == ["gateway.operations.published"]


async def test_a_version_that_is_retired_is_served_no_more_and_can_come_back(
    ask: Ask, person: Principal, graph: str, database: Database
) -> None:
    await register(ask, person, graph, "1", A, B)
    await register(ask, person, graph, "2", B, C)

    gone = await make(ask, person, "operationsRetire", graphId=graph, client="web", versions=["1"])
    again = await make(ask, person, "operationsRetire", graphId=graph, client="web", versions=["1"])
    unknown = await refusal(ask, person, "operationsRetire", graphId=graph, client="web", versions=["9"])

    assert gone["documentCount"] == 1
    assert [one["version"] for one in gone["clientVersions"]] == ["1"]
    assert (again["documentCount"], again["clientVersions"]) == (0, [])
    assert unknown["code"] == "NOT_FOUND"
    operations = {one["name"]: one for one in (await state(ask, person, graph))["operations"]["nodes"]}
    assert (operations["A"]["registeredBy"], operations["B"]["registeredBy"]) == ([], ["web"])
    back = await register(ask, person, graph, "1", A, B)
    assert (back["isNew"], back["addedCount"]) == (True, 1)
    assert back["clientVersion"]["retiredAt"] is None
    assert await topics(database, graph) == [
        "gateway.operations.published",
        "gateway.operations.published",
        "gateway.operations.retired",
        "gateway.operations.published",
    ]


async def test_a_single_document_goes_from_all_versions(ask: Ask, person: Principal, graph: str) -> None:
    await register(ask, person, graph, "1", A, B)
    await register(ask, person, graph, "2", B, C)

    gone = await make(ask, person, "operationsRetire", graphId=graph, client="web", documentIds=[digest(B)])
    unknown = await refusal(
        ask, person, "operationsRetire", graphId=graph, client="web", documentIds=["nothing"]
    )

    assert gone["documentCount"] == 1
    assert [(one["version"], one["documentCount"]) for one in gone["clientVersions"]] == [("1", 1), ("2", 1)]
    assert unknown["code"] == "NOT_FOUND"


async def test_modes_hold_for_a_client_or_by_default(
    ask: Ask, person: Principal, graph: str, database: Database
) -> None:
    default = await make(ask, person, "clientModeSet", graphId=graph, mode="LOG", reason="look first")
    early = await make(ask, person, "clientModeSet", graphId=graph, client="web", mode="ID")
    same = await make(ask, person, "clientModeSet", graphId=graph, client="web", mode="ID")
    back = await make(ask, person, "clientModeSet", graphId=graph, client="web", mode=None)
    unsaid = await refusal(ask, person, "clientModeSet", graphId=graph, client="web")
    no_default = await refusal(ask, person, "clientModeSet", graphId=graph, mode=None)

    assert default["graph"] == {"operationsMode": "LOG"}
    assert early["client"] == same["client"] == {"name": "web", "mode": "ID"}
    assert back["client"] == {"name": "web", "mode": None}
    assert (unsaid["code"], no_default["code"]) == ("INVALID_INPUT", "INVALID_INPUT")
    changes = (await state(ask, person, graph))["operationChanges"]["nodes"]
    assert [(one["serial"], one["kind"], one["client"], one["mode"]) for one in changes] == [
        (3, "MODE", "web", None),
        (2, "MODE", "web", "ID"),
        (1, "MODE", "", "LOG"),
    ]
    assert await topics(database, graph) == ["gateway.client.mode_set"] * 3


async def test_an_application_is_one_client_at_most(ask: Ask, person: Principal, graph: str) -> None:
    one, two = (to_global_id("Application", uuid7()) for _ in range(2))
    bound = {"graphId": graph, "client": "bot", "applicationIds": [one, two]}

    first = await make(ask, person, "clientApplicationsSet", **bound)
    taken = await refusal(
        ask, person, "clientApplicationsSet", graphId=graph, client="web", applicationIds=[two]
    )
    await make(ask, person, "clientApplicationsSet", **{**bound, "applicationIds": [one]})
    moved = await make(
        ask, person, "clientApplicationsSet", graphId=graph, client="web", applicationIds=[two]
    )

    assert sorted(each["id"] for each in first["client"]["applications"]) == sorted([one, two])
    assert taken["code"] == "APPLICATION_BOUND_ELSEWHERE"
    assert "'bot'" in taken["message"]
    assert moved["client"] == {"name": "web", "applications": [{"id": two}]}


async def test_there_is_an_end_to_clients_and_versions(ask: Ask, person: Principal, graph: str) -> None:
    for number in range(3):
        await register(ask, person, graph, str(number), A)
    await register(ask, person, graph, "1", A, client="app")
    documents = [document(A)]

    version = await refusal(
        ask, person, "operationsPublish", graphId=graph, client="web", version="3", documents=documents
    )
    client = await refusal(
        ask, person, "operationsPublish", graphId=graph, client="third", version="1", documents=documents
    )
    await make(ask, person, "operationsRetire", graphId=graph, client="web", versions=["0"])

    assert (version["code"], client["code"]) == ("TOO_MANY_IN_GRAPH", "TOO_MANY_IN_GRAPH")
    assert (await register(ask, person, graph, "3", A))["isNew"]


async def test_there_is_an_end_to_text(
    ask: Ask, person: Principal, graph: str, parts: GatewayParts, resources: Resources
) -> None:
    small = replace(parts, settings=parts.settings.model_copy(update={"largest_documents": 40}))
    subgraph: Subgraph[GatewayParts] = build_subgraph(resources, small)

    async def ask_small(principal: Any, asked: str, **variables: Any) -> Any:
        return await subgraph.executor.execute(asked, variables, principal=principal)

    await register(ask_small, person, graph, "1", A)
    error = await refusal(
        ask_small,
        person,
        "operationsPublish",
        graphId=graph,
        client="web",
        version="2",
        documents=[document(A), document(f"{B} # {'x' * 40}")],
    )

    assert error["code"] == "DOCUMENTS_TOO_LARGE"
    assert [one["name"] for one in (await state(ask, person, graph))["operations"]["nodes"]] == ["A"]


async def test_a_dry_run_and_a_graph_without_a_supergraph_register_nothing(
    ask: Ask, person: Principal, graph: str
) -> None:
    empty = (await make(ask, person, "graphCreate", name="empty"))["graph"]["id"]
    documents = [document(A)]

    trial = await register(ask, person, graph, "1", A, dryRun=True)
    inactive = await refusal(
        ask, person, "operationsPublish", graphId=empty, client="web", version="1", documents=documents
    )
    no_contract = await refusal(
        ask,
        person,
        "operationsPublish",
        graphId=graph,
        client="web",
        version="1",
        contract="nothing",
        documents=documents,
    )

    assert (trial["isNew"], trial["client"], trial["clientVersion"]) == (True, None, None)
    assert (await state(ask, person, graph))["clients"]["nodes"] == []
    assert (inactive["code"], no_contract["code"]) == ("NO_ACTIVE_SUPERGRAPH", "NO_ACTIVE_SUPERGRAPH")


@pytest.mark.parametrize(
    ("verb", "scope"),
    [
        ("operationsPublish", "operations:publish"),
        ("documentsUpload", "operations:publish"),
        ("operationsRetire", "operations:publish"),
        ("clientModeSet", "operations:protect"),
        ("clientApplicationsSet", "operations:protect"),
    ],
)
async def test_each_change_needs_its_permission_in_the_graphs_own_organisation(
    ask: Ask, person: Principal, graph: str, verb: str, scope: str
) -> None:
    inputs: dict[str, dict[str, Any]] = {
        "operationsPublish": {"client": "web", "version": "1", "documents": [document(A)]},
        "documentsUpload": {"bodies": [A]},
        "operationsRetire": {"client": "web", "versions": ["1"]},
        "clientModeSet": {"mode": "ID"},
        "clientApplicationsSet": {"client": "web", "applicationIds": []},
    }
    kind = f"{verb[0].upper()}{verb[1:]}Input"
    asked = f"mutation ($input: {kind}!) {{ {verb}(input: $input) {{ errors {{ code }} }} }}"
    input = {"graphId": graph, **inputs[verb]}

    without = await ask(replace(person, scopes=EVERYTHING - {scope}), asked, input=input)
    elsewhere = data_of(await ask(publisher(EVERYTHING), asked, input=input))[verb]

    assert [error["extensions"]["code"] for error in without.errors] == ["SCOPE_MISSING"]
    assert elsewhere["errors"] == [{"code": "NOT_FOUND"}]


async def test_reading_needs_its_permission_and_one_for_operations_is_enough(
    ask: Ask, person: Principal, graph: str
) -> None:
    await register(ask, person, graph, "1", A)
    blind = replace(person, scopes=PUBLISHER)
    narrow = replace(person, scopes=frozenset({"operations:read"}))
    named = 'query { graph(name: "shop") { clients { nodes { name } } } }'
    schemas = 'query { graph(name: "shop") { supergraphs { nodes { number } } } }'

    refused = await ask(blind, named)
    seen = data_of(await ask(narrow, named))
    too_far = await ask(narrow, schemas)
    stranger = data_of(await ask(publisher(EVERYTHING), named))

    assert {error["extensions"]["code"] for error in refused.errors} == {"SCOPE_MISSING"}
    assert seen == {"graph": {"clients": {"nodes": [{"name": "web"}]}}}
    assert {error["extensions"]["code"] for error in too_far.errors} == {"SCOPE_MISSING"}
    assert stranger == {"graph": None}


async def test_entities_are_found_by_their_ids_only_where_they_belong(
    ask: Ask, person: Principal, graph: str
) -> None:
    done = await register(ask, person, graph, "1", A)
    represented = [
        {"__typename": "GraphClient", "id": done["client"]["id"]},
        {"__typename": "GraphClientVersion", "id": done["clientVersion"]["id"]},
    ]
    asked = """query ($r: [_Any!]!) { _entities(representations: $r) {
      ... on GraphClient { name } ... on GraphClientVersion { version client { name } } } }"""

    own = data_of(await ask(person, asked, r=represented))["_entities"]
    strange = data_of(await ask(publisher(EVERYTHING), asked, r=represented))["_entities"]

    assert own == [{"name": "web"}, {"version": "1", "client": {"name": "web"}}]
    assert strange == [None, None]


async def test_publications_at_once_make_one_history(ask: Ask, person: Principal, graph: str) -> None:
    clients = ["web", "app", "web", "app", "web"]

    done = await asyncio.gather(
        *(
            register(ask, person, graph, str(number % 3), A, B, C, client=client)
            for number, client in enumerate(clients)
        )
    )

    changes = (await state(ask, person, graph))["operationChanges"]["nodes"]
    told = sum(one["isNew"] for one in done)
    assert [one["serial"] for one in changes] == list(range(told, 0, -1))
    assert len({(one["client"], one["version"]) for one in changes}) == told


async def test_a_list_costs_the_same_however_long_it_is(
    ask: Ask, person: Principal, graph: str, database: Database
) -> None:
    asked = """query ($id: ID!) { graph(id: $id) { operations { nodes {
      name document registeredBy usage { count } clients { count } } }
      clients { nodes { name applications { id } versions { nodes { version usage { count } } } } } } }"""
    await register(ask, person, graph, "1", A)
    with database.counting() as short:
        data_of(await ask(person, asked, id=graph))
    await register(ask, person, graph, "2", A, B, C)
    await register(ask, person, graph, "1", A, B, client="app")

    with database.counting() as long:
        data_of(await ask(person, asked, id=graph))

    assert len(long.statements) == len(short.statements)


@pytest.mark.parametrize("name", ["\0", "a\0b", "\ud800", "x" * 100_000, ""])
async def test_names_that_nothing_can_have_are_not_found_or_refused(
    ask: Ask, person: Principal, graph: str, name: str
) -> None:
    await register(ask, person, graph, "1", A)
    documents = [document(A)]
    seen = """query ($id: ID!, $n: String!) { graph(id: $id) { client(name: $n) { name }
      operations(client: $n) { nodes { name } }
      all: operations { nodes { usage(client: $n) { count } clients(client: $n) { count } } } } }"""
    known = """query ($id: ID!, $n: String!) { graph(id: $id) {
      client(name: "web") { version(name: $n) { id } } } }"""

    codes = [
        (await refusal(ask, person, verb, graphId=graph, **input))["code"]
        for verb, input in (
            ("operationsPublish", {"client": name, "version": "1", "documents": documents}),
            ("operationsPublish", {"client": "web", "version": name, "documents": documents}),
            ("operationsRetire", {"client": name, "versions": ["1"]}),
            ("operationsRetire", {"client": "web", "versions": [name]}),
            ("operationsRetire", {"client": "web", "documentIds": [name]}),
            ("clientModeSet", {"client": name, "mode": "ID"}),
            ("clientApplicationsSet", {"client": name, "applicationIds": []}),
        )
    ]
    found = data_of(await ask(person, seen, id=graph, n=name))["graph"]
    version = data_of(await ask(person, known, id=graph, n=name))["graph"]

    assert set(codes) <= {"INVALID_INPUT", "NOT_FOUND"}
    assert (found["client"], found["operations"]["nodes"]) == (None, [])
    assert found["all"]["nodes"] == [{"usage": None, "clients": []}]
    assert version == {"client": {"version": None}}


async def test_a_contract_that_none_can_be_is_none(ask: Ask, person: Principal, graph: str) -> None:
    error = await refusal(
        ask,
        person,
        "operationsPublish",
        graphId=graph,
        client="web",
        version="1",
        contract="a\0",
        documents=[document(A)],
    )

    assert error["code"] == "NO_ACTIVE_SUPERGRAPH"
