"""Signing in: the right password, every wrong one, and guessing."""

import asyncio
import statistics
import time
from datetime import timedelta
from unittest.mock import patch

import argon2
import pytest
from sqlalchemy import select, text

from common.graphql.context import Resources
from common.ids import uuid7
from subgraphs.auth.keys.passwords import Checked
from subgraphs.auth.models import PasswordCredential, RefreshToken, Session
from subgraphs.auth.service.grants import Grant, Origin
from subgraphs.auth.service.passwords import set_password_for_system
from subgraphs.auth.service.sign_in import Rejected, sign_in
from tests.factories.auth import HOME, PASSWORD, World, world_of

pytestmark = pytest.mark.stores


async def test_the_right_password_starts_a_session_in_the_first_organisation(world: World) -> None:
    first, second = uuid7(), uuid7()
    person = await world.person((first, ["users:read", "keys:write"]), (second, ["users:write"]))

    grant = await world.signed_in(person)

    claims = await world.claims_of(grant.access_token.text)
    assert claims.pop("jti")
    now = int(world.clock.now().timestamp())
    assert claims == {
        "iss": "atrium",
        "aud": "atrium",
        "sub": str(person.user_id),
        "sid": str(grant.session.id),
        "org": str(first),
        "scope": "keys:write users:read",
        "iat": now,
        "exp": now + 300,
    }
    async with world.parts.work_as(person.user_id) as work:
        row = (await work.session.scalars(select(Session))).one()
    assert (row.ip_address, row.user_agent, row.organization_ids) == ("198.51.100.7", "Test/1.0", [first])


async def test_somebody_who_belongs_nowhere_gets_a_token_without_organisation(world: World) -> None:
    grant = await world.signed_in(await world.person())

    claims = await world.claims_of(grant.access_token.text)
    assert "org" not in claims
    assert claims["scope"] == ""


async def test_the_address_may_be_written_in_any_case(world: World) -> None:
    person = await world.person()

    outcome = await sign_in(world.parts, email=f"  {person.email.upper()} ", password=PASSWORD, origin=HOME)

    assert isinstance(outcome, Grant)


async def test_unknown_wrong_suspended_and_without_password_are_one_and_the_same(world: World) -> None:
    known, suspended = await world.person(), await world.person()
    invited = await world.person(password=None)
    world.people.suspend(suspended.user_id)
    attempts = [
        ("nobody@example.com", PASSWORD),
        (known.email, "not the password"),
        (suspended.email, PASSWORD),
        (invited.email, PASSWORD),
        (invited.email, "nobody has this password"),
        ("", ""),
        ("no address", "\ud800"),
    ]

    outcomes = [
        await sign_in(world.parts, email=email, password=password, origin=HOME)
        for email, password in attempts
    ]

    assert outcomes == [Rejected()] * len(attempts)


async def test_a_rejection_leaves_no_session(world: World) -> None:
    person = await world.person()

    await sign_in(world.parts, email=person.email, password="not the password", origin=HOME)

    async with world.parts.work_as(person.user_id) as work:
        assert (await work.session.scalars(select(Session))).all() == []


async def test_unknown_and_known_people_take_the_same_time(resources: Resources) -> None:
    world = world_of(resources, argon2_memory_kib=16_384, throttle_per_network=1000)
    known = [(await world.person()).email for _ in range(8)]
    unknown = [f"{uuid7().hex}@example.com" for _ in range(8)]
    await sign_in(world.parts, email=unknown[0], password="warm up", origin=HOME)

    async def seconds(email: str) -> float:
        began = time.perf_counter()
        await sign_in(world.parts, email=email, password="wrong password", origin=HOME)
        return time.perf_counter() - began

    times = [(await seconds(one), await seconds(other)) for one, other in zip(known, unknown, strict=True)]

    of_known = statistics.median(one for one, _ in times)
    of_unknown = statistics.median(other for _, other in times)
    assert 0.5 < of_unknown / of_known < 2


async def test_unknown_people_cost_one_hash_and_the_same_statements(world: World) -> None:
    person = await world.person()
    database = world.parts.database

    with (
        patch.object(
            argon2.PasswordHasher, "verify", autospec=True, side_effect=argon2.PasswordHasher.verify
        ) as v,
        database.counting() as known,
    ):
        await sign_in(world.parts, email=person.email, password="wrong", origin=HOME)
        of_known = v.call_count
    with (
        patch.object(
            argon2.PasswordHasher, "verify", autospec=True, side_effect=argon2.PasswordHasher.verify
        ) as v,
        database.counting() as unknown,
    ):
        await sign_in(world.parts, email="nobody@example.com", password="wrong", origin=HOME)
        of_unknown = v.call_count

    assert (of_known, of_unknown) == (1, 1)
    assert known.statements == unknown.statements


