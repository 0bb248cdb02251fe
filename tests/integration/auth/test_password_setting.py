"""Passwords by link and by change: mailed once, used once, sessions end."""

import asyncio
import re
from datetime import timedelta
from unittest.mock import patch
from uuid import UUID

import pytest
from sqlalchemy import select

from common.access.principal import Principal
from common.graphql.context import Resources
from common.ids import to_global_id
from subgraphs.auth.keys.passwords import HashingOverloaded
from subgraphs.auth.models import OneTimeToken
from subgraphs.auth.service.grants import Grant
from subgraphs.auth.service.passwords import mail_password_link
from subgraphs.auth.service.sign_in import Rejected, sign_in
from tests.factories.auth import HOME, PASSWORD, World, principal_of, world_of

pytestmark = pytest.mark.stores

NEW = "another battery staple horse"
SET = """
mutation ($input: PasswordSetInput!) {
  passwordSet(input: $input) { user { id } errors { __typename code message path } }
}
"""
CHANGE = """
mutation ($input: PasswordChangeInput!) {
  passwordChange(input: $input) { user { id } errors { __typename code message path } }
}
"""


async def mailed_token(world: World, user_id: UUID) -> str:
    database = world.parts.database
    async with database.unit_of_work_for_system(domain="auth", job="tests") as work:
        assert await mail_password_link(world.parts, work, user_id, message_id=f"link-{user_id}")
    found = re.search(r"^    (\S{43})$", world.mailer.sent[-1].text, re.MULTILINE)
    assert found is not None
    return found[1]


async def set_password(world: World, token: str, password: str = NEW) -> list[dict[str, object]]:
    answer = await world.ask(SET, {"input": {"token": token, "password": password}})
    assert answer.errors == ()
    assert answer.data is not None
    errors: list[dict[str, object]] = answer.data["passwordSet"]["errors"]
    return errors


async def can_sign_in(world: World, email: str, password: str) -> bool:
    return isinstance(await sign_in(world.parts, email=email, password=password, origin=HOME), Grant)


async def test_a_new_person_gets_a_mail_whose_token_sets_the_password(world: World) -> None:
    person = await world.person(password=None)
    token = await mailed_token(world, person.user_id)

    errors = await set_password(world, token)

    assert errors == []
    assert world.mailer.sent[-1].to == person.email
    assert await can_sign_in(world, person.email, NEW)


async def test_the_mail_names_the_page_where_there_is_one(resources: Resources) -> None:
    world = world_of(resources, password_page_url="https://console.example.com/password")
    person = await world.person(password=None)
    database = world.parts.database

    async with database.unit_of_work_for_system(domain="auth", job="tests") as work:
        await mail_password_link(world.parts, work, person.user_id, message_id="one")

    assert re.search(r"https://console\.example\.com/password#token=\S{43}\n", world.mailer.sent[-1].text)


async def test_only_a_hash_of_the_token_is_kept(world: World) -> None:
    person = await world.person(password=None)
    token = await mailed_token(world, person.user_id)

    async with world.parts.work_as(person.user_id) as work:
        row = (await work.session.scalars(select(OneTimeToken))).one()

    assert token.encode() not in row.token_hash


async def test_a_mail_that_fails_leaves_no_token_and_can_be_tried_again(world: World) -> None:
    person = await world.person(password=None)
    world.mailer.failure = ConnectionRefusedError("no mail server")
    with pytest.raises(ConnectionRefusedError):
        await mailed_token(world, person.user_id)
    async with world.parts.work_as(person.user_id) as work:
        assert (await work.session.scalars(select(OneTimeToken))).all() == []
    world.mailer.failure = None

    assert await set_password(world, await mailed_token(world, person.user_id)) == []


async def test_nobody_is_mailed_who_has_a_password_or_may_not_come_in(world: World) -> None:
    known, suspended = await world.person(), await world.person(password=None)
    world.people.suspend(suspended.user_id)
    database = world.parts.database

    async with database.unit_of_work_for_system(domain="auth", job="tests") as work:
        sent = [
            await mail_password_link(world.parts, work, user_id, message_id="x")
            for user_id in (known.user_id, suspended.user_id)
        ]

    assert sent == [False, False]
    assert world.mailer.sent == []


async def test_a_token_works_once(world: World) -> None:
    person = await world.person(password=None)
    token = await mailed_token(world, person.user_id)
    await set_password(world, token)

    errors = await set_password(world, token, "yet another password")

    assert [error["code"] for error in errors] == ["ONE_TIME_TOKEN_REJECTED"]
    assert await can_sign_in(world, person.email, NEW)


async def test_of_twenty_at_once_one_sets_the_password(world: World) -> None:
    person = await world.person(password=None)
    token = await mailed_token(world, person.user_id)
    passwords = [f"password number {number}" for number in range(20)]

    outcomes = await asyncio.gather(*(set_password(world, token, password) for password in passwords))

    winners = [password for password, errors in zip(passwords, outcomes, strict=True) if not errors]
    assert len(winners) == 1
    assert await can_sign_in(world, person.email, winners[0])


