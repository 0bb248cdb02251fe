"""`supergraphRollback`: let routers use again what they used before."""

import strawberry

from common.graphql.entities import local_id
from common.graphql.user_errors import UserError, payload_of
from subgraphs.gateway.graphql.info import Info
from subgraphs.gateway.graphql.types import Supergraph, SupergraphActivation
from subgraphs.gateway.service.activation import ActivationService
from subgraphs.gateway.service.authors import Purpose


@strawberry.input(description="Which supergraph routers shall use.")
class SupergraphRollbackInput:
    """A supergraph of a graph of the current organisation."""

    graph_id: strawberry.ID = strawberry.field(description="The graph.")
    number: int | None = strawberry.field(
        default=None, description="The number of the supergraph; without it, the one that was active before."
    )
    reason: str = strawberry.field(default="", description="Why; it is kept with the change.")


@strawberry.type(description="What came of it.")
class SupergraphRollbackPayload:
    """What is active now, or why not."""

    activation: SupergraphActivation | None = strawberry.field(
        default=None, description="The activation that stands."
    )
    supergraph: Supergraph | None = strawberry.field(default=None, description="What is active now.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why nothing changed.")


async def supergraph_rollback(info: Info, input: SupergraphRollbackInput) -> SupergraphRollbackPayload:
    """Let routers use what was active before the present supergraph. Needs `schemas:activate`."""

    async def change() -> SupergraphRollbackPayload:
        graph_id, purpose = local_id(input.graph_id, "Graph"), Purpose(reason=input.reason)
        async with info.context.work() as work:
            service = ActivationService(work, info.context.clock)
            made = await service.roll_back(graph_id, input.number, purpose)
        info.context.forget_loaded()
        return SupergraphRollbackPayload(
            activation=SupergraphActivation.from_row(made.activation),
            supergraph=Supergraph.from_row(made.supergraph),
        )

    return await payload_of(SupergraphRollbackPayload, change())
