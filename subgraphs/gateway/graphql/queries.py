"""Root queries of the gateway domain."""

import strawberry

from common.errors import InvalidInput
from common.graphql.connections import After, Connection, First, connection_of, page_request
from common.graphql.entities import local_id_or_none
from subgraphs.gateway.graphql.info import Info
from subgraphs.gateway.graphql.limit_types import IpRule, RateLimit
from subgraphs.gateway.graphql.loaders import GraphsById
from subgraphs.gateway.graphql.types import Graph
from subgraphs.gateway.policies import require_read_any
from subgraphs.gateway.service.graphs import GraphService
from subgraphs.gateway.service.limits import LimitService


@strawberry.type
class Query:
    """What can be asked."""

    @strawberry.field
    async def graphs(self, info: Info, first: First = None, after: After = None) -> Connection[Graph] | None:
        """Graphs of the current organization, the oldest first. Needs `schemas:read`."""
        request = page_request(info, first=first, after=after)
        async with info.context.work() as work:
            page = await GraphService(work, info.context.clock).page(request, info.context.cursors)
        return connection_of(page, Graph.from_row)

    @strawberry.field
    async def graph(
        self, info: Info, id: strawberry.ID | None = None, name: str | None = None
    ) -> Graph | None:
        """A graph of the current organization, by id or by name.

        Needs `schemas:read` or `operations:read`, and what is asked of it needs one of them.
        """
        require_read_any(info.context.principal)
        if (id is None) == (name is None):
            raise InvalidInput("Give either an id or a name.")
        if name is not None:
            async with info.context.work() as work:
                row = await GraphService(work, info.context.clock).by_name(name)
        else:
            wanted = local_id_or_none(id or "", "Graph")
            row = None if wanted is None else await info.context.load(GraphsById, wanted)
        return None if row is None else Graph.from_row(row)

    @strawberry.field
    async def rate_limits(
        self, info: Info, first: First = None, after: After = None
    ) -> Connection[RateLimit] | None:
        """Rate limits of the current organization, by name. Needs `limits:read`."""
        context = info.context
        request = page_request(info, first=first, after=after)
        async with context.work() as work:
            service = LimitService(work, context.clock, context.parts.settings)
            page = await service.rate_limits(request, context.cursors)
        return connection_of(page, RateLimit.from_row)

    @strawberry.field
    async def ip_rules(
        self, info: Info, first: First = None, after: After = None
    ) -> Connection[IpRule] | None:
        """IP rules of the current organization, the oldest first. Needs `limits:read`."""
        context = info.context
        request = page_request(info, first=first, after=after)
        async with context.work() as work:
            service = LimitService(work, context.clock, context.parts.settings)
            page = await service.ip_rules(request, context.cursors)
        return connection_of(page, IpRule.from_row)
