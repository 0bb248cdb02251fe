"""What takes long to make is made once; refusals are remembered for a while; nothing grows for ever."""

import asyncio
import gc
import weakref
from functools import partial

import pytest

from router.cache.recent import Recent
from router.errors import PlanTimeout
from router.pipeline.caches import MadeOnce


def test_the_value_unused_for_longest_goes_first() -> None:
    recent: Recent[str, int] = Recent(2)
    recent.put("a", 1)
    recent.put("b", 2)
    recent.get("a")
    recent.put("c", 3)

    assert [recent.get(key) for key in "abc"] == [1, None, 3]
    assert len(recent) == 2


def test_what_is_heavy_pushes_out_more_and_what_is_too_heavy_is_not_kept() -> None:
    recent: Recent[str, int] = Recent(100, capacity=100)
    for number in range(12):
        recent.put(f"k{number}", number, 10)
    assert (len(recent), recent.weight) == (10, 100)
    assert recent.get("k1") is None

    recent.put("heavy", 1, 11)
    assert recent.get("heavy") is None
    recent.put("k11", 11, 1)
    recent.drop("k10")
    assert recent.weight == 81
    recent.clear()
    assert (len(recent), recent.weight) == (0, 0)


class Maker:
    """Makes a value when it is allowed to."""

    def __init__(self) -> None:
        self.made = 0
        self.allowed = asyncio.Event()
        self.refuses = False

    async def make(self) -> str:
        self.made += 1
        await self.allowed.wait()
        if self.refuses:
            raise PlanTimeout(2.0)
        return "value"


async def test_many_askers_wait_for_one_maker() -> None:
    maker, cache = Maker(), MadeOnce[str, str](10)
    askers = [asyncio.create_task(cache.get("k", maker.make)) for _ in range(50)]
    await asyncio.sleep(0)

    maker.allowed.set()

    assert await asyncio.gather(*askers) == ["value"] * 50
    assert maker.made == cache.made == 1


async def test_an_asker_that_leaves_does_not_stop_the_others() -> None:
    maker, cache = Maker(), MadeOnce[str, str](10)
    first, second = (asyncio.create_task(cache.get("k", maker.make)) for _ in range(2))
    await asyncio.sleep(0)

    first.cancel()
    await asyncio.wait([first])
    maker.allowed.set()

    assert await second == "value"
    assert maker.made == 1


async def test_a_refusal_is_not_thought_about_again_at_once() -> None:
    maker, cache = Maker(), MadeOnce[str, str](10)
    maker.refuses = True
    maker.allowed.set()

    for _ in range(3):
        with pytest.raises(PlanTimeout):
            await cache.get("k", maker.make)

    assert maker.made == 1


async def test_a_remembered_refusal_holds_on_to_nothing() -> None:
    cache = MadeOnce[str, str](10)

    class Document:
        pass

    document = Document()
    watched = weakref.ref(document)

    async def refuse(document: Document) -> str:
        raise PlanTimeout(2.0) from ValueError(document)

    with pytest.raises(PlanTimeout):
        await cache.get("k", partial(refuse, document))
    with pytest.raises(PlanTimeout) as refused:
        await cache.get("k", partial(refuse, document))
    del document, refused
    await asyncio.sleep(0)  # the loop lets go of the finished task
    gc.collect()

    assert watched() is None


async def test_what_went_wrong_inside_is_tried_again() -> None:
    cache = MadeOnce[str, str](10)

    async def broken() -> str:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await cache.get("k", broken)
    maker = Maker()
    maker.allowed.set()

    assert await cache.get("k", maker.make) == "value"