async def test_a_hash_of_older_parameters_is_renewed(world: World, resources: Resources) -> None:
    person = await world.person()
    stronger = world_of(resources, argon2_memory_kib=32, argon2_passes=2)
    stronger.people.people.update(world.people.people)

    await stronger.signed_in(person)

    async with world.parts.work_as(person.user_id) as work:
        phc = (await work.session.scalars(select(PasswordCredential.phc))).one()
    assert phc.startswith("$argon2id$v=19$m=32,t=2,p=1$")
    await stronger.signed_in(person)


async def test_guessing_is_stopped_for_the_place_it_comes_from_and_nowhere_else(resources: Resources) -> None:
    world = world_of(resources, throttle_per_account=3)
    person = await world.person()
    thief = Origin(ip_address="203.0.113.5", user_agent=None)
    same_network = Origin(ip_address="203.0.113.99", user_agent=None)
    for _ in range(3):
        assert await sign_in(world.parts, email=person.email, password="guess", origin=thief) == Rejected()

    shut_out = await sign_in(world.parts, email=person.email, password=PASSWORD, origin=same_network)

    assert shut_out == Rejected(retry_after_seconds=900)
    assert isinstance(await sign_in(world.parts, email=person.email, password=PASSWORD, origin=HOME), Grant)


async def test_the_window_opens_again_by_itself(resources: Resources) -> None:
    world = world_of(resources, throttle_per_account=1)
    person = await world.person()
    thief = Origin(ip_address="203.0.114.5", user_agent=None)
    await sign_in(world.parts, email=person.email, password="guess", origin=thief)
    world.clock.advance(timedelta(minutes=10))
    assert await sign_in(world.parts, email=person.email, password=PASSWORD, origin=thief) == Rejected(
        retry_after_seconds=300
    )

    world.clock.advance(timedelta(minutes=5))

    outcome = await sign_in(world.parts, email=person.email, password=PASSWORD, origin=thief)
    assert isinstance(outcome, Grant)


async def test_unknown_addresses_are_throttled_alike(resources: Resources) -> None:
    world = world_of(resources, throttle_per_account=1)
    origin = Origin(ip_address="203.0.115.5", user_agent=None)
    email = f"{uuid7().hex}@example.com"

    outcomes = [await sign_in(world.parts, email=email, password="x", origin=origin) for _ in range(2)]

    assert outcomes == [Rejected(), Rejected(retry_after_seconds=900)]


async def test_one_network_cannot_try_many_accounts(resources: Resources) -> None:
    world = world_of(resources, throttle_per_network=2)
    origin = Origin(ip_address="203.0.116.5", user_agent=None)

    outcomes = [
        await sign_in(world.parts, email=f"{uuid7().hex}@example.com", password="x", origin=origin)
        for _ in range(3)
    ]

    assert outcomes == [Rejected(), Rejected(), Rejected(retry_after_seconds=900)]


async def test_who_succeeds_is_not_counted(resources: Resources) -> None:
    world = world_of(resources, throttle_per_network=2, throttle_per_account=2)
    person = await world.person()
    origin = Origin(ip_address="203.0.117.5", user_agent=None)

    for _ in range(5):
        await world.signed_in(person, origin)


async def test_the_throttle_table_names_nobody(resources: Resources) -> None:
    world = world_of(resources)
    await sign_in(world.parts, email="somebody@example.com", password="x", origin=HOME)

    async with resources.database.unit_of_work_for_system(domain="auth", job="tests") as work:
        rows = (await work.session.execute(text("select bucket from auth.sign_in_throttle"))).all()

    assert rows
    assert all(len(row.bucket) == 32 for row in rows)


async def test_only_a_hash_of_the_refresh_token_is_kept(world: World) -> None:
    person = await world.person()

    grant = await world.signed_in(person)

    async with world.parts.work_as(person.user_id) as work:
        row = (await work.session.scalars(select(RefreshToken))).one()
    assert grant.refresh_token.encode() not in row.token_hash
    assert len(row.token_hash) == 32


async def test_a_password_that_changes_during_the_check_lets_nobody_in(world: World) -> None:
    person = await world.person()
    check = world.parts.passwords.check

    async def meanwhile(phc: str | None, password: str) -> Checked:
        checked = await check(phc, password)
        world.clock.advance(timedelta(milliseconds=1))
        await set_password_for_system(world.parts, person.user_id, "a new password of hers")
        return checked

    with patch.object(world.parts.passwords, "check", meanwhile):
        outcome = await sign_in(world.parts, email=person.email, password=PASSWORD, origin=HOME)

    assert outcome == Rejected()


async def test_forty_sign_ins_of_one_person_at_once_all_succeed(world: World, resources: Resources) -> None:
    person = await world.person()
    stronger = world_of(resources, argon2_memory_kib=32, throttle_per_account=100)
    stronger.people.people.update(world.people.people)

    outcomes = await asyncio.gather(
        *(
            sign_in(stronger.parts, email=person.email, password=password, origin=HOME)
            for password in [PASSWORD, "wrong password"] * 20
        )
    )

    assert [isinstance(outcome, Grant) for outcome in outcomes] == [True, False] * 20
