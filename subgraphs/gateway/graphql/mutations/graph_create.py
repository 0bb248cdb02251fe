"""`graphCreate`: add an empty graph."""

import strawberry

from common.graphql.user_errors import UserError, payload_of
from subgraphs.gateway.graphql.info import Info
from subgraphs.gateway.graphql.types import Graph
from subgraphs.gateway.service.graphs import GraphService


@strawberry.input(description="A new graph.")
class GraphCreateInput:
    """What it is called."""

    name: str = strawberry.field(
        description="Short name, unique in the organization: lower-case letters, digits and hyphens."
    )


@strawberry.type(description="What came of adding a graph.")
class GraphCreatePayload:
    """The graph, or why not."""

    graph: Graph | None = strawberry.field(default=None, description="The new graph, without subgraphs.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why nothing changed.")


async def graph_create(info: Info, input: GraphCreateInput) -> GraphCreatePayload:
    """Add a graph, to publish subgraphs into. Needs `schemas:publish`."""
    most = info.context.parts.settings.graphs_per_organization

    async def change() -> GraphCreatePayload:
        async with info.context.work() as work:
            row = await GraphService(work, info.context.clock).create(input.name, most)
        return GraphCreatePayload(graph=Graph.from_row(row))

    return await payload_of(GraphCreatePayload, change())
