"""Everything clients from npm rely on, against a router over subgraphs in process and over HTTP."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from common.operations.settings import PersistedSettings
from tests.clients.conformance import GROUPS, SAFELISTED, TOOLS, problems, profile
from tests.integration.router.conftest import SETTINGS, Platform, started

pytestmark = pytest.mark.node

QUICK_INIT = replace(SETTINGS, socket=replace(SETTINGS.socket, init_timeout=2.0))


@pytest.fixture(params=["in process", "http"], scope="module")
async def shop(request: pytest.FixtureRequest) -> AsyncIterator[Platform]:
    async for each in started(QUICK_INIT, over_http=request.param == "http"):
        yield each


@pytest.mark.parametrize("group", GROUPS)
async def test_clients_find_nothing_wrong(shop: Platform, group: str, tmp_path: Path) -> None:
    assert await problems(group, shop.url, profile("shop"), tmp_path) == []


async def test_tools_read_the_schema(tmp_path: Path) -> None:
    async for each in started(SETTINGS, over_http=False):
        assert await problems(TOOLS, each.url, profile("shop"), tmp_path) == []


async def test_clients_that_ask_by_id_only_find_nothing_wrong(tmp_path: Path) -> None:
    manifests = tmp_path / "manifests"
    manifests.mkdir()
    persisted = PersistedSettings(manifests=str(manifests), safelist="id")
    settings = replace(SETTINGS, reload_seconds=0.05, persisted=persisted)
    async for each in started(settings, over_http=True):
        asked = {**profile("shop"), "manifests": str(manifests)}
        assert await problems(SAFELISTED, each.url, asked, tmp_path) == []
