"""Object types of the users domain; each entity authorises its own reference."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import strawberry

from common.access.scopes import require_known
from common.errors import require
from common.graphql.connections import After, Connection, First, connection_of, page_request
from common.graphql.entities import Node, global_id, local_id
from subgraphs.users import models
from subgraphs.users.graphql.enums import InvitationStatus, OrganizationStatus, UserStatus
from subgraphs.users.graphql.info import Info
from subgraphs.users.graphql.loaders import (
    InvitationsById,
    MemberPages,
    MembershipsById,
    MembershipsByUserId,
    MembersOf,
    OrganizationsById,
    PermissionsByRoleId,
    RolesById,
    UsersById,
)
from subgraphs.users.policies import PERMISSIONS, may, may_read_in, may_read_user

_SEE_PEOPLE = "Seeing other people needs the permission 'users:read' in that organization."


@strawberry.type(description="Something a role can permit.")
class Permission:
    """One entry of the registry of permissions."""

    name: str = strawberry.field(description="The name that roles and API keys carry, such as `users:read`.")
    description: str = strawberry.field(description="What it permits.")


def permissions_of(names: Iterable[str]) -> list[Permission]:
    """The registry's entries of these names, by name."""
    return [Permission(name=name, description=PERMISSIONS.get(name, "")) for name in sorted(names)]


@strawberry.federation.type(keys=["id"], description="A person who uses the platform.")
class User(Node):
    """A person, as the caller may see them."""

    row: strawberry.Private[models.User]
    email: str = strawberry.field(description="The address the person signs in with, as they wrote it.")
    email_verified_at: datetime | None = strawberry.field(
        description="When the person proved that they read this address."
    )
    name: str = strawberry.field(description="The name other members see.")
    locale: str = strawberry.field(description="Preferred language, a tag such as `en` or `pt-BR`.")
    timezone: str = strawberry.field(description="Time zone, a name such as `Europe/Lisbon`.")
    status: UserStatus = strawberry.field(description="Whether the person may use the platform.")
    version: int = strawberry.field(description="Grows with every change; give it as `expectedVersion`.")
    created_at: datetime = strawberry.field(description="When the account was made.")
    updated_at: datetime = strawberry.field(description="When the account last changed.")

    @strawberry.field
    def id(self) -> strawberry.ID:
        """Opaque, and the same in every service."""
        return global_id("User", self.row.id)

    @strawberry.field
    async def memberships(self, info: Info) -> list["Membership"]:
        """Where the person belongs: oneself everywhere, others in the current organization."""
        rows = await info.context.load(MembershipsByUserId, self.row.id)
        return [Membership.from_row(row) for row in rows]

    @classmethod
    def from_row(cls, row: models.User) -> "User":
        """The person in a row."""
        return cls(
            row=row,
            email=row.email,
            email_verified_at=row.email_verified_at,
            name=row.name,
            locale=row.locale,
            timezone=row.timezone,
            status=UserStatus(row.status),
            version=row.version,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )

    @classmethod
    async def resolve_reference(cls, info: Info, id: strawberry.ID) -> "User | None":
        """Oneself, or with `users:read` a member of the current organization."""
        return await cls.seen(info, local_id(id, "User"))

    @classmethod
    async def seen(cls, info: Info, user_id: UUID) -> "User | None":
        """The person, if the caller may see people at all and this one in particular."""
        require_known(info.context.principal)
        require(may_read_user(info.context.principal, user_id), _SEE_PEOPLE)
        row = await info.context.load(UsersById, user_id)
        return None if row is None else cls.from_row(row)


@strawberry.federation.type(keys=["id"], description="A company that runs AI applications.")
class Organization(Node):
    """An organisation the caller acts in or belongs to."""

    row: strawberry.Private[models.Organization]
    slug: str = strawberry.field(description="Short unique name for addresses.")
    name: str = strawberry.field(description="Full name.")
    status: OrganizationStatus = strawberry.field(
        description="Whether the organization may use the platform."
    )
    version: int = strawberry.field(description="Grows with every change; give it as `expectedVersion`.")
    created_at: datetime = strawberry.field(description="When the organization was founded here.")
    updated_at: datetime = strawberry.field(description="When the organization last changed.")

    @strawberry.field
    def id(self) -> strawberry.ID:
        """Opaque, and the same in every service."""
        return global_id("Organization", self.row.id)

    @strawberry.field
    async def members(
        self, info: Info, first: First = None, after: After = None
    ) -> Connection["Membership"] | None:
        """Who belongs to the organization, the longest first. Needs `users:read` there."""
        require(may_read_in(info.context.principal, self.row.id), _SEE_PEOPLE)
        key = MembersOf(organization_id=self.row.id, page=page_request(info, first=first, after=after))
        page = await info.context.load(MemberPages, key)
        return None if page is None else connection_of(page, Membership.from_row)

    @classmethod
    def from_row(cls, row: models.Organization) -> "Organization":
        """The organisation in a row."""
        return cls(
            row=row,
            slug=row.slug,
            name=row.name,
            status=OrganizationStatus(row.status),
            version=row.version,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )

    @classmethod
    async def resolve_reference(cls, info: Info, id: strawberry.ID) -> "Organization | None":
        """The current organization, or one the caller belongs to."""
        organization_id = local_id(id, "Organization")
        require_known(info.context.principal)
        row = await info.context.load(OrganizationsById, organization_id)
        return None if row is None else cls.from_row(row)


