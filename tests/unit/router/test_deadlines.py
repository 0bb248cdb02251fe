"""One timer ends many things: each after its own deadline, none that has ended by itself."""

import asyncio
from dataclasses import dataclass, field

from router.deadlines import GRAIN, Deadlines, deadlines_of


@dataclass(eq=False)
class Thing:
    """Notes when it is timed out."""

    deadline: float
    over: asyncio.Event = field(default_factory=asyncio.Event)
    ended: float = 0.0

    def time_out(self) -> None:
        self.ended = asyncio.get_running_loop().time()
        self.over.set()


async def test_each_ends_after_its_own_deadline_whatever_their_order() -> None:
    loop = asyncio.get_running_loop()
    now, deadlines = loop.time(), Deadlines(loop)
    things = [Thing(now + seconds) for seconds in (0.03, 0.01, 0.02, GRAIN / 2)]
    for thing in things:
        deadlines.watch(thing)

    for thing in things:
        await asyncio.wait_for(thing.over.wait(), 10)

    assert all(thing.ended >= thing.deadline for thing in things)
    assert len(deadlines) == 0


async def test_what_has_ended_is_left_alone() -> None:
    loop = asyncio.get_running_loop()
    deadlines = Deadlines(loop)
    gone, late = Thing(loop.time() + 0.01), Thing(loop.time() + 0.02)
    deadlines.watch(gone)
    deadlines.watch(late)

    deadlines.forget(gone)
    await asyncio.wait_for(late.over.wait(), 10)

    assert not gone.over.is_set()


async def test_a_nearer_deadline_is_kept_although_a_later_one_came_first() -> None:
    loop = asyncio.get_running_loop()
    deadlines = Deadlines(loop)
    far, near = Thing(loop.time() + 3600), Thing(loop.time() + 0.01)
    deadlines.watch(far)
    deadlines.watch(near)

    await asyncio.wait_for(near.over.wait(), 10)

    assert not far.over.is_set()
    deadlines.forget(far)


async def test_a_loop_has_one() -> None:
    loop = asyncio.get_running_loop()

    assert deadlines_of(loop) is deadlines_of(loop)
