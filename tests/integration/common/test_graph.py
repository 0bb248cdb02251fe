"""A subgraph through its executor, on real stores: batching, pages, errors, payloads."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from common.access.principal import ANONYMOUS, Principal, PrincipalKind
from common.db.pages import Page, PageRequest
from common.db.session import Database
from common.graphql.context import Resources
from common.graphql.executor import Answer
from common.graphql.subgraph import Subgraph
from common.ids import to_global_id, uuid7
from tests.integration.common.notes.graph import SCHEMA, NotesParts
from tests.integration.common.notes.models import Note, NoteRepository

pytestmark = pytest.mark.stores

ENTITIES = "query ($r: [_Any!]!) { _entities(representations: $r) { ... on Note { id title } } }"
PAGE = """query ($first: Int, $after: String, $last: Int, $before: String) {
  notes(first: $first, after: $after, last: $last, before: $before) {
    nodes { title } totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""


@pytest.fixture
def subgraph(resources: Resources) -> Subgraph[NotesParts]:
    """The sample domain."""
    return Subgraph(name="notes", schema=SCHEMA, resources=resources, parts=NotesParts())


def somebody() -> Principal:
    """A person in an organisation of their own."""
    return Principal(kind=PrincipalKind.USER, id=uuid7(), organisation_id=uuid7())


async def written(database: Database, principal: Principal, count: int) -> list[Note]:
    """Some notes of the principal's organisation, oldest first."""
    assert principal.organisation_id is not None
    assert principal.id is not None
    notes = [
        Note(
            id=uuid7(),
            organization_id=principal.organisation_id,
            author_id=principal.id,
            title=f"note {number}",
        )
        for number in range(count)
    ]
    async with database.unit_of_work(domain="notes", principal=principal) as work:
        work.session.add_all(notes)
    return notes


def representation(note_id: UUID) -> dict[str, Any]:
    """How another subgraph names a note."""
    return {"__typename": "Note", "id": to_global_id("Note", note_id)}


async def test_a_hundred_entities_cost_one_statement(
    subgraph: Subgraph[NotesParts], database: Database
) -> None:
    me = somebody()
    notes = await written(database, me, 100)
    wanted = [representation(note.id) for note in notes]

    with database.counting() as counted:
        answer = await subgraph.executor.execute(ENTITIES, {"r": wanted}, principal=me)

    assert answer.errors == ()
    assert answer.data is not None
    assert [entity["title"] for entity in answer.data["_entities"]] == [note.title for note in notes]
    assert (counted.units_of_work, len(counted.statements)) == (1, 1)
    assert wanted[0] == representation(notes[0].id)  # the caller's variables stay as they were


async def test_lists_of_many_parents_cost_one_statement(
    subgraph: Subgraph[NotesParts], database: Database
) -> None:
    me = somebody()
    await written(database, me, 3)
    users = [{"__typename": "User", "id": to_global_id("User", id)} for id in (me.id, uuid7(), uuid7()) if id]
    document = """query ($r: [_Any!]!) { _entities(representations: $r) {
      ... on User { notes(first: 2) { nodes { title } pageInfo { hasNextPage } } } } }"""

    with database.counting() as counted:
        answer = await subgraph.executor.execute(document, {"r": users}, principal=me)

    assert answer.data is not None
    pages = [user["notes"] for user in answer.data["_entities"]]
    assert [len(page["nodes"]) for page in pages] == [2, 0, 0]
    assert [page["pageInfo"]["hasNextPage"] for page in pages] == [True, False, False]
    assert len(counted.statements) == 1


async def test_entities_of_another_organisation_are_null(
    subgraph: Subgraph[NotesParts], database: Database
) -> None:
    [note] = await written(database, somebody(), 1)

    answer = await subgraph.executor.execute(ENTITIES, {"r": [representation(note.id)]}, principal=somebody())

    assert (answer.data, answer.errors) == ({"_entities": [None]}, ())


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        ({"__typename": "Nobody", "id": "x"}, "INVALID_REPRESENTATION"),
        ({"__typename": "Query"}, "INVALID_REPRESENTATION"),
        ({"__typename": ["Note"], "id": "x"}, "INVALID_REPRESENTATION"),
        ({"id": "x"}, "INVALID_REPRESENTATION"),
        ({"__typename": "Note"}, "INVALID_REPRESENTATION"),
        ("Note", "INVALID_REPRESENTATION"),
        ({"__typename": "Note", "id": "x"}, "INVALID_ID"),
        ({"__typename": "Note", "id": to_global_id("User", uuid7())}, "INVALID_ID"),
        ({"__typename": "Note", "id": "x", "info": "mine", "cls": 1}, "INVALID_ID"),
        ({"__typename": "Note", "id": {"a": 1}}, "INVALID_ID"),
    ],
)
async def test_a_bad_representation_spoils_only_itself(
    subgraph: Subgraph[NotesParts], database: Database, bad: object, code: str
) -> None:
    me = somebody()
    [note] = await written(database, me, 1)

    answer = await subgraph.executor.execute(ENTITIES, {"r": [bad, representation(note.id)]}, principal=me)

    assert answer.data is not None
    assert [entity and entity["title"] for entity in answer.data["_entities"]] == [None, "note 0"]
    [error] = answer.errors
    assert (error["extensions"]["code"], error["path"]) == (code, ["_entities", 0])


