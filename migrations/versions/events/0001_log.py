"""The log of published events: position by commit order, read by subscribers of one organisation."""

from alembic import op

from migrations.domain import close_domain, open_domain, protect

revision = "events_0001"
down_revision = None
branch_labels = ("events",)
depends_on = None


def upgrade() -> None:
    """Make the schema `events` with the log and who consumes it since when."""
    open_domain("events")
    op.execute(
        """
        create table events.log (
            position bigint generated always as identity constraint pk_log primary key,
            id uuid not null constraint uq_log_id unique,
            topic text not null,
            version integer not null,
            key text not null,
            organization_id uuid,
            actor_id uuid,
            request_id text,
            payload jsonb not null,
            occurred_at timestamptz not null,
            recorded_at timestamptz not null default now()
        )
        """
    )
    op.execute(
        """
        create table events.consumers (
            name text not null,
            topic text not null,
            since timestamptz not null default now(),
            constraint pk_consumers primary key (name, topic)
        )
        """
    )
    op.execute("create index ix_log_organization_id_position on events.log (organization_id, position)")
    op.execute("create index ix_log_topic_recorded_at on events.log (topic, recorded_at)")
    protect("events", "consumers", verbs=(), system_verbs=("select", "insert"))
    protect("events", "log", verbs=("select",), system_verbs=("select", "insert", "delete"))


def downgrade() -> None:
    """Drop it all."""
    close_domain("events")