async def test_a_weak_password_does_not_use_the_token_up(world: World) -> None:
    person = await world.person(password=None)
    token = await mailed_token(world, person.user_id)

    weak = await set_password(world, token, "short")
    own = await set_password(world, token, f"I am {person.email}")

    assert weak == [
        {
            "__typename": "InvalidInputError",
            "code": "PASSWORD_TOO_WEAK",
            "message": "The password needs at least 12 characters.",
            "path": ["input", "password"],
        }
    ]
    assert [error["code"] for error in own] == ["PASSWORD_TOO_WEAK"]
    assert await set_password(world, token) == []


async def test_a_token_dies_with_its_time(world: World) -> None:
    person = await world.person(password=None)
    token = await mailed_token(world, person.user_id)
    world.clock.advance(timedelta(days=3))

    errors = await set_password(world, token)

    assert [error["code"] for error in errors] == ["ONE_TIME_TOKEN_REJECTED"]


@pytest.mark.parametrize("token", ["", "x", "x" * 43, "\x00" * 43])
async def test_what_is_no_token_is_refused_alike(world: World, token: str) -> None:
    assert [error["code"] for error in await set_password(world, token)] == ["ONE_TIME_TOKEN_REJECTED"]


async def test_setting_a_password_ends_all_sessions_and_other_links(world: World) -> None:
    person = await world.person(password=None)
    first, second = [await mailed_token(world, person.user_id) for _ in range(2)]
    await set_password(world, first)
    outcome = await sign_in(world.parts, email=person.email, password=NEW, origin=HOME)
    assert isinstance(outcome, Grant)

    errors = await set_password(world, second)

    assert [error["code"] for error in errors] == ["ONE_TIME_TOKEN_REJECTED"]
    assert outcome.session.id not in (await world.parts.revoked_since(None)).session_ids


async def change(
    world: World, principal: Principal, current: str = PASSWORD, new: str = NEW
) -> list[dict[str, object]]:
    answer = await world.ask(
        CHANGE, {"input": {"currentPassword": current, "newPassword": new}}, principal=principal
    )
    assert answer.errors == ()
    assert answer.data is not None
    payload = answer.data["passwordChange"]
    if not payload["errors"]:
        assert principal.id is not None
        assert payload["user"] == {"id": to_global_id("User", principal.id)}
    errors: list[dict[str, object]] = payload["errors"]
    return errors


async def test_changing_the_password_keeps_only_the_current_session(world: World) -> None:
    person = await world.person()
    current, other = await world.signed_in(person), await world.signed_in(person)
    principal = principal_of(person.user_id, session_id=current.session.id)

    assert await change(world, principal) == []

    dead = (await world.parts.revoked_since(None)).session_ids
    assert other.session.id in dead
    assert current.session.id not in dead
    assert await can_sign_in(world, person.email, NEW)
    assert not await can_sign_in(world, person.email, PASSWORD)


async def test_the_present_password_has_to_be_known(world: World) -> None:
    person = await world.person()

    errors = await change(world, principal_of(person.user_id), current="not the password")

    assert [(error["code"], error["path"]) for error in errors] == [
        ("PASSWORD_WRONG", ["input", "currentPassword"])
    ]
    assert await can_sign_in(world, person.email, PASSWORD)


async def test_a_stolen_access_token_cannot_guess_the_password_for_long(resources: Resources) -> None:
    world = world_of(resources, throttle_per_account=2)
    person = await world.person()
    principal = principal_of(person.user_id)
    for _ in range(2):
        await change(world, principal, current="guess")

    errors = await change(world, principal)

    assert [error["code"] for error in errors] == ["TOO_MANY_ATTEMPTS"]


async def test_a_weak_new_password_is_not_taken(world: World) -> None:
    person = await world.person()

    errors = await change(world, principal_of(person.user_id), new="short")

    assert [(error["code"], error["path"]) for error in errors] == [
        ("PASSWORD_TOO_WEAK", ["input", "newPassword"])
    ]


async def test_nobody_and_applications_have_no_password(world: World) -> None:
    answer = await world.ask(CHANGE, {"input": {"currentPassword": "x", "newPassword": NEW}})

    assert [error["extensions"]["code"] for error in answer.errors] == ["UNAUTHENTICATED"]


async def test_a_wrong_guess_at_sign_in_is_still_only_a_refusal(world: World) -> None:
    person = await world.person()

    outcome = await sign_in(world.parts, email=person.email, password=NEW, origin=HOME)

    assert outcome == Rejected()


async def test_too_many_at_once_is_a_clear_error_and_uses_nothing_up(world: World) -> None:
    person = await world.person(password=None)
    token = await mailed_token(world, person.user_id)

    with patch.object(world.parts.passwords, "hash", side_effect=HashingOverloaded):
        answer = await world.ask(SET, {"input": {"token": token, "password": NEW}})

    assert [error["extensions"]["code"] for error in answer.errors] == ["SIGN_IN_BUSY"]
    assert await set_password(world, token) == []
