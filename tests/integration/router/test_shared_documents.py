"""Documents by hash that several routers share through Redis; and what happens when it is away or lies."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from redis.asyncio import Redis

from common.operations.documents import digest_of
from router.persisted.automatic import AutomaticDocuments
from router.state.documents import PREFIX, RedisDocuments

PATIENT = 30.0
NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture
async def shared(redis_url: str) -> AsyncIterator[RedisDocuments]:
    documents = RedisDocuments(redis_url, seconds=PATIENT)
    yield documents
    await documents.close()


def fresh() -> tuple[str, str]:
    text = f"{{ x{uuid4().hex}: __typename }}"
    return digest_of(text), text


async def test_what_one_process_was_sent_another_finds(shared: RedisDocuments, redis_url: str) -> None:
    digest, text = fresh()
    await AutomaticDocuments(100_000, shared).put(digest, text)

    assert await AutomaticDocuments(100_000, shared).get(digest) == text
    assert await AutomaticDocuments(100_000).get(digest) is None
    async with Redis.from_url(redis_url) as redis:
        assert 0 < await redis.ttl(PREFIX + digest) <= 86_400


async def test_what_somebody_wrote_into_redis_is_not_believed(shared: RedisDocuments, redis_url: str) -> None:
    digest, text = fresh()
    async with Redis.from_url(redis_url) as redis:
        for lie in (b"{ other }", text.encode() + b" ", b"\xff\xfe"):
            await redis.set(PREFIX + digest, lie, ex=60)
            assert await AutomaticDocuments(100_000, shared).get(digest) is None


async def test_without_redis_each_process_has_its_own_and_asks_only_now_and_then() -> None:
    now = 0.0
    away = RedisDocuments(NOWHERE, seconds=PATIENT, clock=lambda: now)
    automatic = AutomaticDocuments(100_000, away)
    digest, text = fresh()

    assert await automatic.get(digest) is None
    for _ in range(10):
        await automatic.put(digest, text)
        assert await automatic.get(digest) == text
        assert await automatic.get(fresh()[0]) is None
    assert away.failures == 1

    now = 10.0
    assert await automatic.get(fresh()[0]) is None
    assert away.failures == 2
    await away.close()
