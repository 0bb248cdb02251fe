"""`subgraphPublish`: add a subgraph to a graph or put a new version in its place."""

import strawberry

from common.graphql.entities import local_id
from common.graphql.user_errors import UserError
from subgraphs.gateway.graphql.info import Info
from subgraphs.gateway.graphql.mutations.publishing import hints_of, published
from subgraphs.gateway.graphql.refusals import publication_payload_of
from subgraphs.gateway.graphql.types import CompositionHint, Graph, Subgraph, Supergraph, SupergraphActivation
from subgraphs.gateway.providers.protocol import SubgraphText
from subgraphs.gateway.service.design import PublishSubgraphs
from subgraphs.gateway.service.wording import clean_sdl, clean_subgraph_name, clean_url


@strawberry.input(description="A schema to publish.")
class SubgraphPublishInput:
    """Which subgraph of which graph, and its schema."""

    graph_id: strawberry.ID = strawberry.field(description="The graph.")
    name: str = strawberry.field(description="How the graph calls the subgraph.")
    url: str = strawberry.field(description="Where routers ask it: http or https.")
    sdl: str = strawberry.field(description="Its whole schema.")
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


@strawberry.type(description="What came of publishing a subgraph.")
class SubgraphPublishPayload:
    """The composed graph, or why not."""

    subgraph: Subgraph | None = strawberry.field(
        default=None, description="The published version; the one that was there, if nothing differs."
    )
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


async def subgraph_publish(info: Info, input: SubgraphPublishInput) -> SubgraphPublishPayload:
    """Publish a schema and compose the graph with it; what does not compose changes nothing.

    Needs `schemas:publish`.
    """

    async def change() -> SubgraphPublishPayload:
        text = SubgraphText(
            name=clean_subgraph_name(input.name),
            url=clean_url(input.url),
            sdl=clean_sdl(input.sdl, info.context.parts.settings.largest_sdl),
        )
        wanted = PublishSubgraphs(subgraphs=(text,))
        done = await published(info, local_id(input.graph_id, "Graph"), wanted, input)
        return SubgraphPublishPayload(
            subgraph=Subgraph.from_row(done.versions[0]) if done.versions else None,
            graph=Graph.from_row(done.graph),
            supergraph=None if done.supergraph is None else Supergraph.from_row(done.supergraph),
            activation=None if done.activation is None else SupergraphActivation.from_row(done.activation),
            is_new=done.is_new,
            hints=hints_of(done),
        )

    return await publication_payload_of(SubgraphPublishPayload, change())
