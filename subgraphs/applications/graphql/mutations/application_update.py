"""`applicationUpdate`: rename or describe an application, or give it another kind."""

import strawberry

from common.graphql.entities import local_id
from common.graphql.given import given
from common.graphql.user_errors import UserError, payload_of
from subgraphs.applications.graphql.enums import ApplicationKind
from subgraphs.applications.graphql.info import Info
from subgraphs.applications.graphql.types import Application
from subgraphs.applications.service.applications import ApplicationChange, ApplicationService


@strawberry.input(description="A changed application; parts that are left out stay as they are.")
class ApplicationUpdateInput:
    """Which application, and what becomes different."""

    id: strawberry.ID = strawberry.field(description="The application.")
    expected_version: int | None = strawberry.field(
        default=None, description="Refuse if the application has another version by now."
    )
    name: str | None = strawberry.field(default=strawberry.UNSET, description="Full name.")
    slug: str | None = strawberry.field(
        default=strawberry.UNSET, description="Short name, unique in the organization."
    )
    description: str | None = strawberry.field(
        default=strawberry.UNSET, description="What the application is for."
    )
    kind: ApplicationKind | None = strawberry.field(
        default=strawberry.UNSET, description="What sort of application it is."
    )


@strawberry.type(description="What came of changing an application.")
class ApplicationUpdatePayload:
    """The application, or why not."""

    application: Application | None = strawberry.field(
        default=None, description="The application as it is now."
    )
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why nothing changed.")


async def application_update(info: Info, input: ApplicationUpdateInput) -> ApplicationUpdatePayload:
    """Rename or describe an application, or give it another kind. Needs `applications:write`."""

    async def change() -> ApplicationUpdatePayload:
        wanted = ApplicationChange(
            name=given(input.name, "name"),
            slug=given(input.slug, "slug"),
            description=given(input.description, "description"),
            kind=given(input.kind, "kind"),
        )
        id = local_id(input.id, "Application")
        async with info.context.work() as work:
            service = ApplicationService(work, info.context.clock)
            row = await service.update(id, wanted, input.expected_version)
        return ApplicationUpdatePayload(application=Application.from_row(row))

    return await payload_of(ApplicationUpdatePayload, change())
