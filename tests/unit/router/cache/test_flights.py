"""Who asks the same while it is on its way gets the same answer; nobody waits for what will not come."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from router.cache.flights import Flights, Landed


class Source:
    """Answers when it is told to; counts how often it was asked."""

    def __init__(self) -> None:
        self.asked: list[asyncio.Future[str]] = []

    async def __call__(self) -> str:
        self.asked.append(asyncio.get_running_loop().create_future())
        return await self.asked[-1]

    async def reached(self, times: int) -> None:
        async with asyncio.timeout(2):
            while len(self.asked) < times:
                await asyncio.sleep(0)


def deadline(seconds: float = 60.0) -> float:
    return asyncio.get_running_loop().time() + seconds


async def begun(*asking: Awaitable[str]) -> list[asyncio.Task[str]]:
    """Tasks that have run as far as they can."""
    tasks = [asyncio.ensure_future(one) for one in asking]
    for _ in range(3):
        await asyncio.sleep(0)
    return tasks


async def test_one_answer_serves_all_who_asked_meanwhile() -> None:
    source, end = Source(), deadline()
    flights: Flights[str, str] = Flights()

    tasks = await begun(*(flights.ask("k", end, source) for _ in range(100)))
    source.asked[0].set_result("news")

    assert await asyncio.gather(*tasks) == ["news"] * 100
    assert (len(source.asked), flights.shared, len(flights)) == (1, 99, 0)


async def test_other_keys_are_asked_apart() -> None:
    source, end = Source(), deadline()
    flights: Flights[str, str] = Flights()

    mine, yours = await begun(flights.ask("me", end, source), flights.ask("you", end, source))
    source.asked[0].set_result("mine")
    source.asked[1].set_result("yours")

    assert [await mine, await yours] == ["mine", "yours"]


async def test_nothing_is_remembered() -> None:
    source, end = Source(), deadline()
    flights: Flights[str, str] = Flights()
    (first,) = await begun(flights.ask("k", end, source))
    source.asked[0].set_result("old")
    await first

    (second,) = await begun(flights.ask("k", end, source))
    source.asked[1].set_result("new")

    assert await second == "new"


async def test_a_failure_is_shared_too() -> None:
    source, end = Source(), deadline()
    flights: Flights[str, str] = Flights()

    tasks = await begun(*(flights.ask("k", end, source) for _ in range(3)))
    source.asked[0].set_exception(ValueError("no"))

    failures = await asyncio.gather(*tasks, return_exceptions=True)
    assert [str(failure) for failure in failures] == ["no"] * 3
    assert len(source.asked) == 1


async def test_when_the_first_gives_up_another_asks_anew() -> None:
    source, end = Source(), deadline()
    flights: Flights[str, str] = Flights()

    first, second, third = await begun(*(flights.ask("k", end, source) for _ in range(3)))
    first.cancel()
    await source.reached(2)
    source.asked[1].set_result("at last")

    assert [await second, await third] == ["at last"] * 2
    assert len(source.asked) == 2


async def test_who_gives_up_waiting_disturbs_nobody() -> None:
    source, end = Source(), deadline()
    flights: Flights[str, str] = Flights()

    first, second, third = await begun(*(flights.ask("k", end, source) for _ in range(3)))
    second.cancel()
    source.asked[0].set_result("news")

    assert [await first, await third] == ["news"] * 2


@pytest.mark.parametrize("end_of", [lambda f: f.set_result("half"), lambda f: f.set_exception(OSError())])
async def test_what_a_deadline_cut_short_is_not_handed_on(
    end_of: Callable[[asyncio.Future[str]], None],
) -> None:
    source = Source()
    flights: Flights[str, str] = Flights()

    first, second = await begun(flights.ask("k", deadline(0.0), source), flights.ask("k", deadline(), source))
    end_of(source.asked[0])
    await source.reached(2)
    source.asked[1].set_result("whole")

    await asyncio.gather(first, return_exceptions=True)
    assert await second == "whole"


async def test_nobody_waits_for_one_whose_deadline_is_later() -> None:
    source = Source()
    flights: Flights[str, str] = Flights()

    tasks = await begun(flights.ask("k", deadline(60.0), source), flights.ask("k", deadline(1.0), source))
    for future in source.asked:
        future.set_result("news")

    assert await asyncio.gather(*tasks) == ["news"] * 2
    assert (len(source.asked), flights.shared) == (2, 0)


async def test_after_a_change_nobody_boards_what_has_left() -> None:
    source, end = Source(), deadline()
    flights: Flights[str, str] = Flights()
    before, beside = await begun(*(flights.ask("k", end, source) for _ in range(2)))

    flights.depart()
    (after,) = await begun(flights.ask("k", end, source))
    source.asked[0].set_result("old")
    await asyncio.gather(before, beside)
    (later,) = await begun(flights.ask("k", end, source))
    source.asked[1].set_result("new")

    assert [await before, await beside, await after, await later] == ["old", "old", "new", "new"]
    assert len(source.asked) == 2


async def test_only_what_is_shared_is_marked_so() -> None:
    source, end = Source(), deadline()
    flights: Flights[str, str] = Flights(as_shared=str.upper)

    (alone,) = await begun(flights.ask("k", end, source))
    source.asked[0].set_result("mine")
    assert await alone == "mine"

    tasks = await begun(*(flights.ask("k", end, source) for _ in range(2)))
    source.asked[1].set_result("ours")
    assert await asyncio.gather(*tasks) == ["OURS"] * 2


async def test_those_who_wait_hear_of_it_once() -> None:
    """A flight that landed after its deadline is ended again by whoever asked, as that one goes."""
    flights: Flights[str, str] = Flights()
    flight, heard = flights.begin("k", deadline(-1)), list[Landed[str] | None]()
    flight.waiting.append(heard.append)

    flights.landed("k", flight, "late")
    flights.lost("k", flight, None)

    assert heard == [None]
