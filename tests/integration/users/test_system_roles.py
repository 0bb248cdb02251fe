"""The system roles that migrations made are those that the code believes in."""

from collections import defaultdict

import pytest
from sqlalchemy import text

from common.db.session import Database
from subgraphs.users.policies import SYSTEM_ROLES

pytestmark = pytest.mark.stores


async def test_system_roles_hold_what_the_code_says(database: Database) -> None:
    query = text(
        "select r.key, p.permission from users.roles r join users.role_permissions p on p.role_id = r.id"
        " where r.organization_id is null"
    )
    held: defaultdict[str, set[str]] = defaultdict(set)

    async with database.unit_of_work_for_system(domain="users", job="tests") as work:
        for row in await work.session.execute(query):
            held[row.key].add(row.permission)

    assert held == {role: set(permissions) for role, permissions in SYSTEM_ROLES.items()}
