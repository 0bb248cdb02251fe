"""Clients from npm against the platform as `make run` starts it."""

from pathlib import Path

import pytest

from atrium.demo_people import ORGANISATIONS, PASSWORD
from tests.clients.conformance import GROUPS, TOOLS, problems, profile
from tests.e2e.running import Platform

pytestmark = [pytest.mark.platform, pytest.mark.node]


@pytest.mark.parametrize("group", [*GROUPS, TOOLS])
async def test_clients_find_nothing_wrong(platform: Platform, group: str, tmp_path: Path) -> None:
    token = platform.sign_in(ORGANISATIONS[0].people[0].email, PASSWORD)
    user = platform.graphql("{ viewer { id } }", token=token).data["viewer"]["id"]
    asked = profile("platform", user=user, token=token)

    assert await problems(group, f"{platform.address}/graphql", asked, tmp_path, token=token) == []
