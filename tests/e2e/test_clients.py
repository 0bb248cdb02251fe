"""Clients from npm against the platform as `make run` starts it."""

from pathlib import Path

import pytest

from atrium.demo_people import ORGANISATIONS, PASSWORD
from tests.clients.conformance import GROUPS, TOOLS, problems, profile
from tests.e2e.running import Platform

pytestmark = [pytest.mark.platform, pytest.mark.node]

RENAME = "mutation ($input: UserUpdateInput!) { userUpdate(input: $input) { user { name } } }"


@pytest.mark.parametrize("group", [*GROUPS, TOOLS])
async def test_clients_find_nothing_wrong(platform: Platform, group: str, tmp_path: Path) -> None:
    person = ORGANISATIONS[0].people[0]
    token = platform.sign_in(person.email, PASSWORD)
    user = platform.graphql("{ viewer { id } }", token=token).data["viewer"]["id"]
    asked = profile("platform", user=user, token=token)
    try:
        assert await problems(group, f"{platform.address}/graphql", asked, tmp_path, token=token) == []
    finally:
        again = {"input": {"id": user, "name": person.name}}
        assert platform.graphql(RENAME, again, token=token).data["userUpdate"]["user"] == {
            "name": person.name
        }
