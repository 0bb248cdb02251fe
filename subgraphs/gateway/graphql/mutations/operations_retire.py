"""`operationsRetire`: serve versions or documents of a client no more."""

import strawberry

from common.graphql.entities import local_id
from common.graphql.user_errors import UserError, payload_of
from subgraphs.gateway.graphql.info import Info
from subgraphs.gateway.graphql.operation_types import GraphClient, GraphClientVersion
from subgraphs.gateway.service.authors import Purpose
from subgraphs.gateway.service.clients import ClientService, Retirement


@strawberry.input(description="What of a client is to be retired: one of the three.")
class OperationsRetireInput:
    """Versions, or documents, or what nobody uses."""

    graph_id: strawberry.ID = strawberry.field(description="The graph.")
    client: str = strawberry.field(description="The name of the client.")
    versions: list[str] = strawberry.field(default_factory=list, description="These versions.")
    document_ids: list[str] = strawberry.field(
        default_factory=list, description="These documents, in all versions."
    )
    unused_days: int | None = strawberry.field(
        default=None, description="Versions that are older than so many days, and were not used in them."
    )
    reason: str = strawberry.field(default="", description="Why; it is kept with the change.")


@strawberry.type(description="What came of it.")
class OperationsRetirePayload:
    """What was retired, or why not."""

    client: GraphClient | None = strawberry.field(default=None, description="The client.")
    client_versions: list[GraphClientVersion] = strawberry.field(
        default_factory=list, description="The versions that were retired, or that lost documents."
    )
    document_count: int = strawberry.field(
        default=0, description="How many documents the client cannot ask for any more."
    )
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why nothing changed.")


async def operations_retire(info: Info, input: OperationsRetireInput) -> OperationsRetirePayload:
    """Serve versions or documents of a client no more; other versions keep what they registered.

    Needs `operations:publish`.
    """

    async def change() -> OperationsRetirePayload:
        context = info.context
        graph_id = local_id(input.graph_id, "Graph")
        wish = Retirement(
            client=input.client,
            versions=tuple(dict.fromkeys(input.versions)),
            document_ids=tuple(dict.fromkeys(input.document_ids)),
            unused_days=input.unused_days,
        )
        async with context.work() as work:
            service = ClientService(work, context.clock, context.parts.settings)
            done = await service.retire(graph_id, wish, Purpose(reason=input.reason))
        context.forget_loaded()
        return OperationsRetirePayload(
            client=GraphClient.from_row(done.client),
            client_versions=[GraphClientVersion.from_row(row) for row in done.versions],
            document_count=done.documents,
        )

    return await payload_of(OperationsRetirePayload, change())
