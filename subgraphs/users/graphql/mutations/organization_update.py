"""`organizationUpdate`: rename the current organisation."""

import strawberry

from common.graphql.entities import local_id
from common.graphql.given import given
from common.graphql.user_errors import UserError, payload_of
from subgraphs.users.graphql.info import Info
from subgraphs.users.graphql.types import Organization
from subgraphs.users.service.organizations import OrganizationChange, OrganizationService


@strawberry.input(description="A changed organization; parts that are left out stay as they are.")
class OrganizationUpdateInput:
    """Which organisation, and what becomes different."""

    id: strawberry.ID = strawberry.field(description="The current organization.")
    expected_version: int | None = strawberry.field(
        default=None, description="Refuse if the organization has another version by now."
    )
    name: str | None = strawberry.field(default=strawberry.UNSET, description="Full name.")
    slug: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Short unique name: lower-case letters, digits and hyphens.",
    )


@strawberry.type(description="What came of renaming.")
class OrganizationUpdatePayload:
    """The organisation, or why not."""

    organization: Organization | None = strawberry.field(
        default=None, description="The organization as it is now."
    )
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why nothing changed.")


async def organization_update(info: Info, input: OrganizationUpdateInput) -> OrganizationUpdatePayload:
    """Rename the current organisation."""

    async def change() -> OrganizationUpdatePayload:
        wanted = OrganizationChange(name=given(input.name, "name"), slug=given(input.slug, "slug"))
        id = local_id(input.id, "Organization")
        async with info.context.work() as work:
            service = OrganizationService(work, info.context.clock)
            row = await service.update(id, wanted, input.expected_version)
        return OrganizationUpdatePayload(organization=Organization.from_row(row))

    return await payload_of(OrganizationUpdatePayload, change())
