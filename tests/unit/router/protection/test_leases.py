"""Leases: processes that count by themselves never let through more than the limit together."""

import asyncio
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.limits.rate_limits import Counting, LimitUnit, RateLimit, WhenAway
from router.protection.leases import Charge, Denied, Leases, Uncounted
from router.state.counters import Ask, CountersAway, Part
from router.state.memory import MemoryCounters

LIMIT = RateLimit(name="per-user", limit=100, window=10)
EXACT = RateLimit(name="exact", limit=100, window=10, counting=Counting.EXACT)


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


class Watched(MemoryCounters):
    """Memory counters that count the calls, and may be away."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock=clock)
        self.calls = 0
        self.is_away = False
        self.on_take: Callable[[], None] = lambda: None

    async def take(self, asks: Sequence[Ask]) -> Sequence[Part]:
        if self.is_away:
            raise CountersAway("gone")
        self.calls += 1
        await asyncio.sleep(0)
        self.on_take()
        return await super().take(asks)


class World:
    """Some processes with one place where all count."""

    def __init__(self, processes: int = 1) -> None:
        self.clock = Clock()
        self.counters = Watched(self.clock)
        self.processes = [Leases(self.counters, self.clock) for _ in range(processes)]

    async def passes(self, limit: RateLimit = LIMIT, process: int = 0, cost: int = 1) -> bool:
        try:
            await self.processes[process].spend([Charge(limit, f"{limit.name}:ada", cost)])
        except Denied:
            return False
        finally:
            await asyncio.sleep(0)
        return True


async def test_exactly_the_limit_passes_in_one_process() -> None:
    world = World()

    assert sum([await world.passes() for _ in range(150)]) == 100


async def test_leases_save_most_calls() -> None:
    world = World()
    limit = RateLimit(name="wide", limit=100_000, window=60)

    for _ in range(10_000):
        world.clock.now += 0.001
        assert await world.passes(limit)

    assert world.counters.calls < 200


async def test_exact_limits_ask_every_time_until_they_deny() -> None:
    world = World()

    outcomes = [await world.passes(EXACT) for _ in range(150)]

    assert sum(outcomes) == 100
    assert world.counters.calls == 101


async def test_after_a_denial_nothing_is_asked_until_units_may_be_there() -> None:
    world = World()
    for _ in range(100):
        await world.processes[0].spend([Charge(LIMIT, "k", 1)])
    with pytest.raises(Denied) as denied:
        await world.processes[0].spend([Charge(LIMIT, "k", 1)])
    calls, retry_in = world.counters.calls, denied.value.retry_in
    assert retry_in is not None
    assert retry_in > 0

    with pytest.raises(Denied):
        await world.processes[0].spend([Charge(LIMIT, "k", 1)])
    world.clock.now += retry_in

    assert world.counters.calls == calls
    await world.processes[0].spend([Charge(LIMIT, "k", 1)])


async def test_what_is_refused_by_one_limit_is_not_taken_from_another() -> None:
    world = World()
    tight = RateLimit(name="tight", limit=10, window=10)
    leases = world.processes[0]
    both = [Charge(LIMIT, "wide", 1), Charge(tight, "tight", 1)]
    for _ in range(10):
        await leases.spend(both)
    for _ in range(40):
        with pytest.raises(Denied) as denied:
            await leases.spend(both)
        assert denied.value.charge.limit is tight

    (wide,) = await leases.spend([Charge(LIMIT, "wide", 1)])

    assert wide.remaining == 89


async def test_more_than_a_limit_at_once_never_passes_and_asks_nobody() -> None:
    world = World()

    with pytest.raises(Denied) as denied:
        await world.processes[0].spend([Charge(LIMIT, "k", 101)])

    assert denied.value.retry_in is None
    assert world.counters.calls == 0


async def test_simultaneous_requests_wait_for_the_same_lease() -> None:
    world = World()
    limit = RateLimit(name="wide", limit=10_000, window=60)
    leases = world.processes[0]

    await asyncio.gather(*(leases.spend([Charge(limit, "k", 1)]) for _ in range(500)))

    assert world.counters.calls < 20


async def test_open_limits_pass_and_closed_ones_refuse_while_nobody_counts() -> None:
    world = World()
    world.counters.is_away = True
    closed = RateLimit(name="spend", limit=10, window=10, unit=LimitUnit.COST)
    forced = RateLimit(name="forced", limit=10, window=10, when_away=WhenAway.CLOSED)
    opened = RateLimit(name="opened", limit=10, window=10, unit=LimitUnit.COST, when_away=WhenAway.OPEN)

    assert await world.passes(LIMIT, cost=100)
    assert await world.passes(LIMIT, cost=100)
    assert await world.passes(opened)
    for limit in (closed, forced):
        with pytest.raises(Uncounted):
            await world.passes(limit)
    assert world.processes[0].counts.uncounted == 3


async def test_what_is_leased_is_good_while_nobody_counts() -> None:
    world = World()
    spend = RateLimit(name="spend", limit=1_000, window=60, unit=LimitUnit.COST)
    assert await world.passes(spend)
    world.counters.is_away = True

    assert await world.passes(spend)
    with pytest.raises(Uncounted):
        await world.passes(spend, cost=100)


async def test_a_request_that_is_given_up_holds_up_nobody() -> None:
    world = World()
    leases = world.processes[0]
    first = asyncio.create_task(leases.spend([Charge(LIMIT, "k", 1)]))
    await asyncio.sleep(0)
    second = asyncio.create_task(leases.spend([Charge(LIMIT, "k", 1)]))
    await asyncio.sleep(0)

    first.cancel()

    assert await second


async def settled() -> None:
    """What goes on beside has had its turn."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_what_was_leased_in_a_window_is_good_in_that_window_only() -> None:
    world = World(processes=2)
    for _ in range(8):
        assert await world.passes()
    await settled()
    world.clock.now += 30

    assert sum([await world.passes(process=1) for _ in range(101)]) == 100
    assert not await world.passes(process=0)


