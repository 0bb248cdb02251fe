"""`subgraphPublish`: add a subgraph to a graph or put a new version in its place."""

from typing import Any, Self

import strawberry

from subgraphs.gateway.graphql.info import Info
from subgraphs.gateway.graphql.mutations.publishing import PublishingInput, PublishingPayload, published
from subgraphs.gateway.graphql.types import Subgraph
from subgraphs.gateway.providers.protocol import SubgraphText
from subgraphs.gateway.service.design import PublishSubgraphs
from subgraphs.gateway.service.publication import Published
from subgraphs.gateway.service.wording import clean_sdl, clean_subgraph_name, clean_url


@strawberry.input(description="A schema to publish.")
class SubgraphPublishInput(PublishingInput):
    """Which subgraph, and its schema."""

    name: str = strawberry.field(description="How the graph calls the subgraph.")
    url: str = strawberry.field(description="Where routers ask it: http or https.")
    sdl: str = strawberry.field(description="Its whole schema.")


@strawberry.type(description="What came of publishing a subgraph.")
class SubgraphPublishPayload(PublishingPayload):
    """The composed graph, or why not."""

    subgraph: Subgraph | None = strawberry.field(
        default=None, description="The published version; the one that was there, if nothing differs."
    )

    @classmethod
    def of(cls, done: Published, **more: Any) -> Self:
        """With the version."""
        subgraph = Subgraph.from_row(done.versions[0]) if done.versions else None
        return super().of(done, subgraph=subgraph, **more)


async def subgraph_publish(info: Info, input: SubgraphPublishInput) -> SubgraphPublishPayload:
    """Publish a schema and compose the graph with it; what does not compose changes nothing.

    Needs `schemas:publish`.
    """

    def change() -> PublishSubgraphs:
        text = SubgraphText(
            name=clean_subgraph_name(input.name),
            url=clean_url(input.url),
            sdl=clean_sdl(input.sdl, info.context.parts.settings.largest_sdl),
        )
        return PublishSubgraphs(subgraphs=(text,))

    return await published(info, SubgraphPublishPayload, input, change)
