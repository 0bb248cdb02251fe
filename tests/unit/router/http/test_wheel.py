"""One timer for many."""

import asyncio
from collections import Counter

from router.http.wheel import SPOKES, Wheel


async def test_every_member_gets_its_turn_again_and_again_until_it_leaves() -> None:
    wheel, turns = Wheel(0.02), Counter[int]()
    members = {n: lambda n=n: turns.update([n]) for n in range(5)}
    spokes = {n: wheel.add(turn) for n, turn in members.items()}

    async with asyncio.timeout(10):
        while min((turns[n] for n in members), default=0) < 3:
            await asyncio.sleep(0.001)
    wheel.remove(spokes[0], members[0])
    seen = turns[0]
    async with asyncio.timeout(10):
        while turns[1] < 6:
            await asyncio.sleep(0.001)

    assert turns[0] == seen
    assert len(wheel) == 4


async def test_a_first_turn_comes_after_a_whole_round() -> None:
    wheel, turns = Wheel(3600.0), 0

    def turn() -> None:
        nonlocal turns
        turns += 1

    spoke = wheel.add(turn)
    for _ in range(SPOKES - 1):
        wheel._turn()
    assert turns == 0
    wheel._turn()
    assert turns == 1
    wheel.remove(spoke, turn)


async def test_a_wheel_without_members_stands_still() -> None:
    wheel = Wheel(3600.0)

    def turn() -> None:
        """Nothing."""

    wheel.remove(wheel.add(turn), turn)
    wheel.remove(0, turn)

    assert wheel._timer is None
    assert len(wheel) == 0


async def test_a_member_may_leave_in_its_turn() -> None:
    wheel = Wheel(3600.0)
    spokes: list[int] = []

    def turn() -> None:
        wheel.remove(spokes[0], turn)

    spokes.append(wheel.add(turn))
    for _ in range(SPOKES):
        wheel._turn()

    assert len(wheel) == 0
    assert wheel._timer is None
