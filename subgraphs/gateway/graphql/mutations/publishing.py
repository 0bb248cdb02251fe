"""What publishing mutations have in common: their input, how it becomes a wish, and what came of it."""

from collections.abc import Callable
from typing import Any, Self, TypeVar

import strawberry

from common.graphql.entities import local_id
from common.graphql.user_errors import UserError
from subgraphs.gateway.graphql.info import Info
from subgraphs.gateway.graphql.refusals import publication_payload_of
from subgraphs.gateway.graphql.types import CompositionHint, Graph, Supergraph, SupergraphActivation
from subgraphs.gateway.service.authors import Purpose
from subgraphs.gateway.service.design import Change
from subgraphs.gateway.service.publication import Published, Wish, publish


@strawberry.input
class PublishingInput:
    """Which graph is changed, why, and how far it goes."""

    graph_id: strawberry.ID = strawberry.field(description="The graph.")
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


@strawberry.type
class PublishingPayload:
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

    @classmethod
    def of(cls, done: Published, **more: Any) -> Self:
        """What came of it; `more` is what only one mutation tells."""
        return cls(
            graph=Graph.from_row(done.graph),
            supergraph=None if done.supergraph is None else Supergraph.from_row(done.supergraph),
            activation=None if done.activation is None else SupergraphActivation.from_row(done.activation),
            is_new=done.is_new,
            hints=_hints_of(done),
            **more,
        )


PayloadT = TypeVar("PayloadT", bound=PublishingPayload)


async def published(
    info: Info, payload: type[PayloadT], input: PublishingInput, change: Callable[[], Change]
) -> PayloadT:
    """Compose the changed graph and keep it, as the input says; whatever refuses it is in the payload."""

    async def compose() -> PayloadT:
        context = info.context
        wish = Wish(
            change=change(),
            graph_id=local_id(input.graph_id, "Graph"),
            purpose=Purpose(reason=input.reason, git_revision=input.git_revision),
            activates=input.activate,
            expected_number=input.expected_number,
            is_trial=input.dry_run,
        )
        done = await publish(context.work, context.parts, context.clock, wish)
        context.forget_loaded()
        return payload.of(done)

    return await publication_payload_of(payload, compose())


def _hints_of(done: Published) -> list[CompositionHint]:
    """What deserves a second look in what was composed just now."""
    if done.composition is None:
        return []
    return [
        CompositionHint(code=doubt.code, level=doubt.level, message=doubt.message)
        for doubt in done.composition.doubts
    ]
