"""`applicationCreate`: add an application with its first environments."""

import strawberry

from common.graphql.user_errors import UserError, payload_of
from subgraphs.applications.graphql.enums import ApplicationKind
from subgraphs.applications.graphql.info import Info
from subgraphs.applications.graphql.types import Application
from subgraphs.applications.service.applications import ApplicationService


@strawberry.input(description="A new application.")
class ApplicationCreateInput:
    """What it is called and what it is."""

    name: str = strawberry.field(description="Full name.")
    slug: str = strawberry.field(
        description="Short name, unique in the organization: lower-case letters, digits and hyphens."
    )
    kind: ApplicationKind = strawberry.field(description="What sort of application it is.")
    description: str = strawberry.field(default="", description="What the application is for.")


@strawberry.type(description="What came of adding an application.")
class ApplicationCreatePayload:
    """The application, or why not."""

    application: Application | None = strawberry.field(
        default=None, description="The new application, a draft."
    )
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why nothing changed.")


async def application_create(info: Info, input: ApplicationCreateInput) -> ApplicationCreatePayload:
    """Add an application with environments development, staging and production.

    Needs `applications:write`.
    """

    async def change() -> ApplicationCreatePayload:
        async with info.context.work() as work:
            service = ApplicationService(work, info.context.clock)
            row = await service.create(input.name, input.slug, input.kind, input.description)
        return ApplicationCreatePayload(application=Application.from_row(row))

    return await payload_of(ApplicationCreatePayload, change())
