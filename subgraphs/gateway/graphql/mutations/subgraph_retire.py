"""`subgraphRetire`: compose a graph without one of its subgraphs."""

import strawberry

from subgraphs.gateway.graphql.info import Info
from subgraphs.gateway.graphql.mutations.publishing import PublishingInput, PublishingPayload, published
from subgraphs.gateway.service.design import RetireSubgraph


@strawberry.input(description="A subgraph to leave out.")
class SubgraphRetireInput(PublishingInput):
    """Which subgraph."""

    name: str = strawberry.field(description="How the graph calls the subgraph.")


@strawberry.type(description="What came of retiring a subgraph.")
class SubgraphRetirePayload(PublishingPayload):
    """The composed graph, or why not."""


async def subgraph_retire(info: Info, input: SubgraphRetireInput) -> SubgraphRetirePayload:
    """Compose the graph without a subgraph; its versions stay in the history. Needs `schemas:publish`."""
    return await published(info, SubgraphRetirePayload, input, lambda: RetireSubgraph(name=input.name))
