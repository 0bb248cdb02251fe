"""The registry: graphs, published subgraphs, composed supergraphs and which of them is active."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from migrations.domain import close_domain, open_domain, protect

revision = "gateway_0001"
down_revision = None
branch_labels = ("gateway",)
depends_on = ("events_0001",)

_KEPT = ("select", "insert")


def upgrade() -> None:
    """Create the tables, then close everything behind row-level security."""
    open_domain("gateway")
    _graphs()
    _published()
    _composed()
    _activations()
    # A row that is locked needs `update`; what was published, composed or activated stays as it is.
    protect("gateway", "graphs", verbs=(*_KEPT, "update"))
    protect("gateway", "contracts")
    for table in _HISTORY:
        protect("gateway", table, verbs=_KEPT, system_verbs=_KEPT)


def downgrade() -> None:
    """Drop the whole domain."""
    close_domain("gateway")


_HISTORY = (
    "subgraph_versions",
    "supergraph_versions",
    "supergraph_members",
    "supergraph_variants",
    "activations",
)


def _id() -> sa.Column[object]:
    return sa.Column("id", sa.Uuid, primary_key=True)


def _organization() -> sa.Column[object]:
    return sa.Column("organization_id", sa.Uuid, nullable=False)


def _reference(name: str, table: str, *, is_key: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.Uuid, sa.ForeignKey(f"gateway.{table}.id"), primary_key=is_key, nullable=False)


def _moment(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)


def _text(name: str, *, is_key: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.Text, primary_key=is_key, nullable=False)


def _authored() -> tuple[sa.Column[object] | sa.CheckConstraint, ...]:
    return (
        _text("author_kind"),
        sa.Column("author_id", sa.Uuid),
        sa.Column("author_label", sa.Text, nullable=False, server_default=""),
        sa.Column("reason", sa.Text, nullable=False, server_default=""),
        sa.CheckConstraint("author_kind in ('user', 'application', 'system')", name="author_kind"),
    )


def _graphs() -> None:
    op.create_table(
        "graphs",
        _id(),
        _organization(),
        _text("name"),
        sa.Column("is_platform", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("revision", sa.Integer, nullable=False, server_default="0"),
        _moment("created_at"),
        schema="gateway",
    )
    op.create_index(
        "uq_graphs_organization_id_name", "graphs", ["organization_id", "name"], unique=True, schema="gateway"
    )
    op.create_index(
        "uq_graphs_is_platform",
        "graphs",
        ["is_platform"],
        unique=True,
        schema="gateway",
        postgresql_where=sa.text("is_platform"),
    )
    op.create_index(
        "ix_graphs_organization_id_created_at",
        "graphs",
        ["organization_id", "created_at", "id"],
        schema="gateway",
    )
    op.create_table(
        "contracts",
        _id(),
        _organization(),
        _reference("graph_id", "graphs"),
        _text("name"),
        sa.Column("include", ARRAY(sa.Text), nullable=False),
        sa.Column("exclude", ARRAY(sa.Text), nullable=False),
        sa.Column("hide_unreachable", sa.Boolean, nullable=False),
        _moment("updated_at"),
        schema="gateway",
    )
    op.create_index(
        "uq_contracts_graph_id_name", "contracts", ["graph_id", "name"], unique=True, schema="gateway"
    )


def _published() -> None:
    op.create_table(
        "subgraph_versions",
        _id(),
        _organization(),
        _reference("graph_id", "graphs"),
        _text("name"),
        _text("url"),
        _text("sdl"),
        _text("sha256"),
        _moment("published_at"),
        sa.Column("git_revision", sa.Text, nullable=False, server_default=""),
        *_authored(),
        schema="gateway",
    )
    op.create_index(
        "ix_subgraph_versions_graph_id_name",
        "subgraph_versions",
        ["graph_id", "name", sa.text("published_at desc"), sa.text("id desc")],
        schema="gateway",
    )


def _composed() -> None:
    op.create_table(
        "supergraph_versions",
        _id(),
        _organization(),
        _reference("graph_id", "graphs"),
        sa.Column("number", sa.Integer, nullable=False),
        _moment("composed_at"),
        sa.Column("git_revision", sa.Text, nullable=False, server_default=""),
        sa.Column("hints", JSONB, nullable=False),
        *_authored(),
        schema="gateway",
    )
    op.create_index(
        "uq_supergraph_versions_graph_id_number",
        "supergraph_versions",
        ["graph_id", "number"],
        unique=True,
        schema="gateway",
    )
    op.create_table(
        "supergraph_members",
        _reference("supergraph_id", "supergraph_versions", is_key=True),
        _text("name", is_key=True),
        _organization(),
        _reference("subgraph_version_id", "subgraph_versions"),
        schema="gateway",
    )
    op.create_index(
        "ix_supergraph_members_subgraph_version_id",
        "supergraph_members",
        ["subgraph_version_id"],
        schema="gateway",
    )
    op.create_table(
        "supergraph_variants",
        _reference("supergraph_id", "supergraph_versions", is_key=True),
        _text("name", is_key=True),
        _organization(),
        _text("sdl"),
        _text("sha256"),
        schema="gateway",
    )


def _activations() -> None:
    op.create_table(
        "activations",
        _id(),
        _organization(),
        _reference("graph_id", "graphs"),
        sa.Column("serial", sa.Integer, nullable=False),
        _reference("supergraph_id", "supergraph_versions"),
        _text("kind"),
        _moment("activated_at"),
        *_authored(),
        sa.CheckConstraint("kind in ('publish', 'activate', 'rollback')", name="kind"),
        schema="gateway",
    )
    op.create_index(
        "uq_activations_graph_id_serial", "activations", ["graph_id", "serial"], unique=True, schema="gateway"
    )
    op.create_index("ix_activations_supergraph_id", "activations", ["supergraph_id"], schema="gateway")
