"""A developer sees the plan of a request, and what its fetches took, beside the answer."""

from typing import Any

from router.plan.serialise import from_json
from tests.integration.router.conftest import Platform

QUERY = "{ products { id name reviews { text } } }"


async def ask(platform: Platform, value: str = "1", query: str = QUERY) -> dict[str, Any]:
    answer = await platform.ask(query, headers={"atrium-explain": value})
    assert answer.status == 200, answer.body
    body: dict[str, Any] = answer.body
    return body


async def test_the_plan_comes_with_what_its_fetches_took(platform: Platform) -> None:
    plain = (await platform.ask(QUERY)).body

    body = await ask(platform)

    plan = body["extensions"]["plan"]
    assert body["data"] == plain["data"]
    assert "extensions" not in plain
    first, second = plan["fetches"]
    assert (first["subgraph"], second["subgraph"]) == ("products", "reviews")
    assert first["measured"]["requests"] == second["measured"]["requests"] == 1
    assert first["measured"]["entities"] == 0
    assert second["measured"]["entities"] == len(plain["data"]["products"])
    assert all(fetch["measured"]["ms"] > 0 and fetch["measured"]["bytes"] > 2 for fetch in plan["fetches"])
    assert all(fetch["reason"] and fetch["cost"] >= 1000 for fetch in plan["fetches"])
    assert f"took {second['measured']['ms']:g} ms" in plan["text"]
    assert "because reviews knows Product by" in plan["text"]
    assert [fetch.id for fetch in from_json(plan).fetches] == [0, 1]


async def test_what_was_not_asked_says_so(platform: Platform) -> None:
    body = await ask(
        platform, query="query($x: Boolean = false) { products { id reviews @include(if: $x) { text } } }"
    )

    plan = body["extensions"]["plan"]
    assert plan["fetches"][1]["measured"] is None
    assert "not asked" in plan["text"]


async def test_a_plan_in_use_is_explained_every_time(platform: Platform) -> None:
    for _ in range(5):  # compiled meanwhile
        body = await ask(platform)
        assert body["extensions"]["plan"]["fetches"][1]["measured"]["requests"] == 1


async def test_only_who_asks_for_it_gets_it(platform: Platform) -> None:
    assert "extensions" not in await ask(platform, value="0")


async def test_in_production_nobody_gets_it(in_production: Platform) -> None:
    assert "extensions" not in await ask(in_production)
