"""`applicationRemove`: let an archived application disappear."""

import strawberry

from common.graphql.entities import global_id, local_id
from common.graphql.user_errors import UserError, payload_of
from subgraphs.applications.graphql.info import Info
from subgraphs.applications.service.applications import ApplicationService


@strawberry.input(description="Which archived application disappears.")
class ApplicationRemoveInput:
    """An application of the current organisation."""

    id: strawberry.ID = strawberry.field(description="The application.")


@strawberry.type(description="What came of it.")
class ApplicationRemovePayload:
    """The id of what is gone, or why not."""

    application_id: strawberry.ID | None = strawberry.field(default=None, description="What is gone.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why nothing changed.")


async def application_remove(info: Info, input: ApplicationRemoveInput) -> ApplicationRemovePayload:
    """Let an archived application disappear; its slug becomes free. Needs `applications:write`."""

    async def change() -> ApplicationRemovePayload:
        async with info.context.work() as work:
            service = ApplicationService(work, info.context.clock)
            row = await service.remove(local_id(input.id, "Application"))
        return ApplicationRemovePayload(application_id=global_id("Application", row.id))

    return await payload_of(ApplicationRemovePayload, change())
