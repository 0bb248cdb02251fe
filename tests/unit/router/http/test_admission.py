"""How much is worked on at a time."""

import asyncio

import pytest

from router.errors import Overloaded
from router.http.admission import Admission
from router.settings import LoadSettings


def admission(*, in_flight: int = 2, waiting: int = 2, turn: float = 60.0) -> Admission:
    return Admission(LoadSettings(max_in_flight=in_flight, max_waiting=waiting, turn=turn))


async def entered(admitted: Admission) -> "asyncio.Task[None]":
    task = asyncio.create_task(admitted.enter())
    await asyncio.sleep(0)
    return task


async def test_as_many_as_may_enter_at_once_and_the_rest_wait_for_their_turn() -> None:
    admitted = admission()
    first = [await entered(admitted) for _ in range(2)]
    later = [await entered(admitted) for _ in range(2)]

    assert [task.done() for task in (*first, *later)] == [True, True, False, False]
    assert (admitted.in_flight, admitted.waiting, admitted.is_full) == (2, 2, True)

    admitted.leave()
    await asyncio.wait_for(later[0], 10)
    assert not later[1].done()
    admitted.leave()
    await asyncio.wait_for(later[1], 10)
    admitted.leave()
    admitted.leave()
    assert (admitted.in_flight, admitted.waiting, admitted.refused) == (0, 0, 0)


async def test_who_cannot_even_wait_is_refused_at_once() -> None:
    admitted = admission(in_flight=1, waiting=1)
    await admitted.enter()
    waiting = await entered(admitted)

    with pytest.raises(Overloaded):
        await admitted.enter()

    assert admitted.refused == 1
    admitted.leave()
    await waiting


async def test_who_waits_too_long_is_refused_and_takes_no_place() -> None:
    admitted = admission(in_flight=1, turn=0.01)
    await admitted.enter()

    with pytest.raises(Overloaded):
        await admitted.enter()

    assert (admitted.in_flight, admitted.waiting, admitted.refused) == (1, 0, 1)
    admitted.leave()
    assert admitted.in_flight == 0


@pytest.mark.parametrize("is_handed_over", [False, True])
async def test_a_client_that_leaves_while_it_waits_takes_no_place(is_handed_over: bool) -> None:
    admitted = admission(in_flight=1)
    await admitted.enter()
    left, stays = await entered(admitted), await entered(admitted)

    if is_handed_over:
        admitted.leave()  # its place is there, but it has not heard of it yet
        left.cancel()
    else:
        left.cancel()
        await asyncio.gather(left, return_exceptions=True)
        admitted.leave()

    await asyncio.wait_for(stays, 10)
    assert left.cancelled() or left.cancelling()
    admitted.leave()
    assert (admitted.in_flight, admitted.waiting) == (0, 0)
