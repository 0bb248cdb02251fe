"""People, organisations, memberships, roles and invitations, with the four system roles."""

import sqlalchemy as sa
from alembic import op

from migrations.domain import ORGANIZATION, USER, close_domain, definer_function, open_domain, permit, protect

revision = "users_0001"
down_revision = None
branch_labels = ("users",)
depends_on = ("events_0001",)

_SYSTEM_ROLES = {
    "owner": ("019a0000-0000-7000-8000-000000000001", "Owner", "Everything, including other owners."),
    "admin": ("019a0000-0000-7000-8000-000000000002", "Admin", "Everything but the organisation itself."),
    "developer": ("019a0000-0000-7000-8000-000000000003", "Developer", "Applications and their keys."),
    "viewer": ("019a0000-0000-7000-8000-000000000004", "Viewer", "Looks, changes nothing."),
}
_DEVELOPER = ("users:read", "applications:read", "applications:write", "keys:read", "keys:write")
_ADMIN = (*_DEVELOPER, "users:write", "members:write", "roles:write", "sessions:read", "sessions:write")
_SYSTEM_PERMISSIONS = {
    "owner": (*_ADMIN, "organization:write"),
    "admin": _ADMIN,
    "developer": _DEVELOPER,
    "viewer": ("users:read", "applications:read"),
}


def upgrade() -> None:
    """Create the tables, fill in the system roles, then close everything behind row-level security."""
    open_domain("users")
    _people()
    _roles()
    _invitations()
    _fill_system_roles()
    _close()
    _open_doors()


def downgrade() -> None:
    """Drop the whole domain."""
    close_domain("users")


def _id() -> sa.Column[object]:
    return sa.Column("id", sa.Uuid, primary_key=True)


def _times() -> tuple[sa.Column[object], ...]:
    now = sa.text("now()")
    return (
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=now),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False, server_default=now),
    )


def _version() -> sa.Column[object]:
    return sa.Column("version", sa.Integer, nullable=False, server_default="1")


