"""Passwords, sessions, refresh tokens, one-time tokens, API keys, signing keys."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.domain import ORGANIZATION, USER, close_domain, definer_function, open_domain, protect

revision = "auth_0001"
down_revision = None
branch_labels = ("auth",)
depends_on = ("events_0001",)

_UUID = postgresql.UUID
_WHEN = sa.DateTime(timezone=True)

_OWN = f"user_id = {USER}"
_OWN_OR_OF_ORGANIZATION = f"user_id = {USER} or {ORGANIZATION} = any (organization_ids)"
_OF_VISIBLE_SESSION = f"user_id = {USER} or exists (select from auth.sessions s where s.id = session_id)"


def upgrade() -> None:
    """Make the tables, who may touch which row, and the look-ups from before the caller is known."""
    open_domain("auth")
    _passwords()
    _sessions()
    _one_time_tokens()
    _api_keys()
    _signing_keys()
    _throttle()
    _revocations()


def downgrade() -> None:
    """Drop the domain with everything in it."""
    close_domain("auth")


def _passwords() -> None:
    op.create_table(
        "password_credentials",
        sa.Column("user_id", _UUID, primary_key=True),
        sa.Column("phc", sa.Text, nullable=False),
        sa.Column("changed_at", _WHEN, nullable=False),
        schema="auth",
    )
    protect("auth", "password_credentials", using=_OWN, verbs=("select", "insert", "update"))
    definer_function(
        "auth",
        "credential_for_sign_in",
        "wanted_user_id uuid",
        "table (phc text, changed_at timestamptz)",
        "select c.phc, c.changed_at from auth.password_credentials c where c.user_id = wanted_user_id",
    )


def _sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", _UUID, primary_key=True),
        sa.Column("user_id", _UUID, nullable=False),
        sa.Column("organization_id", _UUID),
        sa.Column("organization_ids", postgresql.ARRAY(_UUID), nullable=False),
        sa.Column("created_at", _WHEN, nullable=False),
        sa.Column("last_seen_at", _WHEN, nullable=False),
        sa.Column("idle_expires_at", _WHEN, nullable=False),
        sa.Column("absolute_expires_at", _WHEN, nullable=False),
        sa.Column("ip_address", sa.Text),
        sa.Column("user_agent", sa.Text),
        sa.Column("revoked_at", _WHEN),
        sa.Column("revoke_reason", sa.Text),
        schema="auth",
    )
    op.create_index(
        "ix_sessions_live_of_user",
        "sessions",
        ["user_id", sa.text("created_at desc"), sa.text("id desc")],
        schema="auth",
        postgresql_where=sa.text("revoked_at is null"),
    )
    protect("auth", "sessions", using=_OWN_OR_OF_ORGANIZATION, verbs=("select", "insert", "update"))
    op.create_table(
        "refresh_tokens",
        sa.Column("id", _UUID, primary_key=True),
        sa.Column("family_id", _UUID, nullable=False),
        sa.Column(
            "session_id",
            _UUID,
            sa.ForeignKey("auth.sessions.id", name="fk_refresh_tokens_session_id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("user_id", _UUID, nullable=False),
        sa.Column("parent_id", _UUID),
        sa.Column("token_hash", sa.LargeBinary, nullable=False),
        sa.Column("issued_at", _WHEN, nullable=False),
        sa.Column("expires_at", _WHEN, nullable=False),
        sa.Column("consumed_at", _WHEN),
        sa.Column("revoked_at", _WHEN),
        sa.Column("successor_id", _UUID),
        sa.Column("grace_until", _WHEN),
        schema="auth",
    )
    op.create_index(
        "uq_refresh_tokens_token_hash", "refresh_tokens", ["token_hash"], unique=True, schema="auth"
    )
    op.create_index(
        "uq_refresh_tokens_live_of_family",
        "refresh_tokens",
        ["family_id"],
        unique=True,
        schema="auth",
        postgresql_where=sa.text("consumed_at is null and revoked_at is null"),
    )
    op.create_index("ix_refresh_tokens_session_id", "refresh_tokens", ["session_id"], schema="auth")
    op.create_index("ix_refresh_tokens_expires_at", "refresh_tokens", ["expires_at"], schema="auth")
    protect("auth", "refresh_tokens", using=_OF_VISIBLE_SESSION, verbs=("select", "insert", "update"))
    definer_function(
        "auth",
        "refresh_token_owner",
        "wanted_hash bytea",
        "table (user_id uuid)",
        "select t.user_id from auth.refresh_tokens t where t.token_hash = wanted_hash",
    )


def _one_time_tokens() -> None:
    op.create_table(
        "one_time_tokens",
        sa.Column("id", _UUID, primary_key=True),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("user_id", _UUID, nullable=False),
        sa.Column("token_hash", sa.LargeBinary, nullable=False),
        sa.Column("created_at", _WHEN, nullable=False),
        sa.Column("expires_at", _WHEN, nullable=False),
        sa.Column("consumed_at", _WHEN),
        schema="auth",
    )
    op.create_index(
        "uq_one_time_tokens_token_hash", "one_time_tokens", ["token_hash"], unique=True, schema="auth"
    )
    op.create_index(
        "ix_one_time_tokens_of_user",
        "one_time_tokens",
        ["user_id", "purpose"],
        schema="auth",
        postgresql_where=sa.text("consumed_at is null"),
    )
    protect("auth", "one_time_tokens", using=_OWN, verbs=("select", "update"))
    definer_function(
        "auth",
        "one_time_token_owner",
        "wanted_hash bytea, wanted_purpose text",
        "table (user_id uuid)",
        "select t.user_id from auth.one_time_tokens t"
        " where t.token_hash = wanted_hash and t.purpose = wanted_purpose",
    )


def _api_keys() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", _UUID, primary_key=True),
        sa.Column("organization_id", _UUID, nullable=False),
        sa.Column("application_id", _UUID, nullable=False),
        sa.Column("created_by_id", _UUID),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("prefix", sa.Text, nullable=False),
        sa.Column("last4", sa.Text, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.Text), nullable=False),
        sa.Column("created_at", _WHEN, nullable=False),
        sa.Column("expires_at", _WHEN),
        sa.Column("last_used_at", _WHEN),
        sa.Column("superseded_by_id", _UUID),
        sa.Column("grace_until", _WHEN),
        sa.Column("revoked_at", _WHEN),
        sa.Column("revoke_reason", sa.Text),
        schema="auth",
    )
    op.create_index("uq_api_keys_prefix", "api_keys", ["prefix"], unique=True, schema="auth")
    op.create_index("uq_api_keys_hash", "api_keys", ["hash"], unique=True, schema="auth")
    op.create_index(
        "ix_api_keys_of_application",
        "api_keys",
        ["organization_id", "application_id", sa.text("created_at desc"), sa.text("id desc")],
        schema="auth",
    )
    op.create_index(
        "ix_api_keys_live_of_creator",
        "api_keys",
        ["created_by_id"],
        schema="auth",
        postgresql_where=sa.text("revoked_at is null"),
    )
    protect("auth", "api_keys", verbs=("select", "insert", "update"))
    definer_function(
        "auth",
        "api_key_for_check",
        "wanted_prefix text",
        "table (id uuid, organization_id uuid, application_id uuid, hash bytea, scopes text[],"
        " expires_at timestamptz, grace_until timestamptz, revoked_at timestamptz)",
        "select k.id, k.organization_id, k.application_id, k.hash, k.scopes,"
        " k.expires_at, k.grace_until, k.revoked_at"
        " from auth.api_keys k where k.prefix = wanted_prefix",
    )
    definer_function(
        "auth",
        "api_keys_used",
        "used_ids uuid[], used_times timestamptz[]",
        "void",
        "update auth.api_keys k set last_used_at = greatest(k.last_used_at, used.at)"
        " from (select distinct on (id) id, at from unnest(used_ids, used_times) as u (id, at)"
        " order by id, at desc) used where k.id = used.id",
        writes=True,
    )


def _signing_keys() -> None:
    op.create_table(
        "signing_keys",
        sa.Column("kid", sa.Text, primary_key=True),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("public_jwk", postgresql.JSONB, nullable=False),
        sa.Column("private_sealed", sa.LargeBinary, nullable=False),
        sa.Column("created_at", _WHEN, nullable=False),
        sa.Column("activated_at", _WHEN),
        sa.Column("not_after", _WHEN),
        sa.CheckConstraint("status in ('next', 'active', 'retired')", name="ck_signing_keys_status_known"),
        schema="auth",
    )
    for status in ("next", "active"):
        op.create_index(
            f"uq_signing_keys_one_{status}",
            "signing_keys",
            ["status"],
            unique=True,
            schema="auth",
            postgresql_where=sa.text(f"status = '{status}'"),
        )
    protect("auth", "signing_keys", verbs=())
    definer_function(
        "auth",
        "signing_keys_in_use",
        "",
        "table (kid text, status text, public_jwk jsonb, private_sealed bytea, not_after timestamptz)",
        "select k.kid, k.status, k.public_jwk, k.private_sealed, k.not_after"
        " from auth.signing_keys k order by k.created_at",
    )


def _throttle() -> None:
    op.create_table(
        "sign_in_throttle",
        sa.Column("bucket", sa.LargeBinary, primary_key=True),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("window_ends_at", _WHEN, nullable=False),
        schema="auth",
    )
    op.create_index(
        "ix_sign_in_throttle_window_ends_at", "sign_in_throttle", ["window_ends_at"], schema="auth"
    )
    protect("auth", "sign_in_throttle", verbs=())
    definer_function(
        "auth",
        "sign_in_attempted",
        "attempted bytea, at timestamptz, window_length interval",
        "table (attempts integer, window_ends_at timestamptz)",
        "insert into auth.sign_in_throttle as t (bucket, attempts, window_ends_at)"
        " values (attempted, 1, at + window_length)"
        " on conflict (bucket) do update set"
        " attempts = case when t.window_ends_at <= at then 1 else t.attempts + 1 end,"
        " window_ends_at = case when t.window_ends_at <= at then at + window_length"
        " else t.window_ends_at end"
        " returning t.attempts, t.window_ends_at",
        writes=True,
    )
    definer_function(
        "auth",
        "sign_in_succeeded",
        "account bytea, network bytea",
        "void",
        # The network first, as when attempts are counted: nobody waits in a circle.
        "update auth.sign_in_throttle set attempts = greatest(attempts - 1, 0) where bucket = network;"
        " delete from auth.sign_in_throttle where bucket = account",
        writes=True,
    )


def _revocations() -> None:
    op.create_table(
        "revocations",
        sa.Column("id", _UUID, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("subject_id", _UUID, nullable=False),
        sa.Column("recorded_at", _WHEN, nullable=False),
        sa.CheckConstraint("kind in ('session', 'api_key')", name="ck_revocations_kind_known"),
        schema="auth",
    )
    # The transaction that wrote the row: what a reader compares with the oldest one still running.
    op.execute(
        "alter table auth.revocations add column written_by xid8 not null default pg_current_xact_id()"
    )
    op.create_index("ix_revocations_written_by", "revocations", ["written_by"], schema="auth")
    protect("auth", "revocations", using="false", check="true", verbs=("insert",))
    definer_function(
        "auth",
        "revocations_since",
        "since text",
        "table (up_to text, kind text, subject_id uuid)",
        "select pg_snapshot_xmin(pg_current_snapshot())::text, r.kind, r.subject_id"
        " from (select) always left join auth.revocations r"
        " on since is null or r.written_by >= since::xid8",
    )
