"""Several processes at one Redis, asking for more than the limit: how much passes, leased and exact."""

import asyncio
import multiprocessing
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier

from common.limits.rate_limits import Counting, RateLimit
from router.protection.leases import Charge, Denied, Leases
from router.state.redis import RedisCounters

WINDOW, WINDOWS = 2, 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How many requests a second each process sends."""

    name: str
    rates: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Accuracy:
    """`most`: the largest part of the limit that any sliding window held. `passed`: of what was allowed."""

    most: float
    passed: float
    calls: float


def accuracy(url: str, load: Load, limit: int, counting: Counting) -> Accuracy:
    """Run the processes over some whole windows."""
    context = multiprocessing.get_context("spawn")
    results: Queue[tuple[list[int], int, int]] = context.Queue()
    rate_limit = RateLimit(name="bench", limit=limit, window=WINDOW, counting=counting)
    key = f"bench:{time.time_ns()}"
    ready = context.Barrier(len(load.rates))
    processes = [
        context.Process(target=_process, args=(url, rate_limit, key, rate, ready, results))
        for rate in load.rates
    ]
    for process in processes:
        process.start()
    parts = [results.get(timeout=120) for _ in processes]
    for process in processes:
        process.join()
    moments = sorted(moment for passed, _, _ in parts for moment in passed)
    asked = sum(asked for _, asked, _ in parts)
    return Accuracy(
        most=_most(moments) / limit,
        passed=len(moments) / (limit * WINDOWS),
        calls=sum(calls for _, _, calls in parts) / asked,
    )


def _process(
    url: str,
    limit: RateLimit,
    key: str,
    rate: int,
    ready: Barrier,
    results: "Queue[tuple[list[int], int, int]]",
) -> None:
    ready.wait(60)
    begun = (time.time() // WINDOW + 1) * WINDOW
    results.put(asyncio.run(_ask(url, limit, key, rate, begun)))


async def _ask(url: str, limit: RateLimit, key: str, rate: int, begun: float) -> tuple[list[int], int, int]:
    counters = RedisCounters(url, seconds=10)
    leases = Leases(counters, time.monotonic)
    passed, asked = [], 0
    await asyncio.sleep(begun - time.time())
    end = begun + WINDOW * WINDOWS
    while (now := time.time()) < end:
        while asked < (now - begun) * rate and time.time() < end:
            asked += 1
            try:
                await leases.spend([Charge(limit, key, 1)])
                passed.append(int(time.time() * 1000))
            except Denied:
                pass
        await asyncio.sleep(0.001)
    await leases.close()
    await counters.close()
    return passed, max(asked, 1), counters.calls


def _most(moments: Sequence[int]) -> float:
    """The highest estimate of two cells at any moment that something passed."""
    width, cells, most = WINDOW * 1000, dict[int, int](), 0.0
    for moment in moments:
        cell = moment // width
        cells[cell] = cells.get(cell, 0) + 1
        left = 1 - moment % width / width
        most = max(most, cells[cell] + cells.get(cell - 1, 0) * left)
    return most