async def test_pages_walk_forwards_and_backwards(subgraph: Subgraph[NotesParts], database: Database) -> None:
    me = somebody()
    await written(database, me, 5)  # one moment for all: the id decides

    async def page(**arguments: Any) -> dict[str, Any]:
        answer = await subgraph.executor.execute(PAGE, arguments, principal=me)
        assert answer.errors == ()
        assert answer.data is not None
        notes: dict[str, Any] = answer.data["notes"]
        return notes

    first = await page(first=2)
    second = await page(first=2, after=first["pageInfo"]["endCursor"])
    third = await page(first=2, after=second["pageInfo"]["endCursor"])
    back = await page(last=2, before=third["pageInfo"]["startCursor"])
    end = await page(last=1)

    shown = [[node["title"] for node in one["nodes"]] for one in (first, second, third, back, end)]
    assert shown == [["note 4", "note 3"], ["note 2", "note 1"], ["note 0"], ["note 2", "note 1"], ["note 0"]]
    assert [one["pageInfo"]["hasNextPage"] for one in (first, second, third, back)] == [
        True,
        True,
        False,
        True,
    ]
    assert [one["pageInfo"]["hasPreviousPage"] for one in (first, second, back)] == [False, True, True]
    assert first["totalCount"] == 5


async def test_a_list_is_only_counted_when_asked(subgraph: Subgraph[NotesParts], database: Database) -> None:
    with database.counting() as counted:
        await subgraph.executor.execute("{ notes { nodes { title } } }", principal=somebody())

    assert len(counted.statements) == 1


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"first": 0}, "INVALID_PAGE"),
        ({"first": 101}, "INVALID_PAGE"),
        ({"first": -1}, "INVALID_PAGE"),
        ({"first": 1, "last": 1}, "INVALID_PAGE"),
        ({"first": 1, "before": "x"}, "INVALID_PAGE"),
        ({"first": 1, "after": "x"}, "INVALID_CURSOR"),
        ({"first": 1, "after": "é"}, "INVALID_CURSOR"),
        ({"first": 1, "after": "AAAAAAAAAAAAAAAAAAAAAAAA"}, "INVALID_CURSOR"),
    ],
)
async def test_bad_paging_is_refused(
    subgraph: Subgraph[NotesParts], arguments: dict[str, Any], code: str
) -> None:
    answer = await subgraph.executor.execute(PAGE, arguments, principal=somebody())

    assert [error["extensions"]["code"] for error in answer.errors] == [code]


@pytest.mark.parametrize(
    ("document", "code", "message"),
    [
        ("{ forbidden }", "FORBIDDEN", "Nobody may."),
        ("{ notes { nodes { title } } }", "UNAUTHENTICATED", "Sign in first."),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED", None),
        ("{ ", "GRAPHQL_PARSE_FAILED", None),
        ("query ($n: Int!) { notes(first: $n) { nodes { title } } }", "BAD_USER_INPUT", None),
        ("subscription { noteWritten { position } }", "BAD_USER_INPUT", None),
    ],
)
async def test_errors_have_codes(
    subgraph: Subgraph[NotesParts], document: str, code: str, message: str | None
) -> None:
    answer = await subgraph.executor.execute(document, principal=ANONYMOUS)

    [error] = answer.errors
    assert error["extensions"]["code"] == code
    assert message is None or error["message"] == message


