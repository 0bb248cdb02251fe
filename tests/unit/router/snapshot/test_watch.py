"""Watching a source: the good is taken up at once when told, the bad is counted and said once."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from router.artefacts.reader import SourceUnavailable
from router.errors import NotReady
from router.snapshot.build import Snapshot, build_snapshot
from router.snapshot.holder import SnapshotHolder
from router.snapshot.load import SupergraphRefused
from router.snapshot.watch import Outcome, Watch
from schema.supergraph.model import NotASupergraph
from tests.fakes.shop import Shop

FIRST, SECOND = (build_snapshot(Shop().supergraph(f"http://{name}")) for name in ("first", "second"))
LONG = 3_600.0
SHORT = 0.001


class Scripted:
    """Gives, or raises, what the test says next; then nothing new."""

    serial = 0

    def __init__(self, *steps: Snapshot | Exception | None, may_come_later: bool = True) -> None:
        self.may_come_later = may_come_later
        self.steps = list(steps)
        self.asked = 0

    async def load(self) -> Snapshot | None:
        self.asked += 1
        step = self.steps.pop(0) if self.steps else None
        if isinstance(step, Exception):
            raise step
        return step


@asynccontextmanager
async def watching(watch: Watch) -> AsyncIterator[None]:
    """It goes on meanwhile."""
    watch.begin()
    try:
        yield
    finally:
        await watch.stop()


async def test_it_looks_at_once_when_told() -> None:
    holder = SnapshotHolder()
    source = Scripted(FIRST, SECOND)
    watch = Watch(source, holder, seconds=LONG)
    await watch.load()

    async with watching(watch):
        watch.look()
        await _until(lambda: holder.current is SECOND)

    assert source.asked == 2


async def test_being_told_while_it_looks_makes_it_look_again() -> None:
    source = Scripted()
    watch = Watch(source, SnapshotHolder(FIRST), seconds=LONG)
    watch.look()

    async with watching(watch):
        await _until(lambda: source.asked == 1)
        watch.look()
        await _until(lambda: source.asked == 2)


async def test_a_first_one_that_may_come_later_is_waited_for() -> None:
    holder = SnapshotHolder()
    watch = Watch(Scripted(SourceUnavailable("away"), FIRST), holder, seconds=SHORT)

    await watch.load()

    with pytest.raises(NotReady):
        _ = holder.current
    async with watching(watch):
        await _until(lambda: holder.is_loaded)


async def test_a_first_one_that_has_to_be_there_is_demanded() -> None:
    watch = Watch(Scripted(SourceUnavailable("gone"), may_come_later=False), SnapshotHolder(), seconds=SHORT)

    with pytest.raises(SourceUnavailable, match="gone"):
        await watch.load()


async def test_every_failure_is_counted_and_the_same_one_is_said_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    holder = SnapshotHolder(FIRST)
    away, strange = SourceUnavailable("it is away"), SupergraphRefused("it is not to be trusted")
    steps = (away, away, away, strange, strange, NotASupergraph("x"), ValueError("a bug"), away, SECOND)
    watch = Watch(Scripted(*steps), holder, seconds=SHORT)

    async with watching(watch):
        await _until(lambda: holder.current is SECOND)

    assert watch.outcomes == {
        Outcome.UNAVAILABLE: 4,
        Outcome.REFUSED: 2,
        Outcome.UNUSABLE: 2,
        Outcome.USED: 1,
    }
    said = [record.getMessage() for record in caplog.records if record.name.startswith("router.snapshot")]
    assert said == [
        "the new supergraph is not used: it is away",
        "the new supergraph is not used: it is not to be trusted",
        "the new supergraph is not used: This is not a supergraph: x",
        "the new supergraph is not used: a bug",
        "the new supergraph is not used: it is away",
        "the supergraph can be read again",
        "a new supergraph is in use",
    ]


async def test_nothing_new_after_one_that_cannot_be_used_is_no_recovery(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    holder = SnapshotHolder(FIRST)
    source = Scripted(NotASupergraph("x"))
    watch = Watch(source, holder, seconds=SHORT)

    def said() -> list[str]:
        return [each.getMessage() for each in caplog.records if each.name.startswith("router.snapshot")]

    async with watching(watch):
        await _until(lambda: source.asked > 3)
        assert said() == ["the new supergraph is not used: This is not a supergraph: x"]
        source.steps.append(SECOND)
        await _until(lambda: holder.current is SECOND)

    assert said()[1:] == ["the supergraph can be read again", "a new supergraph is in use"]


async def test_the_same_text_again_is_no_swap() -> None:
    holder = SnapshotHolder(FIRST)
    swaps: list[str] = []
    holder.on_swap(lambda: swaps.append("swap"))
    watch = Watch(Scripted(build_snapshot(Shop().supergraph("http://first"))), holder, seconds=SHORT)

    await watch.load()

    assert holder.current is FIRST
    assert not swaps


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not holds():
            await asyncio.sleep(0)
