"""A profile is one for all organisations of a person: each of them hears of its changes."""

from common.db.session import UnitOfWork
from subgraphs.users.events import UserUpdated, UserUpdatedElsewhere
from subgraphs.users.repository.organizations import MembershipRepository


async def spread_update_for_system(work: UnitOfWork, event: UserUpdated) -> None:
    """Tell every organisation of the person but the one where the change was made.

    The event of the change itself belongs to that one organisation, and nobody else may read it.
    """
    organisations = await MembershipRepository(work.session).organizations_of_for_system(event.user_id)
    for organisation_id in organisations:
        if organisation_id != event.organisation_id:
            work.outbox.add(
                UserUpdatedElsewhere(
                    organisation_id=organisation_id,
                    user_id=event.user_id,
                    changed=event.changed,
                    revision=event.revision,
                )
            )
