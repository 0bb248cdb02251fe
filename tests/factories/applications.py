"""Applications for tests."""

from uuid import UUID

from common.db.session import Database
from common.ids import uuid7
from subgraphs.applications.models import Application, ApplicationKind, ApplicationStatus, Environment


async def add_application(
    database: Database,
    organization_id: UUID,
    *,
    slug: str | None = None,
    name: str = "Support bot",
    kind: ApplicationKind = ApplicationKind.CHAT,
    status: ApplicationStatus = ApplicationStatus.ACTIVE,
    created_by: UUID | None = None,
) -> UUID:
    """An application with one environment, `production`."""
    application = Application(
        id=uuid7(),
        organization_id=organization_id,
        slug=slug or f"app-{uuid7().hex}",
        name=name,
        kind=kind.value,
        status=status.value,
        created_by=created_by,
    )
    environment = Environment(
        id=uuid7(),
        organization_id=organization_id,
        application_id=application.id,
        key="production",
        name="Production",
        position=1,
    )
    async with database.unit_of_work_for_system(domain="applications", job="tests") as work:
        work.session.add(application)
        await work.session.flush()
        work.session.add(environment)
    return application.id
