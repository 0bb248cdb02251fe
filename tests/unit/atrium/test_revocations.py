"""Revocations reach the router in order, again after a failure, and at once after a wake-up."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from atrium.revocations import follow


@dataclass(frozen=True, slots=True, kw_only=True)
class _News:
    position: str
    session_ids: Collection[UUID] = ()
    api_key_ids: Collection[UUID] = ()


@dataclass(slots=True)
class _Router:
    heard: "asyncio.Queue[UUID]" = field(default_factory=asyncio.Queue)

    def revoke_session(self, session_id: UUID) -> None:
        self.heard.put_nowait(session_id)

    def revoke_key(self, key_id: UUID) -> None:
        self.heard.put_nowait(key_id)


async def test_what_is_revoked_is_told_and_a_failure_is_survived() -> None:
    session, key = uuid4(), uuid4()
    asked: list[str | None] = []

    async def ask(position: str | None) -> _News:
        asked.append(position)
        woken.set()
        match len(asked):
            case 1:
                return _News(position="1", session_ids=[session])
            case 2:
                raise OSError("away")
            case 3:
                return _News(position="3", api_key_ids=[key])
            case _:
                await asyncio.Event().wait()
                raise AssertionError

    woken, router = asyncio.Event(), _Router()
    following = asyncio.create_task(follow(ask, router, woken))
    async with asyncio.timeout(5):
        heard = [await router.heard.get(), await router.heard.get()]
        while len(asked) < 4:
            await asyncio.sleep(0)

    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    assert heard == [session, key]
    assert asked == [None, "1", "1", "3"]
