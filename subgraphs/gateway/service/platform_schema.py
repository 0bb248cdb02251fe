"""The schemas of the platform's own domains, kept in its graph as they are in the code that runs."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace

from common.clock import Clock
from common.db.session import Database, UnitOfWork
from subgraphs.gateway.providers.protocol import SubgraphText
from subgraphs.gateway.service.authors import Purpose
from subgraphs.gateway.service.design import PublishSubgraphs
from subgraphs.gateway.service.parts import GatewayParts
from subgraphs.gateway.service.platform import PlatformGraph, acting_for
from subgraphs.gateway.service.publication import Base, Published, Wish, publish

_PURPOSE = Purpose(reason="The platform's own schema changed.", label="platform")


async def publish_own(
    database: Database, clock: Clock, parts: GatewayParts, own: Sequence[SubgraphText]
) -> Published | None:
    """Put the own subgraphs into what is active in the platform's graph, all at once, and activate it.

    None if there is no such graph yet. Raises SchemaDoesNotCompose if they do not fit what others published
    there; then what is active stays.
    """
    graph = await PlatformGraph(database).current()
    if graph is None:
        return None
    principal = acting_for(graph.organization_id)

    def work() -> AbstractAsyncContextManager[UnitOfWork]:
        return database.unit_of_work(domain="gateway", principal=principal)

    wish = Wish(
        graph_id=graph.id,
        change=PublishSubgraphs(subgraphs=tuple(own)),
        purpose=_PURPOSE,
        activates=True,
        base=Base.ACTIVE,
    )
    return await publish(work, replace(parts, reserved=frozenset()), clock, wish)
