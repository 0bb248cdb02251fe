"""`contractDelete`: compose a graph without one of its variants."""

import strawberry

from subgraphs.gateway.graphql.info import Info
from subgraphs.gateway.graphql.mutations.publishing import PublishingInput, PublishingPayload, published
from subgraphs.gateway.service.design import DeleteContract


@strawberry.input(description="A contract to take away.")
class ContractDeleteInput(PublishingInput):
    """Which contract."""

    name: str = strawberry.field(description="The name of the contract.")


@strawberry.type(description="What came of deleting a contract.")
class ContractDeletePayload(PublishingPayload):
    """The composed graph, or why not."""


async def contract_delete(info: Info, input: ContractDeleteInput) -> ContractDeletePayload:
    """Take a contract away; routers that use it keep what they have. Needs `schemas:publish`."""
    return await published(info, ContractDeletePayload, input, lambda: DeleteContract(name=input.name))
