"""`clientApplicationsSet`: whose API keys are a client."""

import strawberry

from common.graphql.entities import local_id
from common.graphql.user_errors import UserError, payload_of
from subgraphs.gateway.graphql.info import Info
from subgraphs.gateway.graphql.operation_types import GraphClient
from subgraphs.gateway.service.authors import Purpose
from subgraphs.gateway.service.clients import ClientService


@strawberry.input(description="Which AI applications are a client.")
class ClientApplicationsSetInput:
    """All of them: who is not named is the client no more."""

    graph_id: strawberry.ID = strawberry.field(description="The graph.")
    client: str = strawberry.field(description="The name of the client.")
    application_ids: list[strawberry.ID] = strawberry.field(description="The applications; 100 at most.")
    reason: str = strawberry.field(default="", description="Why; it is kept with the change.")


@strawberry.type(description="What came of it.")
class ClientApplicationsSetPayload:
    """The client, or why not."""

    client: GraphClient | None = strawberry.field(default=None, description="The client.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why nothing changed.")


async def client_applications_set(
    info: Info, input: ClientApplicationsSetInput
) -> ClientApplicationsSetPayload:
    """Say which applications' API keys are a client, whatever name they send.

    An application is one client of a graph at most. Needs `operations:protect`.
    """

    async def change() -> ClientApplicationsSetPayload:
        context = info.context
        graph_id = local_id(input.graph_id, "Graph")
        ids = [local_id(id, "Application") for id in input.application_ids]
        async with context.work() as work:
            service = ClientService(work, context.clock, context.parts.settings)
            _, client = await service.set_applications(
                graph_id, input.client, ids, Purpose(reason=input.reason)
            )
        context.forget_loaded()
        return ClientApplicationsSetPayload(client=GraphClient.from_row(client))

    return await payload_of(ClientApplicationsSetPayload, change())
