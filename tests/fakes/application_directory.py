"""Applications as a test wants them, behind the protocol of auth."""

from dataclasses import dataclass, field
from uuid import UUID

from common.ids import uuid7


@dataclass(slots=True)
class FakeApplicationDirectory:
    """Knows what the test added."""

    owners: dict[UUID, UUID] = field(default_factory=dict)

    def add(self, organisation_id: UUID) -> UUID:
        """A new application of the organisation."""
        application_id = uuid7()
        self.owners[application_id] = organisation_id
        return application_id

    async def organisation_of(self, application_id: UUID) -> UUID | None:
        """Whose it is."""
        return self.owners.get(application_id)
