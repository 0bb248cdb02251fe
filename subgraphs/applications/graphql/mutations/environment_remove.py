"""`environmentRemove`: let an environment disappear."""

import strawberry

from common.graphql.entities import global_id, local_id
from common.graphql.user_errors import UserError, payload_of
from subgraphs.applications.graphql.info import Info
from subgraphs.applications.service.environments import EnvironmentService


@strawberry.input(description="Which environment disappears.")
class EnvironmentRemoveInput:
    """An environment that is not protected."""

    id: strawberry.ID = strawberry.field(description="The environment.")


@strawberry.type(description="What came of it.")
class EnvironmentRemovePayload:
    """The id of what is gone, or why not."""

    environment_id: strawberry.ID | None = strawberry.field(default=None, description="What is gone.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why nothing changed.")


async def environment_remove(info: Info, input: EnvironmentRemoveInput) -> EnvironmentRemovePayload:
    """Let an environment disappear, unless it is protected or the last one. Needs `applications:write`."""
    most = info.context.parts.settings.environments_per_application

    async def change() -> EnvironmentRemovePayload:
        async with info.context.work() as work:
            service = EnvironmentService(work, info.context.clock, most)
            row = await service.remove(local_id(input.id, "Environment"))
        return EnvironmentRemovePayload(environment_id=global_id("Environment", row.id))

    return await payload_of(EnvironmentRemovePayload, change())
