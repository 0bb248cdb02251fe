"""Facts the users domain publishes: ids and versions only, never an address, a name or a token.

The event log is kept for long and read by many; whoever needs more asks the directory.
"""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from common.events.envelope import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class UserFact(Event):
    """Something happened to a person; ordered per person."""

    user_id: UUID

    @property
    def key(self) -> str:
        """Facts about one person arrive in order."""
        return str(self.user_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class UserCreated(UserFact):
    """A person has an account now; `organisation_id` is where they were invited."""

    topic: ClassVar[str] = "users.user.created"


@dataclass(frozen=True, slots=True, kw_only=True)
class UserUpdated(UserFact):
    """A person's profile changed; `changed` are GraphQL field names."""

    topic: ClassVar[str] = "users.user.updated"
    changed: tuple[str, ...]
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UserUpdatedElsewhere(UserFact):
    """The same change, told to a further organisation of the person than the one it was made in."""

    topic: ClassVar[str] = "users.user.updated_elsewhere"
    changed: tuple[str, ...]
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UserSuspended(UserFact):
    """A person was locked out: everything that lets them in must die."""

    topic: ClassVar[str] = "users.user.suspended"


@dataclass(frozen=True, slots=True, kw_only=True)
class UserDeactivated(UserFact):
    """A person closed their account: everything that lets them in must die."""

    topic: ClassVar[str] = "users.user.deactivated"


@dataclass(frozen=True, slots=True, kw_only=True)
class UserReactivated(UserFact):
    """A suspended or deactivated person may sign in again."""

    topic: ClassVar[str] = "users.user.reactivated"


@dataclass(frozen=True, slots=True, kw_only=True)
class _OrganizationFact(Event):
    """Something happened to an organisation; ordered per organisation."""

    organisation_id: UUID

    @property
    def key(self) -> str:
        """Facts about one organisation arrive in order."""
        return str(self.organisation_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationCreated(_OrganizationFact):
    """There is a new organisation; its creator owns it."""

    topic: ClassVar[str] = "users.organization.created"
    owner_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationUpdated(_OrganizationFact):
    """An organisation was renamed; `changed` are GraphQL field names."""

    topic: ClassVar[str] = "users.organization.updated"
    changed: tuple[str, ...]
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleChanged(_OrganizationFact):
    """A role was created or changed: what its holders may do can have shrunk."""

    topic: ClassVar[str] = "users.role.changed"
    role_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class _MembershipFact(UserFact):
    """Something happened to somebody's membership in `organisation_id`; ordered per person."""

    organisation_id: UUID
    membership_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class MembershipGranted(_MembershipFact):
    """A person belongs to the organisation now."""

    topic: ClassVar[str] = "users.membership.granted"
    role_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class MembershipChanged(_MembershipFact):
    """A member has another role: what they may do can have shrunk."""

    topic: ClassVar[str] = "users.membership.changed"
    role_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class MembershipRevoked(_MembershipFact):
    """A person belongs to the organisation no more: their access there must die."""

    topic: ClassVar[str] = "users.membership.revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class _InvitationFact(Event):
    """Something happened to an invitation; ordered per invitation."""

    organisation_id: UUID
    invitation_id: UUID

    @property
    def key(self) -> str:
        """Facts about one invitation arrive in order."""
        return str(self.invitation_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationCreated(_InvitationFact):
    """Somebody is invited; the mail is sent because of this fact."""

    topic: ClassVar[str] = "users.invitation.created"


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationAccepted(_InvitationFact):
    """The invited person has joined."""

    topic: ClassVar[str] = "users.invitation.accepted"
    user_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationRevoked(_InvitationFact):
    """The organisation took an invitation back."""

    topic: ClassVar[str] = "users.invitation.revoked"
