"""`environmentUpdate`: rename, move, protect or unprotect an environment."""

import strawberry

from common.graphql.entities import local_id
from common.graphql.given import given
from common.graphql.user_errors import UserError, payload_of
from subgraphs.applications.graphql.info import Info
from subgraphs.applications.graphql.types import Environment
from subgraphs.applications.service.environments import EnvironmentChange, EnvironmentService


@strawberry.input(description="A changed environment; parts that are left out stay as they are.")
class EnvironmentUpdateInput:
    """Which environment, and what becomes different."""

    id: strawberry.ID = strawberry.field(description="The environment.")
    expected_version: int | None = strawberry.field(
        default=None, description="Refuse if the environment has another version by now."
    )
    name: str | None = strawberry.field(default=strawberry.UNSET, description="Full name.")
    protected: bool | None = strawberry.field(
        default=strawberry.UNSET, description="Whether it cannot be removed."
    )
    position: int | None = strawberry.field(
        default=strawberry.UNSET, description="Where it stands among the others, from 1."
    )


@strawberry.type(description="What came of changing an environment.")
class EnvironmentUpdatePayload:
    """The environment, or why not."""

    environment: Environment | None = strawberry.field(
        default=None, description="The environment as it is now."
    )
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why nothing changed.")


async def environment_update(info: Info, input: EnvironmentUpdateInput) -> EnvironmentUpdatePayload:
    """Rename, move, protect or unprotect an environment. Needs `applications:write`."""
    most = info.context.parts.settings.environments_per_application

    async def change() -> EnvironmentUpdatePayload:
        wanted = EnvironmentChange(
            name=given(input.name, "name"),
            protected=given(input.protected, "protected"),
            position=given(input.position, "position"),
        )
        id = local_id(input.id, "Environment")
        async with info.context.work() as work:
            service = EnvironmentService(work, info.context.clock, most)
            row = await service.update(id, wanted, input.expected_version)
        return EnvironmentUpdatePayload(environment=Environment.from_row(row))

    return await payload_of(EnvironmentUpdatePayload, change())
