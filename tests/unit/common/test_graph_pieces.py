"""Small pieces of the graph without stores: scalars, payload errors, connections, SDL."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import strawberry
from graphql import GraphQLError, parse
from hypothesis import given
from hypothesis import strategies as st

from common.access.principal import ANONYMOUS, Principal, PrincipalKind
from common.access.scopes import (
    ScopeMissing,
    has_scope,
    require_organisation,
    require_scope,
    require_user,
)
from common.db.pages import Page
from common.errors import DomainError, Forbidden, InvalidInput, Kind, NotFound, Unauthenticated, require
from common.graphql.connections import Connection, connection_of, page_request
from common.graphql.context import Context
from common.graphql.entities import Node, global_id, local_id_or_none
from common.graphql.errors import all_shown, shown
from common.graphql.executor import SubgraphExecutor
from common.graphql.scalars import read_moment, write_moment
from common.graphql.schema import build_schema
from common.graphql.user_errors import USER_ERRORS, UserError, payload_of, user_error_of
from common.ids import uuid7
from tests.fakes.clock import FakeClock


@given(st.datetimes(min_value=datetime(1900, 1, 1), timezones=st.timezones()))
def test_a_moment_leads_back_in_utc(moment: datetime) -> None:
    text = write_moment(moment)

    assert text.endswith("Z")
    assert read_moment(text) == moment.astimezone(UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2030-01-01T12:00:00Z", datetime(2030, 1, 1, 12, tzinfo=UTC)),
        ("2030-01-01t12:00:00z", datetime(2030, 1, 1, 12, tzinfo=UTC)),
        ("2030-01-01T12:00:00.5+02:00", datetime(2030, 1, 1, 10, 0, 0, 500_000, tzinfo=UTC)),
    ],
)
def test_moments_are_read_in_any_zone(text: str, moment: datetime) -> None:
    assert read_moment(text) == moment


@pytest.mark.parametrize(
    "value",
    [
        "2030-01-01",
        "2030-01-01T12:00:00",
        "2030-13-01T12:00:00Z",
        "2030-01-01T25:00:00Z",
        "0001-01-01T00:00:00+23:59",
        "soon",
        1,
        None,
    ],
)
def test_what_is_no_moment_is_refused(value: object) -> None:
    with pytest.raises(GraphQLError):
        read_moment(value)


@pytest.mark.parametrize("value", [datetime(2030, 1, 1), "2030", None])
def test_a_moment_without_zone_is_never_written(value: object) -> None:
    with pytest.raises(GraphQLError):
        write_moment(value)


class TitleTaken(DomainError):
    """Another has it."""

    code = "TITLE_TAKEN"
    kind = Kind.CONFLICT


@strawberry.type
class Payload:
    """A mutation's answer."""

    title: str | None = None
    errors: list[UserError] = strawberry.field(default_factory=list)


@pytest.mark.parametrize(
    ("refusal", "type_name"),
    [
        (TitleTaken("Taken.", path=("input", "titles", 2)), "ConflictError"),
        (InvalidInput("Bad.", path=("input", "titles", 2)), "InvalidInputError"),
        (NotFound("note", "x", path=("input", "titles", 2)), "NotFoundError"),
    ],
)
async def test_what_a_person_can_mend_is_in_the_payload(refusal: DomainError, type_name: str) -> None:
    async def change() -> Payload:
        raise refusal

    [error] = (await payload_of(Payload, change())).errors

    assert (type(error).__name__, error.code, error.message) == (type_name, refusal.code, refusal.message)
    assert error.path == ["input", "titles", "2"]


@pytest.mark.parametrize("refusal", [Forbidden("No."), Unauthenticated()])
async def test_other_refusals_stay_errors(refusal: DomainError) -> None:
    async def change() -> Payload:
        raise refusal

    with pytest.raises(type(refusal)):
        await payload_of(Payload, change())
    assert user_error_of(refusal) is None


def test_an_error_shows_its_own_code_whatever_its_extensions_say() -> None:
    refusal = TitleTaken("Taken.", extensions={"code": "HIJACKED", "title": "x"})

    entry = shown(GraphQLError("wrapped", original_error=GraphQLError("again", original_error=refusal)))

    assert entry == {"message": "Taken.", "extensions": {"code": "TITLE_TAKEN", "title": "x"}}


def test_one_cause_at_many_places_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    cause = RuntimeError("the loader failed")
    errors = [GraphQLError("x", path=["things", index], original_error=cause) for index in range(100)]

    shown_errors = all_shown(errors)

    assert {entry["extensions"]["code"] for entry in shown_errors} == {"INTERNAL_SERVER_ERROR"}
    assert len(shown_errors) == 100
    assert len(caplog.records) == 1


def test_scopes_are_exact_and_strangers_are_asked_to_sign_in() -> None:
    user = Principal(kind=PrincipalKind.USER, id=uuid7(), scopes=frozenset({"notes:read"}))

    assert (has_scope(user, "notes:read"), has_scope(user, "notes:write")) == (True, False)
    require_scope(user, "notes:read")
    with pytest.raises(ScopeMissing) as missing:
        require_scope(user, "notes:write")
    assert missing.value.extensions == {"scope": "notes:write"}
    for check in (require_user, require_organisation):
        with pytest.raises(Unauthenticated):
            check(ANONYMOUS)
    with pytest.raises(Forbidden):
        require_organisation(user)
    with pytest.raises(Forbidden):
        require_user(Principal(kind=PrincipalKind.APPLICATION, id=uuid7()))
    with pytest.raises(Forbidden):
        require(False)


