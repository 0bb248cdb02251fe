"""An organisation keeps at least one active owner, also when two changes come at once."""

from uuid import UUID

from common.db.session import UnitOfWork
from subgraphs.users.errors import LastOwner
from subgraphs.users.repository.organizations import MembershipRepository, OrganizationRepository


class Ownership:
    """Guards the owners of the organisation that a unit of work acts in."""

    def __init__(self, work: UnitOfWork) -> None:
        self._organizations = OrganizationRepository(work.session)
        self._memberships = MembershipRepository(work.session)
        self._principal = work.principal

    async def keep_an_owner_without(self, user_id: UUID) -> None:
        """Go on if an active owner remains when this person is none any more; raises LastOwner.

        Holding the organisation first makes two owners who act against each other wait for one another;
        the second then reads what the first has done.
        """
        here = self._principal.organisation_id
        if here is None:
            return
        await self._organizations.current_locked(self._principal, here)
        owners = await self._memberships.owners_of(here)
        remains = any(is_active for id, is_active in owners.items() if id != user_id)
        if user_id in owners and not remains:
            raise LastOwner
