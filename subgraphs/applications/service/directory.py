"""To whom an application belongs, for domains that keep something for applications."""

from uuid import UUID

from common.access.principal import ANONYMOUS
from common.db.session import Database
from subgraphs.applications.repository import ApplicationRepository


class ApplicationDirectory:
    """Answers for the platform itself, never for a caller: only trusted code holds one."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def organisation_of(self, application_id: UUID) -> UUID | None:
        """The organisation of an application that is neither archived nor removed."""
        async with self._database.unit_of_work(domain="applications", principal=ANONYMOUS) as work:
            return await ApplicationRepository(work.session).organisation_for_system(application_id)
