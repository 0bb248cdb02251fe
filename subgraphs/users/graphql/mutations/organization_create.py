"""`organizationCreate`: found an organisation and own it."""

import strawberry

from common.graphql.user_errors import UserError, payload_of
from subgraphs.users.graphql.info import Info
from subgraphs.users.graphql.types import Organization
from subgraphs.users.service.organizations import OrganizationService, founding


@strawberry.input(description="A new organization.")
class OrganizationCreateInput:
    """What it is called."""

    name: str = strawberry.field(description="Full name.")
    slug: str = strawberry.field(description="Short unique name: lower-case letters, digits and hyphens.")


@strawberry.type(description="What came of founding.")
class OrganizationCreatePayload:
    """The new organisation, or why not."""

    organization: Organization | None = strawberry.field(default=None, description="The new organization.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why nothing changed.")


async def organization_create(info: Info, input: OrganizationCreateInput) -> OrganizationCreatePayload:
    """Found an organisation."""

    async def change() -> OrganizationCreatePayload:
        founder = founding(info.context.principal)
        async with info.context.resources.database.unit_of_work(domain="users", principal=founder) as work:
            row = await OrganizationService(work, info.context.clock).found(input.name, input.slug)
        return OrganizationCreatePayload(organization=Organization.from_row(row))

    return await payload_of(OrganizationCreatePayload, change())
