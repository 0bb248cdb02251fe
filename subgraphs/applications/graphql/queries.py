"""Root queries of the applications domain."""

import strawberry

from common.access.scopes import require_scope
from common.errors import InvalidInput
from common.graphql.connections import After, Connection, First, connection_of, page_request
from common.graphql.entities import local_id_or_none
from subgraphs.applications.graphql.info import Info
from subgraphs.applications.graphql.inputs import ApplicationFilter, application_filter
from subgraphs.applications.graphql.loaders import ApplicationsById
from subgraphs.applications.graphql.types import Application
from subgraphs.applications.service.applications import ApplicationService


@strawberry.type
class Query:
    """What can be asked."""

    @strawberry.field
    async def applications(
        self,
        info: Info,
        filter: ApplicationFilter | None = None,
        first: First = None,
        after: After = None,
    ) -> Connection[Application] | None:
        """Applications of the current organization, the newest first. Needs `applications:read`."""
        wanted, request = application_filter(filter), page_request(info, first=first, after=after)
        async with info.context.work() as work:
            service = ApplicationService(work, info.context.clock)
            page = await service.page(wanted, request, info.context.cursors)
        return connection_of(page, Application.from_row)

    @strawberry.field
    async def application(
        self, info: Info, id: strawberry.ID | None = None, slug: str | None = None
    ) -> Application | None:
        """An application of the current organization, by id or by slug. Needs `applications:read`."""
        require_scope(info.context.principal, "applications:read")
        if (id is None) == (slug is None):
            raise InvalidInput("Give either an id or a slug.")
        if slug is not None:
            async with info.context.work() as work:
                row = await ApplicationService(work, info.context.clock).by_slug(slug)
        else:
            wanted = local_id_or_none(id or "", "Application")
            row = None if wanted is None else await info.context.load(ApplicationsById, wanted)
        return None if row is None else Application.from_row(row)