def _people() -> None:
    op.create_table(
        "users",
        _id(),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("email_norm", sa.Text, nullable=False),
        sa.Column("email_verified_at", sa.DateTime(timezone=True)),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("locale", sa.Text, nullable=False),
        sa.Column("timezone", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False, server_default="active"),
        _version(),
        *_times(),
        sa.Column("deleted_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("status in ('active', 'suspended', 'deactivated')", name="status"),
        schema="users",
    )
    live = sa.text("deleted_at is null")
    op.create_index(
        "uq_users_email_norm", "users", ["email_norm"], unique=True, schema="users", postgresql_where=live
    )
    op.create_index(
        "ix_users_created_at", "users", [sa.text("created_at desc"), sa.text("id desc")], schema="users"
    )
    op.create_table(
        "organizations",
        _id(),
        sa.Column("slug", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False, server_default="active"),
        _version(),
        *_times(),
        sa.Column("deleted_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("status in ('active', 'suspended')", name="status"),
        schema="users",
    )
    op.create_index(
        "uq_organizations_slug", "organizations", ["slug"], unique=True, schema="users", postgresql_where=live
    )


def _roles() -> None:
    op.create_table(
        "roles",
        _id(),
        sa.Column("organization_id", sa.Uuid, sa.ForeignKey("users.organizations.id")),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False, server_default=""),
        _version(),
        *_times(),
        schema="users",
    )
    op.create_index(
        "uq_roles_organization_id_key", "roles", ["organization_id", "key"], unique=True, schema="users"
    )
    op.create_index(
        "uq_roles_system_key",
        "roles",
        ["key"],
        unique=True,
        schema="users",
        postgresql_where=sa.text("organization_id is null"),
    )
    op.create_table(
        "role_permissions",
        sa.Column("role_id", sa.Uuid, sa.ForeignKey("users.roles.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("permission", sa.Text, primary_key=True),
        schema="users",
    )
    op.create_table(
        "memberships",
        _id(),
        sa.Column("organization_id", sa.Uuid, sa.ForeignKey("users.organizations.id"), nullable=False),
        sa.Column("user_id", sa.Uuid, sa.ForeignKey("users.users.id"), nullable=False),
        sa.Column("role_id", sa.Uuid, sa.ForeignKey("users.roles.id"), nullable=False),
        _version(),
        *_times(),
        schema="users",
    )
    op.create_index(
        "uq_memberships_organization_id_user_id",
        "memberships",
        ["organization_id", "user_id"],
        unique=True,
        schema="users",
    )
    op.create_index("ix_memberships_user_id", "memberships", ["user_id"], schema="users")
    op.create_index("ix_memberships_role_id", "memberships", ["role_id"], schema="users")


def _invitations() -> None:
    op.create_table(
        "invitations",
        _id(),
        sa.Column("organization_id", sa.Uuid, sa.ForeignKey("users.organizations.id"), nullable=False),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("email_norm", sa.Text, nullable=False),
        sa.Column("role_id", sa.Uuid, sa.ForeignKey("users.roles.id"), nullable=False),
        sa.Column("token_hash", sa.LargeBinary, nullable=False),
        sa.Column("invited_by", sa.Uuid, nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True)),
        sa.Column("accepted_by", sa.Uuid),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        *_times(),
        sa.CheckConstraint("accepted_at is null or revoked_at is null", name="one_end"),
        schema="users",
    )
    op.create_index(
        "uq_invitations_pending",
        "invitations",
        ["organization_id", "email_norm"],
        unique=True,
        schema="users",
        postgresql_where=sa.text("accepted_at is null and revoked_at is null"),
    )
    op.create_index("uq_invitations_token_hash", "invitations", ["token_hash"], unique=True, schema="users")
    op.create_index("ix_invitations_role_id", "invitations", ["role_id"], schema="users")
    op.create_index(
        "ix_invitations_organization_id_created_at",
        "invitations",
        ["organization_id", sa.text("created_at desc"), sa.text("id desc")],
        schema="users",
    )


def _fill_system_roles() -> None:
    for key, (role_id, name, description) in _SYSTEM_ROLES.items():
        op.execute(
            sa.text(
                "insert into users.roles (id, key, name, description) values (:id, :key, :name, :description)"
            )
            .bindparams(sa.bindparam("id", type_=sa.Uuid(as_uuid=False)), key=key, name=name)
            .bindparams(id=role_id, description=description)
        )
        for permission in _SYSTEM_PERMISSIONS[key]:
            op.execute(
                sa.text("insert into users.role_permissions (role_id, permission) values (:id, :permission)")
                .bindparams(sa.bindparam("id", type_=sa.Uuid(as_uuid=False)), permission=permission)
                .bindparams(id=role_id)
            )


def _close() -> None:
    """Row-level security.

    A person sees themselves and, in the organisation they act in, its members; every change stays in
    that organisation. System roles are read by all and changed by nobody.
    """
    mine = f"organization_id = {ORGANIZATION}"
    member = (
        "exists (select 1 from users.memberships m"
        f" where m.user_id = users.id and m.organization_id = {ORGANIZATION})"
    )
    belongs = (
        "exists (select 1 from users.memberships m"
        f" where m.organization_id = organizations.id and m.user_id = {USER})"
    )
    held = f"exists (select 1 from users.memberships m where m.role_id = roles.id and m.user_id = {USER})"
    of_seen_role = "exists (select 1 from users.roles r where r.id = role_permissions.role_id)"
    of_own_role = (
        "exists (select 1 from users.roles r"
        f" where r.id = role_permissions.role_id and r.organization_id = {ORGANIZATION})"
    )
    for table in ("users", "organizations", "memberships", "roles", "role_permissions"):
        protect("users", table, verbs=())
    oneself = f"id = {USER}"
    permit("users", "users", "select", f"{oneself} or {member}")
    permit("users", "users", "update", f"{oneself} or {member}")
    permit("users", "users", "insert", oneself)
    permit("users", "organizations", "select", f"id = {ORGANIZATION} or {belongs}")
    permit("users", "organizations", "insert", f"id = {ORGANIZATION}")
    permit("users", "organizations", "update", f"id = {ORGANIZATION}")
    permit("users", "memberships", "select", f"{mine} or user_id = {USER}")
    for verb in ("insert", "update", "delete"):
        permit("users", "memberships", verb, mine)
    known = f"({ORGANIZATION} is not null or {USER} is not null)"
    permit("users", "roles", "select", f"organization_id is null and {known} or {mine} or {held}")
    permit("users", "roles", "insert", mine)
    permit("users", "roles", "update", mine)
    permit("users", "role_permissions", "select", of_seen_role)
    permit("users", "role_permissions", "insert", of_own_role)
    permit("users", "role_permissions", "delete", of_own_role)
    protect("users", "invitations", verbs=("select", "insert", "update"))


def _open_doors() -> None:
    """The look-ups that must work before it is known who asks or where they belong."""
    person = "table (id uuid, email text, name text, status text)"
    definer_function(
        "users",
        "person_by_email",
        "folded text",
        person,
        "select u.id, u.email, u.name, u.status from users.users u"
        " where u.email_norm = folded and u.deleted_at is null",
    )
    definer_function(
        "users",
        "person",
        "person_id uuid",
        person,
        "select u.id, u.email, u.name, u.status from users.users u"
        " where u.id = person_id and u.deleted_at is null",
    )
    definer_function(
        "users",
        "grants_of",
        "person_id uuid",
        "table (organization_id uuid, role text, permission text)",
        "select m.organization_id, r.key, p.permission from users.memberships m"
        " join users.users u on u.id = m.user_id and u.status = 'active' and u.deleted_at is null"
        " join users.organizations o on o.id = m.organization_id and o.status = 'active'"
        " and o.deleted_at is null"
        " join users.roles r on r.id = m.role_id"
        " left join users.role_permissions p on p.role_id = r.id"
        " where m.user_id = person_id order by m.created_at, m.id",
    )
    definer_function(
        "users",
        "belongs_elsewhere",
        "person_id uuid, here uuid",
        "boolean",
        "select exists (select 1 from users.memberships m"
        " where m.user_id = person_id and m.organization_id is distinct from here)",
    )
    definer_function(
        "users",
        "invitation_for_token",
        "hash bytea",
        "table (id uuid, organization_id uuid, user_id uuid)",
        "select i.id, i.organization_id, u.id from users.invitations i"
        " left join users.users u on u.email_norm = i.email_norm and u.deleted_at is null"
        " where i.token_hash = hash",
    )
