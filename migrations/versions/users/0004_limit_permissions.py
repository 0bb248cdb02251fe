"""Owners and admins may read and change rate limits and IP rules."""

from alembic import op

revision = "users_0004"
down_revision = "users_0003"
branch_labels = None
depends_on = None

_PERMISSIONS = "array['limits:read', 'limits:write']"
_ROLES = "organization_id is null and key in ('owner', 'admin')"


def upgrade() -> None:
    """Give the two system roles the permissions; requests cannot change system roles."""
    _unforced(
        "insert into users.role_permissions (role_id, permission)"
        f" select r.id, p from users.roles r, unnest({_PERMISSIONS}) p where {_ROLES}"
    )


def downgrade() -> None:
    """Take them away from every role, also from those that organisations made."""
    _unforced(f"delete from users.role_permissions where permission = any ({_PERMISSIONS})")


def _unforced(statement: str) -> None:
    """Run a statement as the owner of the tables, whom row-level security binds otherwise."""
    for table in ("roles", "role_permissions"):
        op.execute(f"alter table users.{table} no force row level security")
    op.execute(statement)
    for table in ("roles", "role_permissions"):
        op.execute(f"alter table users.{table} force row level security")
