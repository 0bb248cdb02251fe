"""Counters in Redis do what those in memory do; what happens to limits when Redis dies, and comes back."""

import asyncio
import os
import random
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest

from atrium.embedded import EmbeddedRedis
from common.limits.rate_limits import Counting, LimitUnit, RateLimit
from router.protection.leases import Charge, Denied, Leases, Uncounted
from router.state.counters import Ask, Counters, CountersAway
from router.state.memory import MemoryCounters
from router.state.redis import RedisCounters
from router.state.sliding import Cells, taken

PATIENT = 30.0


@pytest.fixture(params=["redis", "memory"])
async def counters(request: pytest.FixtureRequest, redis_url: str) -> AsyncIterator[Counters]:
    some: Counters = (
        RedisCounters(redis_url, seconds=PATIENT) if request.param == "redis" else MemoryCounters()
    )
    yield some
    await some.close()


@asynccontextmanager
async def at(url: str, seconds: float = PATIENT) -> AsyncIterator[RedisCounters]:
    counters = RedisCounters(url, seconds=seconds)
    try:
        yield counters
    finally:
        await counters.close()


def ask(key: str, need: int = 1, *, limit: int = 10, want: int = 0, window: int = 3_600_000) -> Ask:
    return Ask(key=key, limit=limit, window=window, need=need, want=max(need, want))


async def test_units_are_there_until_the_limit(counters: Counters) -> None:
    key = f"k:{uuid4()}"
    first = await counters.take([ask(key, 7)])
    second = await counters.take([ask(key, 4)])
    third = await counters.take([ask(key, 3)])

    assert [first[0].units, second[0].units, third[0].units] == [7, 0, 3]
    assert second[0].is_short
    assert second[0].free == 3
    assert second[0].retry_in is not None
    assert third[0].free == 0


async def test_all_or_nothing(counters: Counters) -> None:
    rich, poor = f"k:{uuid4()}", f"k:{uuid4()}"

    parts = await counters.take([ask(rich, 5), ask(poor, 11)])
    (after,) = await counters.take([ask(rich, 10)])

    assert [part.units for part in parts] == [0, 0]
    assert [part.is_short for part in parts] == [False, True]
    assert parts[0].free == 10
    assert parts[1].retry_in is None
    assert after.units == 10


async def test_many_at_once_take_no_more_than_there_is(counters: Counters) -> None:
    key = f"k:{uuid4()}"

    parts = await asyncio.gather(*(counters.take([ask(key)]) for _ in range(300)))

    assert sum(part.units for (part,) in parts) == 10


async def test_the_script_reckons_as_the_arithmetic_does(redis_url: str) -> None:
    rng, window, key = random.Random(7), 400, f"k:{uuid4()}"
    async with at(redis_url) as counters:
        cells: Cells | None = None
        back, back_in = 0, 0
        for turn in range(300):
            asked = Ask(
                key=key,
                limit=60,
                window=window,
                need=rng.choice([0, 1, 1, 5, 20]),
                want=rng.choice([0, 20, 40]),
                given_back=back,
                given_back_in=back_in,
            )
            (part,) = await counters.take([asked])
            now = part.index * window + window - part.ends_in
            cells = cells or Cells(index=part.index)

            assert part == taken([cells], [asked], now)[0], turn
            back, back_in = (part.units // 2, part.index) if rng.random() < 0.2 else (0, 0)


async def test_a_script_that_redis_has_forgotten_is_loaded_again(redis_server: EmbeddedRedis) -> None:
    async with at(redis_server.url) as counters:
        await counters.take([ask("k")])
        redis_server.kill()
        redis_server.start()
        with pytest.raises(CountersAway):
            await counters.take([ask("k")])
        await until_back(counters)

        assert (await counters.take([ask("k")]))[0].units == 1


def pid_of(server: EmbeddedRedis) -> int:
    assert server.pid is not None
    return server.pid


async def until_back(counters: RedisCounters) -> None:
    async with asyncio.timeout(PATIENT):
        while counters.is_away:
            await asyncio.sleep(0.02)


async def test_a_dead_redis_costs_next_to_nothing_and_is_found_again(redis_server: EmbeddedRedis) -> None:
    reads = RateLimit(name="reads", limit=5, window=3_600, counting=Counting.EXACT)
    spend = RateLimit(name="spend", limit=5, window=3_600, unit=LimitUnit.COST, counting=Counting.EXACT)
    async with at(redis_server.url) as counters:
        leases = Leases(counters, time.monotonic)
        await leases.spend([Charge(reads, "r", 1)])
        redis_server.kill()

        begun = time.process_time()
        async with asyncio.timeout(PATIENT - 5):  # nobody waits for as long as Redis may take
            for _ in range(1_000):
                assert await leases.spend([Charge(reads, "r", 1)]) == []
                with pytest.raises(Uncounted):
                    await leases.spend([Charge(reads, "r", 1), Charge(spend, "s", 1)])
        assert time.process_time() - begun < 2.0  # less than a millisecond each

        assert counters.is_away
        assert counters.errors.total() > 0
        redis_server.start()
        await until_back(counters)
        for _ in range(5):
            await leases.spend([Charge(spend, "s", 1)])
        with pytest.raises(Denied):
            await leases.spend([Charge(spend, "s", 1)])
        await leases.close()


async def test_a_redis_that_hangs_holds_up_only_who_asked_just_then(redis_server: EmbeddedRedis) -> None:
    async with at(redis_server.url, seconds=0.3) as counters:
        os.kill(pid_of(redis_server), signal.SIGSTOP)
        try:
            outcomes = await asyncio.gather(
                *(counters.take([ask("k")]) for _ in range(50)), return_exceptions=True
            )
            assert all(isinstance(outcome, CountersAway) for outcome in outcomes)
            begun = counters.errors.total()
            for _ in range(1_000):
                with pytest.raises(CountersAway):
                    await counters.take([ask("k")])
            assert counters.errors.total() - begun <= 2  # the few are its own looks at Redis
        finally:
            os.kill(pid_of(redis_server), signal.SIGCONT)
        await until_back(counters)


async def test_processes_that_lease_at_one_redis_stay_below_the_limit(redis_url: str) -> None:
    limit = RateLimit(name="shared", limit=2_000, window=3_600)
    key = f"k:{uuid4()}"
    async with at(redis_url) as one, at(redis_url) as two, at(redis_url) as three:
        processes = [Leases(each, time.monotonic) for each in (one, two, three)]

        async def passed(leases: Leases) -> int:
            count = 0
            for _ in range(1_000):
                try:
                    await leases.spend([Charge(limit, key, 1)])
                    count += 1
                except Denied:
                    pass
                await asyncio.sleep(0)
            return count

        counts = await asyncio.gather(*(passed(leases) for leases in processes))
        for leases in processes:
            await leases.close()

    assert sum(counts) <= 2_000
    assert sum(counts) >= 2_000 * (1 - 3 / 20)
