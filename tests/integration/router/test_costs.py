"""What operations cost, through a running router: told, refused and counted."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from router.settings import CostMode, CostSettings, ShowCost
from tests.integration.router.conftest import SETTINGS, Platform, started

ASKING = {"atrium-cost": "1", "accept": "application/graphql-response+json"}


@pytest.fixture(scope="module")
async def shop() -> AsyncIterator[Platform]:
    """Twelve is what one operation may cost."""
    cost = CostSettings(mode=CostMode.ENFORCE, max=12, list_size=5)
    async for each in started(replace(SETTINGS, cost=cost, metrics=True), over_http=False):
        yield each


@pytest.mark.parametrize("times", [1, 3])  # interpreted, then compiled
async def test_whoever_asks_is_told_both_numbers(shop: Platform, times: int) -> None:
    for _ in range(times):
        answer = await shop.ask("{ products { name } }", ASKING)

    assert answer.body["extensions"] == {"cost": {"estimated": 5, "actual": 3, "max": 12}}


async def test_others_are_told_nothing(shop: Platform) -> None:
    answer = await shop.ask("{ products { name } }")

    assert "extensions" not in answer.body


async def test_what_may_cost_too_much_is_refused_before_anything_is_asked(shop: Platform) -> None:
    asked = len(shop.products.calls)

    answer = await shop.ask("{ products { name reviews { id } } }", ASKING)

    assert answer.status == 400
    (error,) = answer.body["errors"]
    assert error["extensions"] == {
        "code": "COST_ESTIMATED_TOO_EXPENSIVE",
        "cost": {"estimated": 30, "max": 12},
    }
    assert len(shop.products.calls) == asked


async def test_costs_are_counted(shop: Platform) -> None:
    await shop.ask("{ products { name } }")

    text = (await shop.send("GET", "/metrics")).body

    assert 'atrium_router_operation_cost_count{kind="estimated"}' in text
    assert 'atrium_router_operation_cost_bucket{kind="actual",le="3.0"}' in text


async def test_it_may_be_told_always_or_never() -> None:
    for show, is_told in ((ShowCost.ALWAYS, True), (ShowCost.NEVER, False)):
        cost = CostSettings(mode=CostMode.MEASURE, show=show, max=1)
        async for each in started(replace(SETTINGS, cost=cost), over_http=False):
            answer = await each.ask("{ products { name } }", {} if is_told else ASKING)
            assert ("extensions" in answer.body) is is_told
            assert len(answer.body["data"]["products"]) == 3
