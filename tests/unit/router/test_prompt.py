"""Prompts run at once and behave like tasks; arrivals reach whoever waits without a turn of the loop."""

import asyncio
from collections.abc import Awaitable
from contextvars import ContextVar
from typing import Any

import pytest

from router.prompt import Arrival, Prompt, in_task

NAME: ContextVar[str] = ContextVar("NAME", default="outside")


class Watched:
    """A Prompt whose steps are told; made outside of any task, as a connection makes it."""

    def __init__(self) -> None:
        self.told: list[Any] = []
        self.ended: list[BaseException | None] = []

    async def __call__(self, waited: Awaitable[Any]) -> None:
        self.told.append("begun")
        self.told.append(await waited)

    def begin(self, waited: Awaitable[Any]) -> Prompt:
        made: list[Prompt] = []
        outside(lambda: made.append(Prompt(self(waited), lambda _, raised: self.ended.append(raised))))
        return made[0]


def outside(call: Any) -> None:
    """Call it as the loop calls protocols: in no task."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.tasks._leave_task(task.get_loop(), task)
    try:
        call()
    finally:
        asyncio.tasks._enter_task(task.get_loop(), task)


async def test_it_runs_to_its_first_wait_and_goes_on_when_that_comes() -> None:
    watched, arrival = Watched(), Arrival[str]()

    prompt = watched.begin(arrival)
    before = list(watched.told)
    outside(lambda: arrival.come("news"))

    assert (before, watched.told, watched.ended) == (["begun"], ["begun", "news"], [None])
    assert prompt.done()


async def test_inside_a_task_what_comes_takes_its_turn() -> None:
    watched, arrival = Watched(), Arrival[str]()
    watched.begin(arrival)

    arrival.come("news")
    before = list(watched.told)
    await asyncio.sleep(0)

    assert (before, watched.told) == (["begun"], ["begun", "news"])


async def test_tasks_wait_for_arrivals_and_prompts_for_futures() -> None:
    arrival, future = Arrival[str](), asyncio.get_running_loop().create_future()
    watched = Watched()
    watched.begin(future)

    async def waiting() -> str:
        return await arrival

    task = asyncio.create_task(waiting())
    await asyncio.sleep(0)
    outside(lambda: arrival.come("to a task"))
    future.set_result("to a prompt")

    assert await task == "to a task"
    await asyncio.sleep(0)
    assert watched.told == ["begun", "to a prompt"]


async def test_only_the_first_thing_that_comes_counts() -> None:
    arrival = Arrival[str]()
    arrival.come("first")
    arrival.come("second")
    arrival.fail(ValueError())

    assert await arrival == "first"


async def test_failures_are_raised_in_it_and_told() -> None:
    watched, arrival = Watched(), Arrival[str]()
    watched.begin(arrival)

    outside(lambda: arrival.fail(ValueError("no")))

    assert [str(raised) for raised in watched.ended] == ["no"]


async def test_a_prompt_that_is_cancelled_ends_and_its_arrival_with_it() -> None:
    watched, arrival = Watched(), Arrival[str]()
    prompt = watched.begin(arrival)

    assert prompt.cancel()
    await prompt
    arrival.come("too late")

    assert [type(raised) for raised in watched.ended] == [asyncio.CancelledError]
    assert not prompt.cancel()


async def test_timeouts_and_groups_work_in_it() -> None:
    told = []

    async def run() -> None:
        try:
            async with asyncio.timeout(0.001):
                await asyncio.Event().wait()
        except TimeoutError:
            told.append("late")
        async with asyncio.TaskGroup() as group:
            group.create_task(asyncio.sleep(0))
        told.append("grouped")

    await Prompt(run(), lambda _, raised: told.append(str(raised)))

    assert told == ["late", "grouped", "None"]


async def test_each_is_the_current_task_also_inside_another() -> None:
    seen: list[object] = []

    async def inner() -> None:
        seen.append(asyncio.current_task())

    async def outer() -> None:
        seen.append(asyncio.current_task())
        made.append(Prompt(inner(), lambda *_: None))
        seen.append(asyncio.current_task())

    made: list[Prompt] = []
    around = asyncio.current_task()
    made.insert(0, Prompt(outer(), lambda *_: None))

    assert seen == [made[0], made[1], made[0]]
    assert asyncio.current_task() is around


async def test_what_it_sets_stays_in_it() -> None:
    async def run(arrival: Arrival[None]) -> None:
        NAME.set("inside")
        await arrival
        assert NAME.get() == "inside"

    ended: list[BaseException | None] = []
    arrival = Arrival[None]()
    Prompt(run(arrival), lambda _, raised: ended.append(raised))
    outside(lambda: arrival.come(None))

    assert (NAME.get(), ended) == ("outside", [None])


@pytest.mark.parametrize("raised", [None, ValueError("no")])
async def test_code_that_needs_a_task_gets_one(raised: Exception | None) -> None:
    kinds: list[object] = []

    async def work() -> str:
        kinds.append(type(asyncio.current_task()))
        await asyncio.sleep(0)
        if raised is not None:
            raise raised
        return "done"

    async def run() -> None:
        assert await in_task(work()) == "done"

    ended: list[BaseException | None] = []
    await Prompt(run(), lambda _, failure: ended.append(failure))

    assert (kinds, ended) == ([asyncio.Task], [raised])


async def test_a_task_of_a_prompt_that_is_given_up_ends_too() -> None:
    began, ended = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async def run() -> None:
        await in_task(work())

    prompt = Prompt(run(), lambda *_: None)
    await began.wait()
    prompt.cancel()

    await asyncio.wait_for(ended.wait(), 10)
