"""Publishing: read the graph, change its design, compose, and write only if nobody was faster.

Composing takes seconds, so no transaction is open meanwhile: the graph's revision tells whether the design
that was composed is still the present one. If not, all is done again on what is there by then, so two who
publish at the same moment are both in the result.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeAlias
from uuid import UUID

from common.clock import Clock
from common.db.session import UnitOfWork
from common.errors import NotFound
from common.ids import uuid7
from subgraphs.gateway.errors import (
    CompositionTooExpensive,
    GraphChangedMeanwhile,
    GraphTooLarge,
    LastSubgraph,
    SchemaDoesNotCompose,
    SupergraphNumberConflict,
    TooManyInGraph,
)
from subgraphs.gateway.events import SupergraphPublished
from subgraphs.gateway.models import (
    Activation,
    ActivationKind,
    Contract,
    Graph,
    SubgraphVersion,
    Supergraph,
)
from subgraphs.gateway.policies import refuse_reserved, require_publish
from subgraphs.gateway.providers.protocol import (
    ComposerExhausted,
    Composition,
    ContractFilter,
    DoesNotCompose,
    SubgraphText,
)
from subgraphs.gateway.repository.graphs import GraphRepository, SubgraphRepository, SupergraphRepository
from subgraphs.gateway.service.activation import ActivationService
from subgraphs.gateway.service.authors import NO_PURPOSE, Purpose, authored
from subgraphs.gateway.service.design import (
    Change,
    Design,
    Part,
    changed,
    digest_of,
    names_of,
    size_of,
)
from subgraphs.gateway.service.parts import GatewayParts

_ATTEMPTS = 20
_MOST_HINTS = 1_000

OpenWork: TypeAlias = Callable[[], AbstractAsyncContextManager[UnitOfWork]]
"""Opens a transaction of the domain, as the one who publishes."""


class Base(StrEnum):
    """On which supergraph of the graph a change builds."""

    LATEST = "latest"
    ACTIVE = "active"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What shall be changed of which graph, and how far it goes.

    `expected_number`: refuse unless this is the latest supergraph (0: there is none). `is_trial`: compose
    and say what would come of it, but change nothing.
    """

    graph_id: UUID
    change: Change
    purpose: Purpose = NO_PURPOSE
    activates: bool = False
    expected_number: int | None = None
    is_trial: bool = False
    base: Base = Base.LATEST


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What came of it. `supergraph` is None after a trial and for a graph without subgraphs.

    `is_new`: there is a new supergraph (or would be); else everything was there already.
    """

    graph: Graph
    is_new: bool
    supergraph: Supergraph | None = None
    versions: tuple[SubgraphVersion, ...] = ()
    activation: Activation | None = None
    composition: Composition | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    """A graph as it was read, and the design it shall have; `base` is what the change builds on."""

    graph: Graph
    latest: Supergraph | None
    base: Supergraph | None
    before: Design
    after: Design
    revision: int

    @property
    def is_new(self) -> bool:
        """The change changes something."""
        return self.after is not self.before


async def publish(open_work: OpenWork, parts: GatewayParts, clock: Clock, wish: Wish) -> Published:
    """Change a graph's subgraphs or contracts, compose, and keep both; all or nothing.

    Raises SchemaDoesNotCompose with every problem, and then nothing has changed.
    """
    wish = replace(wish, purpose=wish.purpose.cleaned())
    for _ in range(_ATTEMPTS):
        async with open_work() as work:
            draft = await _Drafting(work, parts).draft(wish)
        composition = await _composed(parts, draft) if draft.is_new and draft.after.parts else None
        if wish.is_trial:
            return Published(graph=draft.graph, is_new=draft.is_new, composition=composition)
        async with open_work() as work:
            done = await _Writing(work, clock).write(draft, composition, wish)
        if done is not None:
            return done
    raise GraphChangedMeanwhile


async def _composed(parts: GatewayParts, draft: _Draft) -> Composition:
    after = draft.after
    subgraphs = [after.parts[name].text for name in sorted(after.parts)]
    contracts = [after.contracts[name] for name in sorted(after.contracts)]
    try:
        return await parts.composer.compose(subgraphs, contracts)
    except DoesNotCompose as failed:
        raise SchemaDoesNotCompose(failed.problems) from failed
    except ComposerExhausted as exhausted:
        raise CompositionTooExpensive from exhausted


class _Drafting:
    def __init__(self, work: UnitOfWork, parts: GatewayParts) -> None:
        self._graphs = GraphRepository(work.session)
        self._subgraphs = SubgraphRepository(work.session)
        self._supergraphs = SupergraphRepository(work.session)
        self._principal = work.principal
        self._settings = parts.settings
        self._reserved = parts.reserved

    async def draft(self, wish: Wish) -> _Draft:
        """The graph and what shall become of it; raises what refuses the change before it is composed."""
        require_publish(self._principal, activates=wish.activates)
        graph = (await self._graphs.by_ids(self._principal, [wish.graph_id])).get(wish.graph_id)
        if graph is None:
            raise NotFound("graph", wish.graph_id, path=("input", "graphId"))
        if graph.is_platform:
            for name in names_of(wish.change)[0]:
                refuse_reserved(name, self._reserved)
        latest = (await self._supergraphs.latest(self._principal, [graph.id])).get(graph.id)
        _require_number(wish.expected_number, latest)
        base = latest if wish.base is Base.LATEST else await self._active(graph) or latest
        before = await self._design(graph, base)
        after = changed(before, wish.change)
        if len(after.parts) > max(self._settings.subgraphs_per_graph, len(before.parts)):
            raise TooManyInGraph("subgraphs in a graph", self._settings.subgraphs_per_graph)
        if len(after.contracts) > max(self._settings.contracts_per_graph, len(before.contracts)):
            raise TooManyInGraph("contracts of a graph", self._settings.contracts_per_graph)
        if size_of(after) > max(self._settings.largest_graph, size_of(before)):
            raise GraphTooLarge(self._settings.largest_graph)
        if before.parts and not after.parts:
            raise LastSubgraph
        return _Draft(
            graph=graph, latest=latest, base=base, before=before, after=after, revision=graph.revision
        )

    async def _active(self, graph: Graph) -> Supergraph | None:
        activation = (await self._supergraphs.active(self._principal, [graph.id])).get(graph.id)
        if activation is None:
            return None
        id = activation.supergraph_id
        return (await self._supergraphs.by_ids(self._principal, [id]))[id]

    async def _design(self, graph: Graph, base: Supergraph | None) -> Design:
        rows: Sequence[SubgraphVersion] = ()
        if base is not None:
            found = await self._subgraphs.of_supergraphs(self._principal, [base.id], with_texts=True)
            rows = found.get(base.id, ())
        contracts = (await self._graphs.contracts_of(self._principal, [graph.id])).get(graph.id, ())
        return Design(
            parts={
                row.name: Part(text=SubgraphText(name=row.name, url=row.url, sdl=row.sdl), id=row.id)
                for row in rows
            },
            contracts={row.name: filter_of(row) for row in contracts},
        )


class _Writing:
    def __init__(self, work: UnitOfWork, clock: Clock) -> None:
        self._graphs = GraphRepository(work.session)
        self._subgraphs = SubgraphRepository(work.session)
        self._supergraphs = SupergraphRepository(work.session)
        self._activations = ActivationService(work, clock)
        self._outbox = work.outbox
        self._principal = work.principal
        self._now = clock.now()

    async def write(self, draft: _Draft, composition: Composition | None, wish: Wish) -> Published | None:
        """Keep what was composed; None if the graph was changed since it was read."""
        require_publish(self._principal, activates=wish.activates)
        graph = await self._graphs.by_id_locked(self._principal, draft.graph.id)
        if graph is None or graph.revision != draft.revision:
            return None
        if not draft.is_new:
            return await self._nothing_new(graph, draft, wish)
        graph.revision += 1
        await self._keep_contracts(graph, draft)
        if composition is None:
            return Published(graph=graph, is_new=False)
        versions = await self._keep_versions(graph, draft, wish.purpose)
        supergraph = await self._keep_supergraph(graph, draft, composition, versions, wish)
        activation = await self._activated(graph, supergraph, wish)
        return Published(
            graph=graph,
            is_new=True,
            supergraph=supergraph,
            versions=tuple(versions.values()),
            activation=activation,
            composition=composition,
        )

    async def _nothing_new(self, graph: Graph, draft: _Draft, wish: Wish) -> Published:
        """The versions that are there already; activated all the same, if that was asked for."""
        activation = None
        if draft.base is not None:
            activation = await self._activated(graph, draft.base, wish)
        names, _ = names_of(wish.change)
        parts = [draft.before.parts[name].id for name in names if name in draft.before.parts]
        found = await self._subgraphs.by_ids(self._principal, [id for id in parts if id is not None])
        return Published(
            graph=graph,
            is_new=False,
            supergraph=draft.base,
            versions=tuple(sorted(found.values(), key=lambda row: row.name)),
            activation=activation,
        )

    async def _activated(self, graph: Graph, supergraph: Supergraph, wish: Wish) -> Activation | None:
        if not wish.activates:
            return None
        made = await self._activations.switch(graph, supergraph, ActivationKind.PUBLISH, wish.purpose)
        return made.activation

    async def _keep_contracts(self, graph: Graph, draft: _Draft) -> None:
        before, after = draft.before.contracts, draft.after.contracts
        for name in sorted(before.keys() - after.keys()):
            await self._graphs.delete_contract(self._principal, graph.id, name)
        for name in sorted(after):
            if before.get(name) != after[name]:
                await self._graphs.put_contract(self._row_of(graph, after[name]))

    def _row_of(self, graph: Graph, contract: ContractFilter) -> Contract:
        return Contract(
            id=uuid7(),
            organization_id=graph.organization_id,
            graph_id=graph.id,
            name=contract.name,
            include=list(contract.include),
            exclude=list(contract.exclude),
            hide_unreachable=contract.hide_unreachable,
            updated_at=self._now,
        )

    async def _keep_versions(
        self, graph: Graph, draft: _Draft, purpose: Purpose
    ) -> dict[str, SubgraphVersion]:
        versions = {
            name: SubgraphVersion(
                organization_id=graph.organization_id,
                graph_id=graph.id,
                name=name,
                url=part.text.url,
                sdl=part.text.sdl,
                sha256=digest_of(part.text.sdl),
                published_at=self._now,
                git_revision=purpose.git_revision,
                **authored(self._principal, purpose),
            )
            for name, part in sorted(draft.after.parts.items())
            if part.id is None
        }
        await self._supergraphs.insert_all(*versions.values())
        return versions

    async def _keep_supergraph(
        self,
        graph: Graph,
        draft: _Draft,
        composition: Composition,
        versions: dict[str, SubgraphVersion],
        wish: Wish,
    ) -> Supergraph:
        supergraph = Supergraph(
            organization_id=graph.organization_id,
            graph_id=graph.id,
            number=1 if draft.latest is None else draft.latest.number + 1,
            composed_at=self._now,
            git_revision=wish.purpose.git_revision,
            hints=[
                {"code": doubt.code, "level": doubt.level, "message": doubt.message}
                for doubt in composition.doubts[:_MOST_HINTS]
            ],
            **authored(self._principal, wish.purpose),
        )
        members = {
            name: part.id if part.id is not None else versions[name].id
            for name, part in draft.after.parts.items()
        }
        texts = {"": composition.sdl, **composition.variants}
        await self._supergraphs.insert_composition(
            supergraph, members, {name: (sdl, digest_of(sdl)) for name, sdl in texts.items()}
        )
        subgraphs, contracts = names_of(wish.change)
        self._outbox.add(
            SupergraphPublished(
                organisation_id=graph.organization_id,
                graph_id=graph.id,
                supergraph_id=supergraph.id,
                number=supergraph.number,
                is_platform=graph.is_platform,
                subgraphs=subgraphs,
                contracts=contracts,
            )
        )
        return supergraph


def filter_of(row: Contract) -> ContractFilter:
    """The contract in a row, as a composer reads it."""
    return ContractFilter(
        name=row.name,
        include=tuple(row.include),
        exclude=tuple(row.exclude),
        hide_unreachable=row.hide_unreachable,
    )


def _require_number(expected: int | None, latest: Supergraph | None) -> None:
    current = 0 if latest is None else latest.number
    if expected is not None and expected != current:
        raise SupergraphNumberConflict(expected=expected, current=current)
