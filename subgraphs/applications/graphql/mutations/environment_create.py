"""`environmentCreate`: add an environment to an application."""

import strawberry

from common.graphql.entities import local_id
from common.graphql.user_errors import UserError, payload_of
from subgraphs.applications.graphql.info import Info
from subgraphs.applications.graphql.types import Environment
from subgraphs.applications.service.environments import EnvironmentService


@strawberry.input(description="A new environment.")
class EnvironmentCreateInput:
    """Whose it is and what it is called."""

    application_id: strawberry.ID = strawberry.field(description="The application.")
    key: str = strawberry.field(description="Short name for good: lower-case letters, digits and hyphens.")
    name: str = strawberry.field(description="Full name.")
    protected: bool = strawberry.field(default=False, description="Whether it cannot be removed.")


@strawberry.type(description="What came of adding an environment.")
class EnvironmentCreatePayload:
    """The environment, or why not."""

    environment: Environment | None = strawberry.field(default=None, description="The new environment.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why nothing changed.")


async def environment_create(info: Info, input: EnvironmentCreateInput) -> EnvironmentCreatePayload:
    """Add an environment behind the others. Needs `applications:write`."""
    most = info.context.parts.settings.environments_per_application

    async def change() -> EnvironmentCreatePayload:
        application_id = local_id(input.application_id, "Application")
        async with info.context.work() as work:
            service = EnvironmentService(work, info.context.clock, most)
            row = await service.create(application_id, input.key, input.name, input.protected)
        return EnvironmentCreatePayload(environment=Environment.from_row(row))

    return await payload_of(EnvironmentCreatePayload, change())