async def test_a_renewal_that_is_answered_in_the_next_window_brings_nothing_over_from_the_last() -> None:
    world = World(processes=2)
    wide = RateLimit(name="wide", limit=1_000, window=10)

    def into_the_next_window() -> None:
        world.counters.on_take = lambda: None
        world.clock.now += 20

    for _ in range(5):
        assert await world.passes(wide)
        await settled()
    world.counters.on_take = into_the_next_window
    while world.counters.on_take is into_the_next_window:  # until the lease is renewed beside
        await world.passes(wide)
        await settled()
    others = sum([await world.passes(wide, process=1) for _ in range(1_100)])
    ours = sum([await world.passes(wide) for _ in range(200)])

    assert ours + others <= 1_000


Step = tuple[int, int, int, bool]


@settings(max_examples=60)
@given(
    steps=st.lists(
        st.tuples(
            st.integers(0, 3), st.sampled_from([0, 0, 0, 1, 7, 400, 3_000]), st.integers(1, 9), st.booleans()
        ),
        max_size=150,
    ),
    limit=st.sampled_from([3, 40, 100, 200]),
)
async def test_processes_together_never_pass_more_than_the_limit(steps: list[Step], limit: int) -> None:
    world = World(processes=4)
    rate = RateLimit(name="drawn", limit=limit, window=1)
    by_cell: dict[int, int] = {}
    for process, wait, cost, is_burst in steps:
        world.clock.now += wait / 1000
        for _ in range(20 if is_burst else 1):
            cell, within = divmod(world.clock.now, 1.0)
            if await world.passes(rate, process, cost):
                by_cell[int(cell)] = by_cell.get(int(cell), 0) + cost
            before = by_cell.get(int(cell) - 1, 0) * (1 - within)

            assert by_cell.get(int(cell), 0) + before <= limit + 0.001


@settings(max_examples=15)
@given(turns=st.lists(st.integers(0, 3), min_size=600, max_size=600), limit=st.sampled_from([100, 400]))
async def test_what_processes_hold_and_do_not_spend_stays_small(turns: list[int], limit: int) -> None:
    world = World(processes=4)
    rate = RateLimit(name="drawn", limit=limit, window=60)
    passed = 0
    for process in turns:
        world.clock.now += 0.01
        passed += await world.passes(rate, process)

    assert passed <= limit
    assert passed >= limit * (1 - 4 / 20)
