"""The tables that migrations make are the tables that the code believes in."""

from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from common.settings import asyncpg_url
from subgraphs.applications.models import Base as ApplicationsBase
from subgraphs.auth.models import Base as AuthBase
from subgraphs.gateway.models import Base as GatewayBase
from subgraphs.users.models import Base as UsersBase

pytestmark = [
    pytest.mark.stores,
    pytest.mark.filterwarnings("ignore:Did not recognize type 'xid8':sqlalchemy.exc.SAWarning"),
]

METADATA: dict[str, MetaData] = {
    "applications": ApplicationsBase.metadata,
    "auth": AuthBase.metadata,
    "gateway": GatewayBase.metadata,
    "users": UsersBase.metadata,
}


@pytest.mark.parametrize("domain", METADATA)
async def test_models_and_migrations_agree(domain: str, migrated_url: str) -> None:
    def differences(connection: Connection) -> list[Any]:
        context = MigrationContext.configure(
            connection,
            opts={
                "include_schemas": True,
                "include_name": lambda name, kind, parents: kind != "schema" or name == domain,
                "compare_type": True,
            },
        )
        return list(compare_metadata(context, METADATA[domain]))

    engine = create_async_engine(asyncpg_url(migrated_url), poolclass=NullPool)
    async with engine.connect() as connection:
        found = await connection.run_sync(differences)
    await engine.dispose()

    assert found == []