def test_an_id_of_another_type_is_none_where_nothing_may_be_found() -> None:
    id = uuid7()

    assert local_id_or_none(global_id("Note", id), "Note") == id
    assert local_id_or_none(global_id("Note", id), "User") is None
    assert local_id_or_none("nonsense", "Note") is None


def test_the_fake_clock_stands_still_until_told() -> None:
    clock = FakeClock(datetime(2030, 1, 1, tzinfo=UTC))

    before = clock.now()
    clock.advance(timedelta(minutes=1))

    assert (before, clock.now()) == (datetime(2030, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, 0, 1, tzinfo=UTC))


@strawberry.federation.type(keys=["id"])
class Thing(Node):
    """A thing of which the docstring speaks."""

    number: strawberry.Private[int]

    @strawberry.field
    def id(self) -> strawberry.ID:
        """Its id."""
        return strawberry.ID(str(self.number))

    def _doubled(self, times: int | None = None) -> int:
        """Overruled."""
        return self.number * (times or 2)

    doubled: int = strawberry.field(resolver=_doubled, description="Given, not from the docstring.")


Info = strawberry.Info[Context[list[bool]], None]


@strawberry.type
class Query:
    """Reads."""

    @strawberry.field
    def things(self, info: Info, first: int | None = None) -> Connection[Thing]:
        """Three things."""
        request = page_request(info, first=first)
        info.context.parts.append(request.total)
        page = Page(items=(1, 2, 3), cursors=("a", "b", "c"), has_next=True, has_previous=False)
        return connection_of(page, lambda number: Thing(number=number))


@strawberry.type
class Subscription:
    """News."""

    @strawberry.subscription
    async def counted(self, info: Info, to: int) -> AsyncGenerator[int, None]:
        """One, two, three, then a fault."""
        for number in range(1, to + 1):
            yield number
        raise RuntimeError("the secret is hunter2")


SCHEMA = build_schema(query=Query, subscription=Subscription, types=list(USER_ERRORS))


def executor(parts: list[bool] | None = None) -> SubgraphExecutor[list[bool]]:
    """The little schema, without stores."""
    nothing: Any = None
    return SubgraphExecutor(domain="things", schema=SCHEMA, resources=nothing, parts=parts or [])


@pytest.mark.parametrize(
    ("document", "is_counted"),
    [
        ("{ things { nodes { id } } }", False),
        ("{ things { totalCount } }", True),
        ("{ things { ...F } } fragment F on ThingConnection { totalCount }", True),
        ("{ things { ... on ThingConnection { total: totalCount } } }", True),
        ("{ things { nodes { id } } things { totalCount } }", True),
        ("{ things { edges { node { id } cursor } pageInfo { endCursor } } }", False),
    ],
)
async def test_a_list_is_counted_only_if_the_count_is_selected(document: str, is_counted: bool) -> None:
    asked = [False]
    run = SubgraphExecutor[list[bool]](domain="t", schema=SCHEMA, resources=_none(), parts=asked)

    answer = await run.execute(document, principal=ANONYMOUS)

    assert answer.errors == ()
    assert asked[1:] == [is_counted]


def _none() -> Any:
    return None


async def test_a_connection_shows_its_page() -> None:
    document = (
        "{ things { nodes { id doubled } edges { cursor } pageInfo { startCursor endCursor hasNextPage } } }"
    )

    answer = await executor().execute(document, principal=ANONYMOUS)

    assert answer.data is not None
    assert answer.data["things"]["nodes"][2] == {"id": "3", "doubled": 6}
    assert answer.data["things"]["pageInfo"] == {"startCursor": "a", "endCursor": "c", "hasNextPage": True}


async def test_a_subscription_that_fails_ends_with_a_masked_error() -> None:
    answers = [
        answer
        async for answer in executor().subscribe("subscription { counted(to: 2) }", principal=ANONYMOUS)
    ]

    assert [answer.data for answer in answers] == [{"counted": 1}, {"counted": 2}, None]
    assert [error["extensions"]["code"] for error in answers[2].errors] == ["INTERNAL_SERVER_ERROR"]
    assert "hunter2" not in str(answers)


@pytest.mark.parametrize(
    "document",
    ["{ things { nodes { id } } }", "subscription { nothing }", "subscription {", "subscription { counted }"],
)
async def test_what_is_no_subscription_is_one_answer_with_errors(document: str) -> None:
    [answer] = [answer async for answer in executor().subscribe(document, principal=ANONYMOUS)]

    assert answer.data is None
    assert answer.errors


def test_the_sdl_is_sorted_described_and_parses() -> None:
    sdl = SCHEMA.sdl()

    parse(sdl)
    assert (
        '"""A thing of which the docstring speaks."""\ntype Thing implements Node @key(fields: "id")' in sdl
    )
    assert '"""Given, not from the docstring."""\n  doubled(times: Int): Int!' in sdl
    assert "Overruled" not in sdl
    assert sdl.index("type Query") < sdl.index("type Subscription") < sdl.index("type Thing")
    assert SCHEMA.sdl() == sdl
