"""Who decides which overrides hold, and what happens when nobody can."""

import asyncio

import pytest

from router.context import RequestContext
from router.pipeline import labels as module
from router.pipeline.labels import OverrideLabels

LABELS = frozenset({"percent(0)", "percent(100)", "beta", "tenant-a"})
CONTEXT = RequestContext(request_id="r", deadline=0.0, headers={"x-tenant": "a"})


class Flags:
    """Decides by a header, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[frozenset[str]] = []

    async def __call__(self, labels: frozenset[str], context: RequestContext) -> list[str]:
        self.asked.append(labels)
        return [f"tenant-{context.headers['x-tenant']}", "unknown", "percent(0)"]


async def test_shares_decide_themselves() -> None:
    assert await OverrideLabels().active(LABELS, CONTEXT) == {"percent(100)"}


async def test_settings_switch_labels_on() -> None:
    chosen = OverrideLabels(frozenset({"beta", "unknown"}))

    assert await chosen.active(LABELS, CONTEXT) == {"percent(100)", "beta"}


async def test_a_program_decides_over_its_own_labels_only() -> None:
    flags = Flags()
    chosen = OverrideLabels(frozenset({"beta"}), flags)

    assert await chosen.active(LABELS, CONTEXT) == {"percent(100)", "beta", "tenant-a"}
    assert flags.asked == [frozenset({"tenant-a"})]


async def test_nobody_is_asked_where_there_is_nothing_to_decide() -> None:
    flags = Flags()
    chosen = OverrideLabels(decide=flags)

    assert await chosen.active(frozenset({"percent(100)"}), CONTEXT) == {"percent(100)"}
    assert await chosen.active(frozenset(), CONTEXT) == frozenset()
    assert flags.asked == []


async def test_a_decision_that_fails_or_hangs_leaves_fields_where_they_were(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(labels: frozenset[str], context: RequestContext) -> list[str]:
        raise ZeroDivisionError

    async def hanging(labels: frozenset[str], context: RequestContext) -> list[str]:
        await asyncio.Event().wait()
        return []

    monkeypatch.setattr(module, "DECISION_SECONDS", 0.01)
    for decide in (broken, hanging):
        caplog.clear()
        assert await OverrideLabels(decide=decide).active(LABELS, CONTEXT) == {"percent(100)"}
        assert "could not be decided" in caplog.text
