"""Carrying sessions on: rotation, races, lost answers, thieves, other organisations."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from unittest.mock import patch

import asyncpg
import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from common.ids import uuid7
from common.settings import plain_url
from subgraphs.auth.errors import DirectoryUnavailable, OrganizationNotJoined, RefreshTokenRejected
from subgraphs.auth.keys.tokens import new_token, token_hash
from subgraphs.auth.models import RefreshToken, Session
from subgraphs.auth.service.grants import Grant
from subgraphs.auth.service.refresh import refresh
from tests.factories.auth import HOME, World
from tests.fakes.people_directory import FakePeopleDirectory, FakePerson

pytestmark = pytest.mark.stores


async def carry_on(world: World, token: str | None) -> Grant:
    return await refresh(world.parts, token, organisation_id=None, origin=HOME)


async def family(world: World, person: FakePerson) -> list[RefreshToken]:
    async with world.parts.work_as(person.user_id) as work:
        return list(await work.session.scalars(select(RefreshToken).order_by(RefreshToken.issued_at)))


async def session_of(world: World, person: FakePerson) -> Session:
    async with world.parts.work_as(person.user_id) as work:
        return (await work.session.scalars(select(Session))).one()


async def topics(world: World, person: FakePerson) -> list[str]:
    async with world.parts.database.engine.connect() as connection:
        await connection.exec_driver_sql("set local role atrium_events_system")
        found = await connection.exec_driver_sql(
            "select topic from auth.outbox where key = $1 order by sequence", (str(person.user_id),)
        )
        return [row.topic for row in found]


async def test_a_refresh_token_works_and_gives_another(world: World) -> None:
    person = await world.person((uuid7(), ["users:read"]))
    first = await world.signed_in(person)
    world.clock.advance(timedelta(minutes=5))

    second = await carry_on(world, first.refresh_token)

    assert second.refresh_token != first.refresh_token
    assert second.session.id == first.session.id
    assert second.access_token.expires_at == world.clock.now() + timedelta(minutes=5)
    session = await session_of(world, person)
    assert session.last_seen_at == world.clock.now()
    assert session.idle_expires_at == world.clock.now() + timedelta(days=14)
    third = await carry_on(world, second.refresh_token)
    assert third.refresh_token not in {first.refresh_token, second.refresh_token}


async def test_fifty_at_once_get_the_same_one_successor_and_nobody_is_thrown_out(
    world: World, migrated_url: str
) -> None:
    person = await world.person()
    first = await world.signed_in(person)

    async with held_up(migrated_url, token_hash(first.refresh_token)) as all_wait:
        refreshes = [asyncio.create_task(carry_on(world, first.refresh_token)) for _ in range(50)]
        await all_wait(8)  # of the pool's ten connections: they are in the middle of it, all at once
    grants = await asyncio.gather(*refreshes)

    assert len({grant.refresh_token for grant in grants}) == 1
    tokens = await family(world, person)
    assert len(tokens) == 2
    assert [token.revoked_at for token in tokens] == [None, None]
    assert (await session_of(world, person)).revoked_at is None
    await carry_on(world, grants[0].refresh_token)


@asynccontextmanager
async def held_up(url: str, hash: bytes) -> AsyncIterator[Callable[[int], Awaitable[None]]]:
    """Nobody gets past the token's row in here; the function given returns when so many wait."""
    holder, watcher = [await asyncpg.connect(plain_url(url)) for _ in range(2)]

    async def all_wait(count: int) -> None:
        waiting = 0
        while waiting < count:
            waiting = await watcher.fetchval("select count(*) from pg_locks where not granted")

    async with asyncio.timeout(30), holder.transaction():
        await holder.execute("set local role atrium_auth_system")
        await holder.execute("select from auth.refresh_tokens where token_hash = $1 for update", hash)
        yield all_wait
    await holder.close()
    await watcher.close()


async def test_a_lost_answer_can_be_had_again_within_the_grace(world: World) -> None:
    person = await world.person()
    first = await world.signed_in(person)
    lost = await carry_on(world, first.refresh_token)
    world.clock.advance(timedelta(seconds=29))

    again = await carry_on(world, first.refresh_token)

    assert again.refresh_token == lost.refresh_token


async def test_after_the_grace_a_second_use_ends_the_family(world: World) -> None:
    person = await world.person()
    first = await world.signed_in(person)
    second = await carry_on(world, first.refresh_token)
    world.clock.advance(timedelta(seconds=30))

    with pytest.raises(RefreshTokenRejected):
        await carry_on(world, first.refresh_token)

    with pytest.raises(RefreshTokenRejected):
        await carry_on(world, second.refresh_token)
    session = await session_of(world, person)
    assert session.revoke_reason == "refresh_reused"
    assert all(token.revoked_at is not None for token in await family(world, person))
    assert await topics(world, person) == [
        "auth.session.started",
        "auth.session.revoked",
        "auth.refresh_token.reused",
    ]
    assert session.id in (await world.parts.revoked_since(None)).session_ids


