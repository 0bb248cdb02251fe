"""Applications and their environments."""

import sqlalchemy as sa
from alembic import op

from migrations.domain import close_domain, definer_function, open_domain, protect

revision = "applications_0001"
down_revision = None
branch_labels = ("applications",)
depends_on = ("events_0001",)


def upgrade() -> None:
    """Create the tables, then close everything behind row-level security."""
    open_domain("applications")
    _applications()
    _environments()
    protect("applications", "applications", verbs=("select", "insert", "update"))
    protect("applications", "environments", verbs=("select", "insert", "update"))
    definer_function(
        "applications",
        "organization_of",
        "wanted uuid",
        "uuid",
        "select a.organization_id from applications.applications a"
        " where a.id = wanted and a.deleted_at is null and a.status <> 'archived'",
    )


def downgrade() -> None:
    """Drop the whole domain."""
    close_domain("applications")


def _times() -> tuple[sa.Column[object], ...]:
    now = sa.text("now()")
    return (
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=now),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False, server_default=now),
        sa.Column("deleted_at", sa.DateTime(timezone=True)),
    )


def _applications() -> None:
    op.create_table(
        "applications",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("organization_id", sa.Uuid, nullable=False),
        sa.Column("slug", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False, server_default=""),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False, server_default="draft"),
        sa.Column("created_by", sa.Uuid),
        sa.Column("version", sa.Integer, nullable=False, server_default="1"),
        *_times(),
        sa.CheckConstraint("kind in ('chat', 'agent', 'workflow', 'api', 'batch')", name="kind"),
        sa.CheckConstraint("status in ('draft', 'active', 'paused', 'archived')", name="status"),
        schema="applications",
    )
    op.create_index(
        "uq_applications_slug",
        "applications",
        ["organization_id", "slug"],
        unique=True,
        schema="applications",
        postgresql_where=sa.text("deleted_at is null"),
    )
    op.create_index(
        "ix_applications_organization_id_created_at",
        "applications",
        ["organization_id", sa.text("created_at desc"), sa.text("id desc")],
        schema="applications",
    )
    op.create_index(
        "ix_applications_created_by",
        "applications",
        ["organization_id", "created_by"],
        schema="applications",
    )


def _environments() -> None:
    op.create_table(
        "environments",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("organization_id", sa.Uuid, nullable=False),
        sa.Column("application_id", sa.Uuid, sa.ForeignKey("applications.applications.id"), nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("protected", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("version", sa.Integer, nullable=False, server_default="1"),
        *_times(),
        schema="applications",
    )
    op.create_index(
        "uq_environments_key",
        "environments",
        ["application_id", "key"],
        unique=True,
        schema="applications",
        postgresql_where=sa.text("deleted_at is null"),
    )
