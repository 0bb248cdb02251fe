"""What publishing mutations have in common: how their input becomes a wish, and what came of it a payload."""

from typing import Protocol
from uuid import UUID

from subgraphs.gateway.graphql.info import Info
from subgraphs.gateway.graphql.types import CompositionHint
from subgraphs.gateway.service.authors import Purpose
from subgraphs.gateway.service.design import Change
from subgraphs.gateway.service.publication import Published, Wish, publish


class PublishingInput(Protocol):
    """The input of a mutation that composes."""

    reason: str
    git_revision: str
    activate: bool
    expected_number: int | None
    dry_run: bool


async def published(info: Info, graph_id: UUID, change: Change, input: PublishingInput) -> Published:
    """Compose the changed graph and keep it, as the input says."""
    context = info.context
    wish = Wish(
        graph_id=graph_id,
        change=change,
        purpose=Purpose(reason=input.reason, git_revision=input.git_revision),
        activates=input.activate,
        expected_number=input.expected_number,
        is_trial=input.dry_run,
    )
    done = await publish(context.work, context.parts, context.clock, wish)
    context.forget_loaded()
    return done


def hints_of(done: Published) -> list[CompositionHint]:
    """What deserves a second look in what was composed just now."""
    if done.composition is None:
        return []
    return [
        CompositionHint(code=doubt.code, level=doubt.level, message=doubt.message)
        for doubt in done.composition.doubts
    ]