async def test_the_grace_is_only_for_the_immediate_predecessor(world: World) -> None:
    person = await world.person()
    first = await world.signed_in(person)
    second = await carry_on(world, first.refresh_token)
    await carry_on(world, second.refresh_token)

    with pytest.raises(RefreshTokenRejected):
        await carry_on(world, first.refresh_token)

    assert (await session_of(world, person)).revoke_reason == "refresh_reused"


async def test_a_dead_family_is_reported_once(world: World) -> None:
    person = await world.person()
    first = await world.signed_in(person)
    await carry_on(world, first.refresh_token)
    world.clock.advance(timedelta(minutes=1))
    for _ in range(3):
        with pytest.raises(RefreshTokenRejected):
            await carry_on(world, first.refresh_token)

    assert (await topics(world, person)).count("auth.refresh_token.reused") == 1


async def test_another_session_of_the_same_person_lives_on(world: World) -> None:
    person = await world.person()
    stolen, other = await world.signed_in(person), await world.signed_in(person)
    await carry_on(world, stolen.refresh_token)
    world.clock.advance(timedelta(minutes=1))
    with pytest.raises(RefreshTokenRejected):
        await carry_on(world, stolen.refresh_token)

    assert (await carry_on(world, other.refresh_token)).session.id == other.session.id


@pytest.mark.parametrize(
    "token", [None, "", "nonsense", pytest.param(new_token(), id="unknown"), "\ud800" * 43]
)
async def test_what_is_no_token_of_ours_is_rejected(world: World, token: str | None) -> None:
    with pytest.raises(RefreshTokenRejected):
        await carry_on(world, token)


async def test_a_session_that_nobody_used_ends(world: World) -> None:
    grant = await world.signed_in(await world.person())
    world.clock.advance(timedelta(days=14))

    with pytest.raises(RefreshTokenRejected):
        await carry_on(world, grant.refresh_token)


async def test_no_session_lives_longer_than_its_absolute_end(world: World) -> None:
    person = await world.person()
    grant = await world.signed_in(person)
    for _ in range(8):
        world.clock.advance(timedelta(days=11))
        grant = await carry_on(world, grant.refresh_token)
    assert grant.refresh_expires_at == grant.session.created_at + timedelta(days=90)
    world.clock.advance(timedelta(days=2))

    with pytest.raises(RefreshTokenRejected):
        await carry_on(world, grant.refresh_token)


async def test_somebody_suspended_meanwhile_is_out(world: World) -> None:
    person = await world.person()
    grant = await world.signed_in(person)
    world.people.suspend(person.user_id)

    with pytest.raises(RefreshTokenRejected):
        await carry_on(world, grant.refresh_token)

    assert (await session_of(world, person)).revoked_at == world.clock.now()


async def test_a_session_moves_to_another_organisation_of_the_person(world: World) -> None:
    here, there = uuid7(), uuid7()
    person = await world.person((here, ["users:read"]), (there, ["users:write"]))
    grant = await world.signed_in(person)

    moved = await refresh(world.parts, grant.refresh_token, organisation_id=there, origin=HOME)

    claims = await world.claims_of(moved.access_token.text)
    assert (claims["org"], claims["scope"]) == (str(there), "users:write")
    session = await session_of(world, person)
    assert (session.organization_id, session.organization_ids) == (there, [here, there])
    stays = await carry_on(world, moved.refresh_token)
    assert stays.session.organization_id == there


async def test_nobody_moves_where_they_do_not_belong_and_loses_nothing_by_trying(world: World) -> None:
    person = await world.person((uuid7(), ["users:read"]))
    grant = await world.signed_in(person)

    with pytest.raises(OrganizationNotJoined):
        await refresh(world.parts, grant.refresh_token, organisation_id=uuid7(), origin=HOME)

    await carry_on(world, grant.refresh_token)


async def test_permissions_are_asked_anew_each_time(world: World) -> None:
    here = uuid7()
    person = await world.person((here, ["users:read", "users:write"]))
    grant = await world.signed_in(person)
    world.people.memberships[person.user_id] = ()

    lost_all = await carry_on(world, grant.refresh_token)

    claims = await world.claims_of(lost_all.access_token.text)
    assert "org" not in claims
    assert claims["scope"] == ""


async def test_the_database_refuses_a_second_live_token_in_a_family(world: World) -> None:
    person = await world.person()
    grant = await world.signed_in(person)
    twin = RefreshToken(
        id=uuid7(),
        family_id=grant.session.id,
        session_id=grant.session.id,
        user_id=person.user_id,
        token_hash=token_hash(new_token()),
        issued_at=world.clock.now(),
        expires_at=world.clock.now() + timedelta(days=1),
    )

    with pytest.raises(IntegrityError, match="uq_refresh_tokens_live_of_family"):
        async with world.parts.work_as(person.user_id) as work:
            work.session.add(twin)


async def test_while_nobody_knows_the_people_nothing_is_used_up(world: World) -> None:
    person = await world.person()
    grant = await world.signed_in(person)

    with (
        patch.object(FakePeopleDirectory, "person", side_effect=DirectoryUnavailable),
        pytest.raises(DirectoryUnavailable),
    ):
        await carry_on(world, grant.refresh_token)

    assert (await carry_on(world, grant.refresh_token)).session.id == grant.session.id
    assert len(await family(world, person)) == 2
