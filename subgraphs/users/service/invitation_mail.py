"""The mail that brings an invitation's token to the invited person."""

from uuid import UUID

from common.clock import Clock
from common.db.session import UnitOfWork
from common.mail import Mail
from subgraphs.users.models import Invitation, InvitationStatus
from subgraphs.users.repository.invitations import InvitationRepository
from subgraphs.users.repository.organizations import OrganizationRepository
from subgraphs.users.repository.people import PeopleRepository
from subgraphs.users.service.invitation_token import token_hash
from subgraphs.users.service.parts import UsersParts

_TEXT = """Hello,

{inviter} invites you to join {organization} on Atrium.

{how}

The invitation stands until {until:%d %B %Y, %H:%M} UTC. If you do not know what this is about,
ignore this mail: nothing happens without you.
"""


async def invitation_mail_for_system(
    work: UnitOfWork, clock: Clock, parts: UsersParts, invitation_id: UUID
) -> Mail | None:
    """The mail of an invitation that still stands, else None. Made twice, it is the same message."""
    invitation = await InvitationRepository(work.session).by_id_for_system(invitation_id)
    if invitation is None or invitation.status_at(clock.now()) is not InvitationStatus.PENDING:
        return None
    organization = await OrganizationRepository(work.session).by_id_for_system(invitation.organization_id)
    inviter = await PeopleRepository(work.session).by_id_for_system(invitation.invited_by)
    assert organization is not None
    token = _token(invitation, parts)
    return Mail(
        id=f"invitation-{invitation.id}",
        to=invitation.email,
        subject=f"Your invitation to {organization.name}",
        text=_TEXT.format(
            inviter=inviter.name if inviter is not None else "Somebody",
            organization=organization.name,
            how=_how(parts.settings.invitation_link, token),
            until=invitation.expires_at,
        ),
    )


def _token(invitation: Invitation, parts: UsersParts) -> str:
    """The token, made anew; if the server's key has changed meanwhile, its hash follows."""
    token = parts.tokens.token_for(invitation.id)
    invitation.token_hash = token_hash(token)
    return token


def _how(link: str | None, token: str) -> str:
    if link is None:
        return f"To accept, use this token with `invitationAccept`:\n\n    {token}"
    return f"To accept, open this page:\n\n    {link.replace('{token}', token)}"
