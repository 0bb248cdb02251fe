"""What Alembic runs: every branch, on the connection that `migrations.upgrade` hands in, as the owner."""

from alembic import context
from sqlalchemy import Connection

from migrations.roles import OWNER

connection: Connection = context.config.attributes["connection"]
connection.exec_driver_sql(f"set local role {OWNER}")
connection.exec_driver_sql("create schema if not exists atrium")
context.configure(
    connection=connection,
    target_metadata=None,
    version_table="alembic_version",
    version_table_schema="atrium",
    transaction_per_migration=False,
)
context.run_migrations()
