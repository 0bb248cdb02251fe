"""The schema of PostgreSQL: roles, and one branch of Alembic revisions per domain."""
