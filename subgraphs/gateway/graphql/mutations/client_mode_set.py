"""`clientModeSet`: how strictly a client is kept to its operations."""

import strawberry

from common.errors import InvalidInput
from common.graphql.entities import local_id
from common.graphql.user_errors import UserError, payload_of
from subgraphs.gateway.graphql.enums import SafelistMode
from subgraphs.gateway.graphql.info import Info
from subgraphs.gateway.graphql.operation_types import GraphClient
from subgraphs.gateway.graphql.types import Graph
from subgraphs.gateway.service.authors import Purpose
from subgraphs.gateway.service.clients import ClientService


@strawberry.input(description="Which mode holds for whom.")
class ClientModeSetInput:
    """A client, or all that have no mode of their own."""

    graph_id: strawberry.ID = strawberry.field(description="The graph.")
    client: str | None = strawberry.field(
        default=None, description="The name of the client; null: all without a mode of their own."
    )
    mode: SafelistMode | None = strawberry.field(
        default=strawberry.UNSET, description="The mode; null, for a client: the graph's default holds."
    )
    reason: str = strawberry.field(default="", description="Why; it is kept with the change.")


@strawberry.type(description="What came of it.")
class ClientModeSetPayload:
    """What holds now, or why not."""

    graph: Graph | None = strawberry.field(default=None, description="The graph.")
    client: GraphClient | None = strawberry.field(default=None, description="The client, if one was named.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why nothing changed.")


async def client_mode_set(info: Info, input: ClientModeSetInput) -> ClientModeSetPayload:
    """Choose whether a client may send other operations than those it registered.

    A client may be named before it publishes anything. Needs `operations:protect`.
    """

    async def change() -> ClientModeSetPayload:
        context = info.context
        if input.mode is strawberry.UNSET:
            raise InvalidInput("Say which mode; null stands for the graph's default.", path=("input", "mode"))
        graph_id = local_id(input.graph_id, "Graph")
        async with context.work() as work:
            service = ClientService(work, context.clock, context.parts.settings)
            graph, client = await service.set_mode(
                graph_id, input.client, input.mode, Purpose(reason=input.reason)
            )
        context.forget_loaded()
        return ClientModeSetPayload(
            graph=Graph.from_row(graph), client=None if client is None else GraphClient.from_row(client)
        )

    return await payload_of(ClientModeSetPayload, change())
