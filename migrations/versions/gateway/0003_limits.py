"""Rate limits and IP rules of organisations."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

from migrations.domain import protect

revision = "gateway_0003"
down_revision = "gateway_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables, then close them behind row-level security."""
    _serials()
    _rate_limits()
    _ip_rules()
    protect("gateway", "policy_serials", verbs=("select", "insert", "update"), system_verbs=("select",))
    protect("gateway", "rate_limits", system_verbs=("select",))
    protect("gateway", "ip_rules", system_verbs=("select",))


def downgrade() -> None:
    """Drop the tables."""
    for table in ("ip_rules", "rate_limits", "policy_serials"):
        op.drop_table(table, schema="gateway")


def _id() -> sa.Column[object]:
    return sa.Column("id", sa.Uuid, primary_key=True)


def _organization(*, is_key: bool = False) -> sa.Column[object]:
    return sa.Column("organization_id", sa.Uuid, primary_key=is_key, nullable=False)


def _text(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Text, nullable=False)


def _moment(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)


def _authored() -> tuple[sa.Column[object] | sa.CheckConstraint, ...]:
    return (
        _text("author_kind"),
        sa.Column("author_id", sa.Uuid),
        sa.Column("author_label", sa.Text, nullable=False, server_default=""),
        sa.Column("reason", sa.Text, nullable=False, server_default=""),
        sa.CheckConstraint("author_kind in ('user', 'application', 'system')", name="author_kind"),
    )


def _reach() -> tuple[sa.Column[object] | sa.CheckConstraint, ...]:
    return (_text("reach"), sa.CheckConstraint("reach in ('organization', 'everyone')", name="reach"))


def _serials() -> None:
    op.create_table(
        "policy_serials",
        _organization(is_key=True),
        sa.Column("serial", sa.BigInteger, nullable=False),
        _moment("changed_at"),
        schema="gateway",
    )


def _rate_limits() -> None:
    op.create_table(
        "rate_limits",
        _id(),
        _organization(),
        _text("name"),
        *_reach(),
        sa.Column("units", sa.BigInteger, nullable=False),
        sa.Column("window_seconds", sa.Integer, nullable=False),
        sa.Column("counted_by", ARRAY(sa.Text), nullable=False),
        _text("unit"),
        _text("counting"),
        sa.Column("when_away", sa.Text),
        sa.Column("operations", ARRAY(sa.Text), nullable=False),
        sa.Column("key_id", sa.Uuid),
        _moment("updated_at"),
        *_authored(),
        sa.CheckConstraint("units > 0 and window_seconds > 0", name="positive"),
        sa.CheckConstraint("unit in ('requests', 'cost')", name="unit"),
        sa.CheckConstraint("counting in ('leased', 'exact')", name="counting"),
        sa.CheckConstraint("when_away in ('open', 'closed')", name="when_away"),
        schema="gateway",
    )
    op.create_index(
        "uq_rate_limits_organization_id_name",
        "rate_limits",
        ["organization_id", "name"],
        unique=True,
        schema="gateway",
    )


def _ip_rules() -> None:
    op.create_table(
        "ip_rules",
        _id(),
        _organization(),
        _text("network"),
        _text("action"),
        *_reach(),
        sa.Column("key_id", sa.Uuid),
        _text("note"),
        _moment("updated_at"),
        *_authored(),
        sa.CheckConstraint("action in ('allow', 'deny')", name="action"),
        schema="gateway",
    )
    op.create_index(
        "uq_ip_rules_organization_id_reach_network_key_id",
        "ip_rules",
        ["organization_id", "reach", "network", "key_id"],
        unique=True,
        schema="gateway",
        postgresql_nulls_not_distinct=True,
    )
    op.create_index(
        "ix_ip_rules_organization_id_updated_at",
        "ip_rules",
        ["organization_id", "updated_at", "id"],
        schema="gateway",
    )
