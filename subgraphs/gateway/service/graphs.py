"""Graphs and what is in them, for those who may see them."""

from collections.abc import Sequence
from uuid import UUID

from common.access.scopes import require_organisation, require_scope
from common.clock import Clock
from common.db.pages import CursorCodec, Page, PageRequest
from common.db.session import UnitOfWork
from common.texts import clean_slug, is_slug
from subgraphs.gateway.errors import GraphNameTaken, TooManyInGraph
from subgraphs.gateway.models import PLATFORM_GRAPH, Activation, Contract, Graph, SubgraphVersion, Supergraph
from subgraphs.gateway.policies import READ, require_publish, require_read_any
from subgraphs.gateway.repository.graphs import GraphRepository, SubgraphRepository, SupergraphRepository
from subgraphs.gateway.service.wording import is_subgraph_name

MOST_TEXT = 32_000_000
"""In bytes: pages of pages of schemas would otherwise fill the memory of the process that reads them."""


class GraphService:
    """Graphs of the organisation the caller acts in."""

    def __init__(self, work: UnitOfWork, clock: Clock) -> None:
        self._graphs = GraphRepository(work.session)
        self._principal = work.principal
        self._clock = clock

    async def by_ids(self, ids: Sequence[UUID]) -> dict[UUID, Graph]:
        """Those of the graphs that the caller may see."""
        require_read_any(self._principal)
        return await self._graphs.by_ids(self._principal, ids)

    async def by_name(self, name: str) -> Graph | None:
        """The graph with this name."""
        require_read_any(self._principal)
        return await self._graphs.by_name(self._principal, name) if is_slug(name) else None

    async def page(self, request: PageRequest, cursors: CursorCodec) -> Page[Graph]:
        """Graphs, the oldest first."""
        require_scope(self._principal, READ)
        require_organisation(self._principal)
        return await self._graphs.page(self._principal, request, cursors)

    async def contracts_of(self, graph_ids: Sequence[UUID]) -> dict[UUID, tuple[Contract, ...]]:
        """The contracts of each graph, by name."""
        require_scope(self._principal, READ)
        return await self._graphs.contracts_of(self._principal, graph_ids)

    async def create(self, name: str, most: int) -> Graph:
        """Add an empty graph; an organisation has at most `most`."""
        here = require_publish(self._principal, activates=False)
        if clean_slug(name, "name") == PLATFORM_GRAPH:
            raise GraphNameTaken(name)
        if await self._graphs.count(self._principal) >= most:
            raise TooManyInGraph("graphs", most)
        graph = Graph(
            organization_id=here, name=clean_slug(name, "name"), revision=0, created_at=self._clock.now()
        )
        await self._graphs.insert_here(graph)
        return graph


class PublishedReading:
    """What was published into graphs, composed from them and activated."""

    def __init__(self, work: UnitOfWork) -> None:
        self._subgraphs = SubgraphRepository(work.session)
        self._supergraphs = SupergraphRepository(work.session)
        self._principal = work.principal
        require_scope(work.principal, READ)

    async def versions(self, ids: Sequence[UUID]) -> dict[UUID, SubgraphVersion]:
        """Versions of subgraphs."""
        return await self._subgraphs.by_ids(self._principal, ids)

    async def version_texts(self, ids: Sequence[UUID]) -> dict[UUID, str]:
        """The SDL of versions of subgraphs; raises TooMuchText."""
        return await self._subgraphs.texts(self._principal, ids, MOST_TEXT)

    async def version_page(
        self, graph_id: UUID, name: str, request: PageRequest, cursors: CursorCodec
    ) -> Page[SubgraphVersion]:
        """Every version of one subgraph, the newest first."""
        if not is_subgraph_name(name):
            return Page(items=(), cursors=(), has_next=False, has_previous=False, total=0)
        return await self._subgraphs.page(self._principal, graph_id, name, request, cursors)

    async def members(self, supergraph_ids: Sequence[UUID]) -> dict[UUID, tuple[SubgraphVersion, ...]]:
        """What supergraphs were composed from, by name."""
        return await self._subgraphs.of_supergraphs(self._principal, supergraph_ids)

    async def supergraphs(self, ids: Sequence[UUID]) -> dict[UUID, Supergraph]:
        """Supergraphs."""
        return await self._supergraphs.by_ids(self._principal, ids)

    async def numbered(self, keys: Sequence[tuple[UUID, int]]) -> dict[tuple[UUID, int], Supergraph]:
        """Supergraphs by graph and number."""
        return await self._supergraphs.by_numbers(self._principal, keys)

    async def latest(self, graph_ids: Sequence[UUID]) -> dict[UUID, Supergraph]:
        """The supergraph of each graph that was composed last."""
        return await self._supergraphs.latest(self._principal, graph_ids)

    async def pages(
        self, graph_ids: Sequence[UUID], request: PageRequest, cursors: CursorCodec
    ) -> dict[UUID, Page[Supergraph]]:
        """A page of the supergraphs of each graph, the newest first."""
        return await self._supergraphs.pages(self._principal, graph_ids, request, cursors)

    async def variant_names(self, supergraph_ids: Sequence[UUID]) -> dict[UUID, tuple[str, ...]]:
        """The contracts that each supergraph was composed with."""
        return await self._supergraphs.variant_names(self._principal, supergraph_ids)

    async def texts(self, keys: Sequence[tuple[UUID, str]]) -> dict[tuple[UUID, str], str]:
        """The SDL of supergraphs, by variant; raises TooMuchText."""
        possible = [(id, variant) for id, variant in keys if not variant or is_slug(variant)]
        return await self._supergraphs.texts(self._principal, possible, MOST_TEXT)

    async def active(self, graph_ids: Sequence[UUID]) -> dict[UUID, Activation]:
        """The activation of each graph that stands."""
        return await self._supergraphs.active(self._principal, graph_ids)

    async def activation_pages(
        self, graph_ids: Sequence[UUID], request: PageRequest, cursors: CursorCodec
    ) -> dict[UUID, Page[Activation]]:
        """A page of the activations of each graph, the newest first."""
        return await self._supergraphs.activation_pages(self._principal, graph_ids, request, cursors)
