"""`applicationPause`: let an active application rest."""

import strawberry

from common.graphql.entities import local_id
from common.graphql.user_errors import UserError, payload_of
from subgraphs.applications.graphql.info import Info
from subgraphs.applications.graphql.types import Application
from subgraphs.applications.service.applications import ApplicationService


@strawberry.input(description="Which application to let rest.")
class ApplicationPauseInput:
    """An application of the current organisation."""

    id: strawberry.ID = strawberry.field(description="The application.")
    expected_version: int | None = strawberry.field(
        default=None, description="Refuse if the application has another version by now."
    )


@strawberry.type(description="What came of it.")
class ApplicationPausePayload:
    """The application, or why not."""

    application: Application | None = strawberry.field(
        default=None, description="The application as it is now."
    )
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why nothing changed.")


async def application_pause(info: Info, input: ApplicationPauseInput) -> ApplicationPausePayload:
    """Let an active application rest. Needs `applications:write`."""

    async def change() -> ApplicationPausePayload:
        id = local_id(input.id, "Application")
        async with info.context.work() as work:
            service = ApplicationService(work, info.context.clock)
            row = await service.pause(id, input.expected_version)
        return ApplicationPausePayload(application=Application.from_row(row))

    return await payload_of(ApplicationPausePayload, change())
