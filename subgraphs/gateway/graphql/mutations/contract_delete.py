"""`contractDelete`: compose a graph without one of its variants."""

import strawberry

from common.graphql.entities import local_id
from common.graphql.user_errors import UserError
from subgraphs.gateway.graphql.info import Info
from subgraphs.gateway.graphql.mutations.publishing import hints_of, published
from subgraphs.gateway.graphql.refusals import publication_payload_of
from subgraphs.gateway.graphql.types import CompositionHint, Graph, Supergraph, SupergraphActivation
from subgraphs.gateway.service.design import DeleteContract


@strawberry.input(description="A contract to take away.")
class ContractDeleteInput:
    """Which contract of which graph."""

    graph_id: strawberry.ID = strawberry.field(description="The graph.")
    name: str = strawberry.field(description="The name of the contract.")
    reason: str = strawberry.field(default="", description="Why; it is kept with the change.")
    git_revision: str = strawberry.field(default="", description="The commit it comes from.")
    activate: bool = strawberry.field(
        default=False, description="Let routers use the result. Needs `schemas:activate`, too."
    )
    expected_number: int | None = strawberry.field(
        default=None, description="Refuse unless this is the latest supergraph; 0 if there is none yet."
    )
    dry_run: bool = strawberry.field(
        default=False, description="Only compose, and say what would come of it."
    )


@strawberry.type(description="What came of deleting a contract.")
class ContractDeletePayload:
    """The composed graph, or why not."""

    graph: Graph | None = strawberry.field(default=None, description="The graph as it is now.")
    supergraph: Supergraph | None = strawberry.field(
        default=None, description="What was composed; null after a dry run and for a graph without subgraphs."
    )
    activation: SupergraphActivation | None = strawberry.field(
        default=None, description="The activation, if it was asked for."
    )
    is_new: bool = strawberry.field(
        default=False, description="There is a new supergraph (after a dry run: there would be)."
    )
    hints: list[CompositionHint] = strawberry.field(
        default_factory=list, description="What deserves a second look."
    )
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why nothing changed.")


async def contract_delete(info: Info, input: ContractDeleteInput) -> ContractDeletePayload:
    """Take a contract away; routers that use it keep what they have. Needs `schemas:publish`."""

    async def change() -> ContractDeletePayload:
        wanted = DeleteContract(name=input.name)
        done = await published(info, local_id(input.graph_id, "Graph"), wanted, input)
        return ContractDeletePayload(
            graph=Graph.from_row(done.graph),
            supergraph=None if done.supergraph is None else Supergraph.from_row(done.supergraph),
            activation=None if done.activation is None else SupergraphActivation.from_row(done.activation),
            is_new=done.is_new,
            hints=hints_of(done),
        )

    return await publication_payload_of(ContractDeletePayload, change())