async def test_a_bug_is_masked_and_logged(
    subgraph: Subgraph[NotesParts], database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    me = somebody()
    await written(database, me, 1)

    answer = await subgraph.executor.execute("{ notes { nodes { title broken } } }", principal=me)

    [error] = answer.errors
    assert error["extensions"] == {"code": "INTERNAL_SERVER_ERROR"}
    assert "hunter2" not in str(answer)
    assert "hunter2" in caplog.text
    assert answer.data == {"notes": {"nodes": [{"title": "note 0", "broken": None}]}}


async def test_cookies_and_parts_reach_resolvers(subgraph: Subgraph[NotesParts]) -> None:
    answer = await subgraph.executor.execute("{ greeting }", principal=ANONYMOUS)

    assert answer == Answer(data={"greeting": "hello"}, set_cookies=("greeted=1; HttpOnly",))


async def test_a_refused_input_is_in_the_payload(subgraph: Subgraph[NotesParts]) -> None:
    me = somebody()
    document = """mutation ($title: String!) { noteWrite(input: {title: $title}) {
      note { title } errors { __typename message code path } } }"""

    first = await subgraph.executor.execute(document, {"title": "one"}, principal=me)
    again = await subgraph.executor.execute(document, {"title": "one"}, principal=me)
    stranger = await subgraph.executor.execute(document, {"title": "one"}, principal=ANONYMOUS)

    assert first.data == {"noteWrite": {"note": {"title": "one"}, "errors": []}}
    assert again.data == {
        "noteWrite": {
            "note": None,
            "errors": [
                {
                    "__typename": "ConflictError",
                    "message": "There is a note 'one' already.",
                    "code": "NOTE_TITLE_TAKEN",
                    "path": ["input", "title"],
                }
            ],
        }
    }
    assert [error["extensions"]["code"] for error in stranger.errors] == ["UNAUTHENTICATED"]


async def test_requests_run_side_by_side(subgraph: Subgraph[NotesParts], database: Database) -> None:
    me = somebody()
    notes = await written(database, me, 10)

    answers = await asyncio.gather(
        *(
            subgraph.executor.execute(ENTITIES, {"r": [representation(note.id)]}, principal=me)
            for note in notes
        )
    )

    assert [answer.data["_entities"][0]["title"] for answer in answers if answer.data] == [
        note.title for note in notes
    ]


async def test_the_repository_pages_only_what_it_is_given(database: Database, resources: Resources) -> None:
    me = somebody()
    await written(database, me, 2)

    async with database.unit_of_work(domain="notes", principal=me) as work:
        found = await NoteRepository(work.session).by_ids([])

    assert found == {}


async def test_pages_of_many_keys_go_on_and_back_and_count(database: Database, resources: Resources) -> None:
    me, nobody = somebody(), uuid7()
    notes = [note.title for note in await written(database, me, 5)][::-1]
    author = me.id
    assert author is not None

    async def pages(**arguments: Any) -> dict[UUID, Page[Note]]:
        request = PageRequest(**arguments, total=True)
        async with database.unit_of_work(domain="notes", principal=me) as work:
            return await NoteRepository(work.session).pages_by_author(
                [author, nobody], request, resources.cursors
            )

    first = await pages(first=2)
    second = await pages(first=2, after=first[author].cursors[-1])
    back = await pages(last=1, before=second[author].cursors[0])

    shown = [[note.title for note in one[author].items] for one in (first, second, back)]
    assert shown == [notes[:2], notes[2:4], notes[1:2]]
    assert [one[author].has_next for one in (first, second, back)] == [True, True, True]
    assert [one[author].total for one in (first, second)] == [5, 5]
    assert (first[nobody].items, first[nobody].total) == ((), 0)
