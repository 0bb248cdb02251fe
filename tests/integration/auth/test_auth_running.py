"""What goes on in a process that serves auth."""

from unittest.mock import patch

import pytest
from sqlalchemy import select

from common.db.errors import DatabaseUnavailable
from common.ids import uuid7
from subgraphs.auth.app import running
from subgraphs.auth.models import ApiKey
from subgraphs.auth.repository.api_keys import ApiKeyRepository
from tests.factories.auth import World, principal_of

pytestmark = pytest.mark.stores


async def test_the_use_of_keys_is_written_at_the_end_at_the_latest(world: World) -> None:
    here = uuid7()
    maker = principal_of(uuid7(), here, "keys:write")
    key = await world.key(maker, world.applications.add(here), "keys:write")

    async with running(world.parts):
        await world.parts.verifier.verify_key(key.text)

    async with world.parts.work(maker) as work:
        assert (await work.session.scalars(select(ApiKey.last_used_at))).one() == world.clock.now()


async def test_while_the_database_is_away_uses_are_kept_and_the_process_can_end(world: World) -> None:
    here = uuid7()
    maker = principal_of(uuid7(), here, "keys:write")
    key = await world.key(maker, world.applications.add(here), "keys:write")

    with patch.object(ApiKeyRepository, "note_use", side_effect=DatabaseUnavailable):
        async with running(world.parts):
            await world.parts.verifier.verify_key(key.text)

    assert await world.parts.verifier.write_usage() == 1
