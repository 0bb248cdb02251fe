"""Which supergraph of a graph routers use: chosen by number, or taken back."""

from dataclasses import dataclass
from uuid import UUID

from common.clock import Clock
from common.db.session import UnitOfWork
from common.errors import NotFound
from subgraphs.gateway.errors import NothingToRollBackTo, SupergraphAlreadyActive
from subgraphs.gateway.events import SupergraphActivated
from subgraphs.gateway.models import Activation, ActivationKind, Graph, Supergraph
from subgraphs.gateway.policies import require_activate
from subgraphs.gateway.repository.graphs import GraphRepository, SupergraphRepository
from subgraphs.gateway.service.authors import Purpose, authored
from subgraphs.gateway.service.history import before_the_last

_REMEMBERED = 500
"""How many activations a roll-back looks at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Activated:
    """What is active now; `is_new` unless it was before."""

    activation: Activation
    supergraph: Supergraph
    is_new: bool = True


class ActivationService:
    """Chooses the active supergraph of a graph of the organisation the caller acts in."""

    def __init__(self, work: UnitOfWork, clock: Clock) -> None:
        self._graphs = GraphRepository(work.session)
        self._supergraphs = SupergraphRepository(work.session)
        self._outbox = work.outbox
        self._principal = work.principal
        self._clock = clock

    async def activate(self, graph_id: UUID, number: int, purpose: Purpose) -> Activated:
        """Make the supergraph with this number the active one; nothing happens if it is."""
        graph = await self._locked(graph_id)
        supergraph = await self._numbered(graph, number)
        return await self.switch(graph, supergraph, ActivationKind.ACTIVATE, purpose.cleaned())

    async def roll_back(self, graph_id: UUID, number: int | None, purpose: Purpose) -> Activated:
        """Make active again what was before the present one, or the supergraph with this number."""
        graph = await self._locked(graph_id)
        if number is None:
            supergraph = await self._before(graph)
        else:
            supergraph = await self._numbered(graph, number)
        made = await self.switch(graph, supergraph, ActivationKind.ROLLBACK, purpose.cleaned())
        if not made.is_new:
            raise SupergraphAlreadyActive(supergraph.number)
        return made

    async def switch(
        self, graph: Graph, supergraph: Supergraph, kind: ActivationKind, purpose: Purpose
    ) -> Activated:
        """Add the activation and tell the world, unless it is active. The graph has to be locked."""
        standing = (await self._supergraphs.active(self._principal, [graph.id])).get(graph.id)
        if standing is not None and standing.supergraph_id == supergraph.id:
            return Activated(activation=standing, supergraph=supergraph, is_new=False)
        activation = Activation(
            organization_id=graph.organization_id,
            graph_id=graph.id,
            serial=1 if standing is None else standing.serial + 1,
            supergraph_id=supergraph.id,
            kind=kind.value,
            activated_at=self._clock.now(),
            **authored(self._principal, purpose),
        )
        graph.revision += 1
        await self._supergraphs.insert_all(activation)
        self._outbox.add(
            SupergraphActivated(
                organisation_id=graph.organization_id,
                graph_id=graph.id,
                supergraph_id=supergraph.id,
                number=supergraph.number,
                is_platform=graph.is_platform,
                serial=activation.serial,
                how=kind.value,
            )
        )
        return Activated(activation=activation, supergraph=supergraph)

    async def _locked(self, graph_id: UUID) -> Graph:
        require_activate(self._principal)
        graph = await self._graphs.by_id_locked(self._principal, graph_id)
        if graph is None:
            raise NotFound("graph", graph_id, path=("input", "graphId"))
        return graph

    async def _numbered(self, graph: Graph, number: int) -> Supergraph:
        key = (graph.id, number)
        is_sensible = 0 < number < 2**31
        found = await self._supergraphs.by_numbers(self._principal, [key]) if is_sensible else {}
        if key not in found:
            raise NotFound("supergraph with the number", str(number), path=("input", "number"))
        return found[key]

    async def _before(self, graph: Graph) -> Supergraph:
        last = await self._supergraphs.last_activations(self._principal, graph.id, _REMEMBERED)
        id = before_the_last((each.kind, each.supergraph_id) for each in reversed(last))
        if id is None:
            raise NothingToRollBackTo
        return (await self._supergraphs.by_ids(self._principal, [id]))[id]