@strawberry.federation.type(keys=["id"], description="A person in an organization, in one role.")
class Membership(Node):
    """Somebody's place in an organisation."""

    row: strawberry.Private[models.Membership]
    version: int = strawberry.field(description="Grows with every change; give it as `expectedVersion`.")
    created_at: datetime = strawberry.field(description="When the person joined.")
    updated_at: datetime = strawberry.field(description="When the role last changed.")

    @strawberry.field
    def id(self) -> strawberry.ID:
        """Opaque, and the same in every service."""
        return global_id("Membership", self.row.id)

    @strawberry.field
    async def user(self, info: Info) -> User | None:
        """Who belongs."""
        return await User.seen(info, self.row.user_id)

    @strawberry.field
    async def organization(self, info: Info) -> Organization | None:
        """Where they belong."""
        row = await info.context.load(OrganizationsById, self.row.organization_id)
        return None if row is None else Organization.from_row(row)

    @strawberry.field
    async def role(self, info: Info) -> "Role | None":
        """As what they belong."""
        row = await info.context.load(RolesById, self.row.role_id)
        return None if row is None else Role.from_row(row)

    @classmethod
    def from_row(cls, row: models.Membership) -> "Membership":
        """The membership in a row."""
        return cls(
            row=row,
            version=row.version,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )

    @classmethod
    async def resolve_reference(cls, info: Info, id: strawberry.ID) -> "Membership | None":
        """One's own, or with `users:read` one in the current organization."""
        membership_id = local_id(id, "Membership")
        require_known(info.context.principal)
        row = await info.context.load(MembershipsById, membership_id)
        return None if row is None else cls.from_row(row)


@strawberry.federation.type(keys=["id"], description="A named set of permissions.")
class Role(Node):
    """A system role, or an organisation's own."""

    row: strawberry.Private[models.Role]
    key: str = strawberry.field(description="Short name, unique in the organization.")
    name: str = strawberry.field(description="Full name.")
    description: str = strawberry.field(description="What the role is for.")
    is_system: bool = strawberry.field(description="Exists in every organization and cannot be changed.")
    version: int = strawberry.field(description="Grows with every change; give it as `expectedVersion`.")
    created_at: datetime = strawberry.field(description="When the role was made.")
    updated_at: datetime = strawberry.field(description="When the role last changed.")

    @strawberry.field
    def id(self) -> strawberry.ID:
        """Opaque, and the same in every service."""
        return global_id("Role", self.row.id)

    @strawberry.field
    async def permissions(self, info: Info) -> list[Permission]:
        """What the role permits, by name."""
        names = await info.context.load(PermissionsByRoleId, self.row.id)
        return permissions_of(names)

    @classmethod
    def from_row(cls, row: models.Role) -> "Role":
        """The role in a row."""
        return cls(
            row=row,
            key=row.key,
            name=row.name,
            description=row.description,
            is_system=row.organization_id is None,
            version=row.version,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )

    @classmethod
    async def resolve_reference(cls, info: Info, id: strawberry.ID) -> "Role | None":
        """A system role, one of the current organization, or one the caller has."""
        role_id = local_id(id, "Role")
        require_known(info.context.principal)
        row = await info.context.load(RolesById, role_id)
        return None if row is None else cls.from_row(row)


@strawberry.federation.type(
    keys=["id"], description="A place in an organization, kept for whoever reads an e-mail address."
)
class Invitation(Node):
    """An invitation of the current organisation."""

    row: strawberry.Private[models.Invitation]
    email: str = strawberry.field(description="The invited address.")
    status: InvitationStatus = strawberry.field(description="Where the invitation stands.")
    expires_at: datetime = strawberry.field(description="Until when it can be accepted.")
    accepted_at: datetime | None = strawberry.field(description="When it was accepted.")
    created_at: datetime = strawberry.field(description="When it was made.")

    @strawberry.field
    def id(self) -> strawberry.ID:
        """Opaque, and the same in every service."""
        return global_id("Invitation", self.row.id)

    @strawberry.field
    async def role(self, info: Info) -> Role | None:
        """What the person becomes by accepting."""
        row = await info.context.load(RolesById, self.row.role_id)
        return None if row is None else Role.from_row(row)

    @strawberry.field
    async def organization(self, info: Info) -> Organization | None:
        """The organization they are invited to."""
        row = await info.context.load(OrganizationsById, self.row.organization_id)
        return None if row is None else Organization.from_row(row)

    @strawberry.field
    async def invited_by(self, info: Info) -> User | None:
        """Who invited; nobody, once that person has left."""
        return await User.seen(info, self.row.invited_by)

    @classmethod
    def from_row(cls, row: models.Invitation, now: datetime) -> "Invitation":
        """The invitation in a row, at a moment."""
        return cls(
            row=row,
            email=row.email,
            status=row.status_at(now),
            expires_at=row.expires_at,
            accepted_at=row.accepted_at,
            created_at=row.created_at,
        )

    @classmethod
    async def resolve_reference(cls, info: Info, id: strawberry.ID) -> "Invitation | None":
        """With `users:read`, one of the current organization."""
        invitation_id = local_id(id, "Invitation")
        require_known(info.context.principal)
        require(may(info.context.principal, "users:read"), _SEE_PEOPLE)
        row = await info.context.load(InvitationsById, invitation_id)
        return None if row is None else cls.from_row(row, info.context.clock.now())
