"""Accepting an invitation: exactly once, by the person who was invited."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from uuid import UUID

from common.access.principal import ANONYMOUS, Principal, PrincipalKind
from common.clock import Clock
from common.db.session import UnitOfWork
from common.errors import Forbidden
from common.ids import uuid7
from common.texts import clean_name
from subgraphs.users.errors import (
    InvitationAlreadyUsed,
    InvitationExpired,
    InvitationForAnother,
    InvitationUnknown,
    InvitationWithdrawn,
    NewPersonNeeded,
    OrganizationInactive,
    SignInRequired,
    UserNotActive,
)
from subgraphs.users.events import InvitationAccepted, MembershipGranted, UserCreated
from subgraphs.users.models import (
    Invitation,
    InvitationStatus,
    Membership,
    OrganizationStatus,
    User,
    UserStatus,
)
from subgraphs.users.repository.invitations import InvitationDoor, InvitationRepository
from subgraphs.users.repository.organizations import MembershipRepository, OrganizationRepository
from subgraphs.users.repository.people import PeopleRepository
from subgraphs.users.service.invitation_token import token_hash
from subgraphs.users.service.texts import clean_locale, clean_timezone

OpenWork = Callable[[Principal], AbstractAsyncContextManager[UnitOfWork]]
_LONGEST_TOKEN = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPerson:
    """What somebody says about themselves when they join."""

    name: str
    locale: str = "en"
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """An accepted invitation. `acting` is the person in the organisation they joined."""

    membership: Membership
    user: User
    acting: Principal
    is_new_person: bool


async def accept_invitation(
    open_work: OpenWork, clock: Clock, principal: Principal, token: str, person: NewPerson | None
) -> Joined:
    """Join with a token from a mail: a new person gets an account, an existing one must be signed in.

    The first unit of work asks where the token leads; the second acts there as the person who joins, so
    row-level security holds without exception.
    """
    if len(token) > _LONGEST_TOKEN or not token.isascii():
        raise InvitationUnknown
    async with open_work(ANONYMOUS) as work:
        door = await InvitationRepository(work.session).door_for_system(token_hash(token))
    if door is None:
        raise InvitationUnknown
    acting = _acting(principal, door)
    async with open_work(acting) as work:
        return await _Acceptance(work, clock).accept(door, person)


def _acting(principal: Principal, door: InvitationDoor) -> Principal:
    """As whom the bearer joins; raises SignInRequired or InvitationForAnother."""
    if principal.is_anonymous:
        if door.user_id is not None:
            raise SignInRequired
        return Principal(kind=PrincipalKind.USER, id=uuid7(), organisation_id=door.organisation_id)
    if principal.kind is not PrincipalKind.USER:
        raise Forbidden("Only a person can accept an invitation.")
    if principal.id != door.user_id:
        raise InvitationForAnother
    return replace(principal, organisation_id=door.organisation_id, scopes=frozenset())


class _Acceptance:
    """The second half of accepting: in the organisation, as the person who joins."""

    def __init__(self, work: UnitOfWork, clock: Clock) -> None:
        self._invitations = InvitationRepository(work.session)
        self._organizations = OrganizationRepository(work.session)
        self._memberships = MembershipRepository(work.session)
        self._people = PeopleRepository(work.session)
        self._outbox = work.outbox
        self._acting = work.principal
        self._clock = clock

    async def accept(self, door: InvitationDoor, person: NewPerson | None) -> Joined:
        """Use up the invitation; of two at once the second finds it used."""
        invitation = await self._invitations.by_id_locked(self._acting, door.invitation_id)
        if invitation is None:
            raise InvitationUnknown
        self._check_open(invitation)
        await self._check_organization(invitation.organization_id)
        user = await (self._create(invitation, person) if door.user_id is None else self._existing())
        membership = Membership(
            organization_id=invitation.organization_id, user_id=user.id, role_id=invitation.role_id
        )
        await self._memberships.insert_here(membership)
        invitation.accepted_at = invitation.updated_at = self._clock.now()
        invitation.accepted_by = user.id
        self._tell(invitation, membership)
        return Joined(
            membership=membership, user=user, acting=self._acting, is_new_person=door.user_id is None
        )

    def _check_open(self, invitation: Invitation) -> None:
        match invitation.status_at(self._clock.now()):
            case InvitationStatus.ACCEPTED:
                raise InvitationAlreadyUsed
            case InvitationStatus.REVOKED:
                raise InvitationWithdrawn
            case InvitationStatus.EXPIRED:
                raise InvitationExpired
            case InvitationStatus.PENDING:
                pass

    async def _check_organization(self, id: UUID) -> None:
        organization = (await self._organizations.by_ids(self._acting, [id])).get(id)
        if organization is None or organization.status != OrganizationStatus.ACTIVE:
            raise OrganizationInactive(id)

    async def _create(self, invitation: Invitation, person: NewPerson | None) -> User:
        """The token came by mail, so whoever brings it reads the address: it is verified."""
        if person is None:
            raise NewPersonNeeded
        user = User(
            id=self._acting.id,
            email=invitation.email,
            email_norm=invitation.email_norm,
            email_verified_at=self._clock.now(),
            name=clean_name(person.name),
            locale=clean_locale(person.locale),
            timezone=clean_timezone(person.timezone),
            status=UserStatus.ACTIVE.value,
        )
        await self._people.insert_self(user)
        self._outbox.add(UserCreated(organisation_id=invitation.organization_id, user_id=user.id))
        return user

    async def _existing(self) -> User:
        assert self._acting.id is not None
        user = (await self._people.by_ids(self._acting, [self._acting.id])).get(self._acting.id)
        if user is None or user.status != UserStatus.ACTIVE:
            raise UserNotActive
        return user

    def _tell(self, invitation: Invitation, membership: Membership) -> None:
        here = invitation.organization_id
        self._outbox.add(
            MembershipGranted(
                organisation_id=here,
                membership_id=membership.id,
                user_id=membership.user_id,
                role_id=membership.role_id,
            )
        )
        self._outbox.add(
            InvitationAccepted(organisation_id=here, invitation_id=invitation.id, user_id=membership.user_id)
        )
