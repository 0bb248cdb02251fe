"""Registered operations: clients, their versions and documents, who uses what."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from migrations.domain import protect

revision = "gateway_0002"
down_revision = "gateway_0001"
branch_labels = None
depends_on = None

_TABLES = (
    "operation_usage",
    "operations",
    "operation_changes",
    "client_documents",
    "client_versions",
    "client_applications",
    "clients",
    "documents",
    "safelists",
)
_MODES = "('off', 'log', 'known', 'id')"


def upgrade() -> None:
    """Create the tables, then close everything behind row-level security."""
    _safelists()
    _documents()
    _clients()
    _versions()
    _changes()
    _usage()
    protect("gateway", "safelists", verbs=("select", "insert", "update"))
    protect("gateway", "clients", verbs=("select", "insert", "update"))
    protect("gateway", "client_applications", verbs=("select", "insert", "delete"))
    protect("gateway", "client_versions", verbs=("select", "insert", "update"))
    protect("gateway", "client_documents", verbs=("select", "insert", "delete"))
    protect("gateway", "operation_changes", verbs=("select", "insert"), system_verbs=("select",))
    protect("gateway", "operations", verbs=("select", "insert"))
    protect("gateway", "operation_usage", verbs=("select",))
    # A text stays what its digest says; only what is known of it changes.
    protect("gateway", "documents", verbs=("select", "insert"))
    op.execute("grant update (needed_at, checked_in, operations) on gateway.documents to atrium_gateway")


def downgrade() -> None:
    """Drop the tables."""
    for table in _TABLES:
        op.drop_table(table, schema="gateway")


def _id() -> sa.Column[object]:
    return sa.Column("id", sa.Uuid, primary_key=True)


def _organization() -> sa.Column[object]:
    return sa.Column("organization_id", sa.Uuid, nullable=False)


def _reference(name: str, table: str, *, is_key: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.Uuid, sa.ForeignKey(f"gateway.{table}.id"), primary_key=is_key, nullable=False)


def _moment(name: str, *, is_key: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), primary_key=is_key, nullable=False)


def _text(name: str, *, is_key: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.Text, primary_key=is_key, nullable=False)


def _count(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.BigInteger, nullable=False)


def _authored() -> tuple[sa.Column[object] | sa.CheckConstraint, ...]:
    return (
        _text("author_kind"),
        sa.Column("author_id", sa.Uuid),
        sa.Column("author_label", sa.Text, nullable=False, server_default=""),
        sa.Column("reason", sa.Text, nullable=False, server_default=""),
        sa.CheckConstraint("author_kind in ('user', 'application', 'system')", name="author_kind"),
    )


def _index(name: str, table: str, *columns: str | sa.TextClause, unique: bool = False) -> None:
    op.create_index(name, table, list(columns), unique=unique, schema="gateway")


def _safelists() -> None:
    op.create_table(
        "safelists",
        _reference("graph_id", "graphs", is_key=True),
        _organization(),
        _text("default_mode"),
        sa.Column("serial", sa.Integer, nullable=False),
        _moment("changed_at"),
        sa.CheckConstraint(f"default_mode in {_MODES}", name="default_mode"),
        schema="gateway",
    )


def _documents() -> None:
    op.create_table(
        "documents",
        _reference("graph_id", "graphs", is_key=True),
        _text("sha256", is_key=True),
        _organization(),
        _text("body"),
        sa.Column("operations", JSONB),
        _text("checked_in"),
        _moment("needed_at"),
        schema="gateway",
    )
    _index("ix_documents_needed_at", "documents", "needed_at")


def _clients() -> None:
    op.create_table(
        "clients",
        _id(),
        _organization(),
        _reference("graph_id", "graphs"),
        _text("name"),
        sa.Column("mode", sa.Text),
        _moment("created_at"),
        sa.CheckConstraint(f"mode in {_MODES}", name="mode"),
        schema="gateway",
    )
    _index("uq_clients_graph_id_name", "clients", "graph_id", "name", unique=True)
    op.create_table(
        "client_applications",
        _reference("graph_id", "graphs", is_key=True),
        sa.Column("application_id", sa.Uuid, primary_key=True),
        _organization(),
        _reference("client_id", "clients"),
        schema="gateway",
    )
    _index("ix_client_applications_client_id", "client_applications", "client_id")


def _versions() -> None:
    op.create_table(
        "client_versions",
        _id(),
        _organization(),
        _reference("graph_id", "graphs"),
        _reference("client_id", "clients"),
        _text("name"),
        _text("sha256"),
        sa.Column("documents", sa.Integer, nullable=False),
        _moment("published_at"),
        sa.Column("retired_at", sa.DateTime(timezone=True)),
        sa.Column("git_revision", sa.Text, nullable=False, server_default=""),
        *_authored(),
        schema="gateway",
    )
    _index("uq_client_versions_client_id_name", "client_versions", "client_id", "name", unique=True)
    _index(
        "ix_client_versions_client_id_published_at",
        "client_versions",
        "client_id",
        sa.text("published_at desc"),
        sa.text("id desc"),
    )
    _index("ix_client_versions_graph_id", "client_versions", "graph_id")
    op.create_table(
        "client_documents",
        _reference("client_version_id", "client_versions", is_key=True),
        _text("id", is_key=True),
        _organization(),
        sa.Column("graph_id", sa.Uuid, nullable=False),
        _text("sha256"),
        sa.ForeignKeyConstraint(
            ["graph_id", "sha256"], ["gateway.documents.graph_id", "gateway.documents.sha256"]
        ),
        schema="gateway",
    )
    _index("ix_client_documents_graph_id_sha256", "client_documents", "graph_id", "sha256")


def _changes() -> None:
    op.create_table(
        "operation_changes",
        _id(),
        _organization(),
        _reference("graph_id", "graphs"),
        sa.Column("serial", sa.Integer, nullable=False),
        _text("kind"),
        _text("client"),
        _text("version"),
        sa.Column("documents", sa.Integer, nullable=False),
        sa.Column("mode", sa.Text),
        _moment("changed_at"),
        *_authored(),
        sa.CheckConstraint("kind in ('publish', 'retire', 'mode', 'applications')", name="kind"),
        sa.CheckConstraint(f"mode in {_MODES}", name="mode"),
        schema="gateway",
    )
    _index("uq_operation_changes_graph_id_serial", "operation_changes", "graph_id", "serial", unique=True)


def _usage() -> None:
    op.create_table(
        "operations",
        _id(),
        _organization(),
        _reference("graph_id", "graphs"),
        _text("sha256"),
        _text("name"),
        _text("kind"),
        _moment("first_seen"),
        sa.Column("last_seen", sa.DateTime(timezone=True)),
        schema="gateway",
    )
    _index("uq_operations_graph_id_sha256_name", "operations", "graph_id", "sha256", "name", unique=True)
    _index("ix_operations_graph_id_id", "operations", "graph_id", sa.text("id desc"))
    op.create_table(
        "operation_usage",
        _reference("operation_id", "operations", is_key=True),
        _moment("hour", is_key=True),
        _text("client", is_key=True),
        _text("version", is_key=True),
        _organization(),
        sa.Column("graph_id", sa.Uuid, nullable=False),
        _count("count"),
        _count("errors"),
        sa.Column("duration_ms", sa.Double, nullable=False),
        sa.Column("slowest_ms", sa.Double, nullable=False),
        sa.Column("buckets", ARRAY(sa.BigInteger), nullable=False),
        _moment("last_seen"),
        schema="gateway",
    )
    _index("ix_operation_usage_graph_id_hour", "operation_usage", "graph_id", "hour")
