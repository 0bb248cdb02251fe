"""Who somebody is and what they may do where, for domains that must know before anybody has signed in."""

from uuid import UUID

from common.access.principal import ANONYMOUS
from common.db.session import Database
from subgraphs.users.errors import EmailInvalid
from subgraphs.users.repository.lookups import Grant, LookupRepository, Person
from subgraphs.users.service.email_address import email_address

__all__ = ["Grant", "PeopleDirectory", "Person"]


class PeopleDirectory:
    """Answers for the platform itself, never for a caller: only trusted code holds one.

    Each answer is one statement through a named door of the database.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def person_by_email(self, email: str) -> Person | None:
        """Who has this address, however it is spelled."""
        try:
            address = email_address(email)
        except EmailInvalid:
            return None
        async with self._database.unit_of_work(domain="users", principal=ANONYMOUS) as work:
            return await LookupRepository(work.session).person_by_email_for_system(address.folded)

    async def person(self, user_id: UUID) -> Person | None:
        """Who this is."""
        async with self._database.unit_of_work(domain="users", principal=ANONYMOUS) as work:
            return await LookupRepository(work.session).person_for_system(user_id)

    async def memberships_of(self, user_id: UUID) -> tuple[Grant, ...]:
        """What an active person may do in each active organisation, the oldest membership first."""
        async with self._database.unit_of_work(domain="users", principal=ANONYMOUS) as work:
            return await LookupRepository(work.session).grants_for_system(user_id)
