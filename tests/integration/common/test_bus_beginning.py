"""A channel that is subscribed to at the very moment the bus connects is not forgotten."""

import asyncio

import pytest

from common.events.bus import redis_bus

pytestmark = pytest.mark.stores


@pytest.mark.parametrize("steps", range(8))
async def test_subscribing_while_the_bus_connects_is_not_lost(redis_url: str, steps: int) -> None:
    bus = redis_bus(redis_url)
    await bus.open()
    for _ in range(steps):
        await asyncio.sleep(0)

    async with bus.subscribe(f"channel-{steps}") as messages, asyncio.timeout(10):
        reading = asyncio.ensure_future(anext(messages))
        while not reading.done():
            await bus.publish(f"channel-{steps}", "hello")
            await asyncio.wait([reading], timeout=0.05)
        heard = await reading

    await bus.close()
    assert heard == "hello"
