"""The tables of the sample domain that the shared parts are tested with."""

import sqlalchemy as sa
from alembic import op

from migrations.domain import close_domain, definer_function, open_domain, protect

revision = "notes_0001"
down_revision = None
branch_labels = ("notes",)
depends_on = ("events_0001",)


def upgrade() -> None:
    """Make the schema `notes`."""
    open_domain("notes")
    op.create_table(
        "notes",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("organization_id", sa.Uuid, nullable=False),
        sa.Column("author_id", sa.Uuid, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("rank", sa.Integer, nullable=False, server_default="0"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.UniqueConstraint("organization_id", "title", name="uq_notes_title"),
        schema="notes",
    )
    protect("notes", "notes")
    definer_function(
        "notes",
        "author_of",
        "wanted uuid",
        "uuid",
        "select author_id from notes.notes where id = wanted",
    )


def downgrade() -> None:
    """Drop it all."""
    close_domain("notes")
