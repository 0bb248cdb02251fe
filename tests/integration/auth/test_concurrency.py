"""Many things at once around one person and one key: each happens wholly or not, nobody waits in a circle."""

import asyncio
import contextlib
from collections.abc import Awaitable
from typing import Any

import pytest

from common.graphql.context import Resources
from common.ids import to_global_id, uuid7
from subgraphs.auth.errors import RefreshTokenRejected
from subgraphs.auth.events import RevokeReason
from subgraphs.auth.service.departures import lock_out
from subgraphs.auth.service.grants import Grant
from subgraphs.auth.service.passwords import change
from subgraphs.auth.service.refresh import refresh
from subgraphs.auth.service.sessions import SessionService
from subgraphs.auth.service.sign_in import sign_in
from tests.factories.auth import HOME, PASSWORD, World, principal_of, world_of

pytestmark = pytest.mark.stores

ROTATE = "mutation ($input: ApiKeyRotateInput!) { apiKeyRotate(input: $input) { errors { code } } }"


async def test_of_ten_rotations_at_once_one_succeeds(world: World) -> None:
    here = uuid7()
    maker = world.member(here, "keys:write")
    key = await world.key(maker, world.applications.add(here), "keys:write")
    variables = {"input": {"id": to_global_id("ApiKey", key.row.id)}}

    answers = await asyncio.gather(*(world.ask(ROTATE, variables, principal=maker) for _ in range(10)))

    codes = sorted(
        error["code"]
        for answer in answers
        if answer.data is not None
        for error in answer.data["apiKeyRotate"]["errors"]
    )
    assert codes == ["API_KEY_NOT_ACTIVE"] * 9


async def test_everything_at_once_around_one_person_goes_through(resources: Resources) -> None:
    world = world_of(resources, throttle_per_account=1000, throttle_per_network=1000)
    here = uuid7()
    person = await world.person((here, ["keys:write"]))
    grants = [await world.signed_in(person) for _ in range(6)]
    principal = principal_of(person.user_id, here, "keys:write", session_id=grants[0].session.id)
    await world.key(principal, world.applications.add(here), "keys:write")

    async def refreshed(grant: Grant) -> None:
        with contextlib.suppress(RefreshTokenRejected):  # somebody ended the session before
            await refresh(world.parts, grant.refresh_token, organisation_id=None, origin=HOME)

    async def all_ended() -> None:
        async with world.parts.work(principal) as work:
            await SessionService(work, world.clock).revoke_all(keep=None)

    async def locked_out() -> None:
        database = world.parts.database
        async with database.unit_of_work_for_system(domain="auth", job="tests") as work:
            await lock_out(work, world.clock, person.user_id, RevokeReason.USER_SUSPENDED)

    def signed_in() -> Awaitable[Any]:
        return sign_in(world.parts, email=person.email, password=PASSWORD, origin=HOME)

    def changed() -> Awaitable[Any]:
        return change(world.parts, principal, current=PASSWORD, new=PASSWORD, origin=HOME)

    for _ in range(4):
        await asyncio.gather(
            *(refreshed(grant) for grant in grants),
            *(signed_in() for _ in range(6)),
            *(changed() for _ in range(3)),
            all_ended(),
            locked_out(),
            all_ended(),
            locked_out(),
        )

    last = await world.signed_in(person)
    assert last.session.id not in (await world.parts.revoked_since(None)).session_ids
