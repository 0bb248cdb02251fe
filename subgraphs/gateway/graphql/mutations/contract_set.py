"""`contractSet`: add a variant to a graph or change it."""

import strawberry

from subgraphs.gateway.graphql.info import Info
from subgraphs.gateway.graphql.mutations.publishing import PublishingInput, PublishingPayload, published
from subgraphs.gateway.service.contracts import contract_of
from subgraphs.gateway.service.design import SetContract


@strawberry.input(description="A contract: a variant of the graph by tags.")
class ContractSetInput(PublishingInput):
    """Which contract, and what it lets through."""

    name: str = strawberry.field(description="Short name, unique in the graph.")
    include: list[str] = strawberry.field(
        default_factory=list, description="Only what has one of these tags; everything, if empty."
    )
    exclude: list[str] = strawberry.field(
        default_factory=list, description="Nothing that has one of these tags."
    )
    hide_unreachable: bool = strawberry.field(
        default=True, description="Leave out types that no field leads to any more, too."
    )


@strawberry.type(description="What came of setting a contract.")
class ContractSetPayload(PublishingPayload):
    """The composed graph, or why not."""


async def contract_set(info: Info, input: ContractSetInput) -> ContractSetPayload:
    """Add a contract or change it, and compose the graph with it. Needs `schemas:publish`."""

    def change() -> SetContract:
        contract = contract_of(input.name, input.include, input.exclude, input.hide_unreachable)
        return SetContract(contract=contract)

    return await published(info, ContractSetPayload, input, change)
