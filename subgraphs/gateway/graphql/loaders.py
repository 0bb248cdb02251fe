"""Rows by key, many keys in one statement; what the caller may not see is not found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from common.db.pages import Page, PageRequest
from common.db.session import UnitOfWork
from common.graphql.loaders import GroupedLoader, KeyedLoader
from subgraphs.gateway import models
from subgraphs.gateway.service.graphs import GraphService, PublishedReading


@dataclass(frozen=True, slots=True, kw_only=True)
class PageOf:
    """Which page of which graph's things."""

    graph_id: UUID
    page: PageRequest


class GraphsById(KeyedLoader[UUID, models.Graph]):
    """A graph."""

    async def fetch(self, work: UnitOfWork, keys: Sequence[UUID]) -> Mapping[UUID, models.Graph]:
        """One statement."""
        return await GraphService(work, self.context.clock).by_ids(keys)


class ContractsByGraphId(GroupedLoader[UUID, models.Contract]):
    """The contracts of a graph, by name."""

    async def fetch(self, work: UnitOfWork, keys: Sequence[UUID]) -> Mapping[UUID, Sequence[models.Contract]]:
        """One statement."""
        return await GraphService(work, self.context.clock).contracts_of(keys)


class ActivationsByGraphId(KeyedLoader[UUID, models.Activation]):
    """The activation of a graph that stands."""

    async def fetch(self, work: UnitOfWork, keys: Sequence[UUID]) -> Mapping[UUID, models.Activation]:
        """One statement."""
        return await PublishedReading(work).active(keys)


class LatestByGraphId(KeyedLoader[UUID, models.Supergraph]):
    """The supergraph of a graph that was composed last."""

    async def fetch(self, work: UnitOfWork, keys: Sequence[UUID]) -> Mapping[UUID, models.Supergraph]:
        """One statement."""
        return await PublishedReading(work).latest(keys)


class SupergraphsById(KeyedLoader[UUID, models.Supergraph]):
    """A supergraph."""

    async def fetch(self, work: UnitOfWork, keys: Sequence[UUID]) -> Mapping[UUID, models.Supergraph]:
        """One statement."""
        return await PublishedReading(work).supergraphs(keys)


class SupergraphsByNumber(KeyedLoader[tuple[UUID, int], models.Supergraph]):
    """A supergraph of a graph by its number."""

    async def fetch(
        self, work: UnitOfWork, keys: Sequence[tuple[UUID, int]]
    ) -> Mapping[tuple[UUID, int], models.Supergraph]:
        """One statement."""
        return await PublishedReading(work).numbered(keys)


class SubgraphsById(KeyedLoader[UUID, models.SubgraphVersion]):
    """A version of a subgraph."""

    async def fetch(self, work: UnitOfWork, keys: Sequence[UUID]) -> Mapping[UUID, models.SubgraphVersion]:
        """One statement."""
        return await PublishedReading(work).versions(keys)


class SubgraphTexts(KeyedLoader[UUID, str]):
    """The SDL of a version of a subgraph."""

    async def fetch(self, work: UnitOfWork, keys: Sequence[UUID]) -> Mapping[UUID, str]:
        """One statement."""
        return await PublishedReading(work).version_texts(keys)


class MembersBySupergraphId(GroupedLoader[UUID, models.SubgraphVersion]):
    """What a supergraph was composed from, by name."""

    async def fetch(
        self, work: UnitOfWork, keys: Sequence[UUID]
    ) -> Mapping[UUID, Sequence[models.SubgraphVersion]]:
        """One statement."""
        return await PublishedReading(work).members(keys)


class VariantsBySupergraphId(GroupedLoader[UUID, str]):
    """The contracts that a supergraph was composed with."""

    async def fetch(self, work: UnitOfWork, keys: Sequence[UUID]) -> Mapping[UUID, Sequence[str]]:
        """One statement."""
        return await PublishedReading(work).variant_names(keys)


class SupergraphTexts(KeyedLoader[tuple[UUID, str], str]):
    """The SDL of a supergraph in one variant."""

    async def fetch(
        self, work: UnitOfWork, keys: Sequence[tuple[UUID, str]]
    ) -> Mapping[tuple[UUID, str], str]:
        """One statement."""
        return await PublishedReading(work).texts(keys)


class SupergraphPages(KeyedLoader[PageOf, Page[models.Supergraph]]):
    """A page of the supergraphs of a graph."""

    async def fetch(
        self, work: UnitOfWork, keys: Sequence[PageOf]
    ) -> Mapping[PageOf, Page[models.Supergraph]]:
        """One statement for each kind of page that is asked for, mostly one."""
        reading, found = PublishedReading(work), dict[PageOf, Page[models.Supergraph]]()
        for page in dict.fromkeys(key.page for key in keys):
            ids = [key.graph_id for key in keys if key.page == page]
            for id, rows in (await reading.pages(ids, page, self.context.cursors)).items():
                found[PageOf(graph_id=id, page=page)] = rows
        return found


class ActivationPages(KeyedLoader[PageOf, Page[models.Activation]]):
    """A page of the activations of a graph."""

    async def fetch(
        self, work: UnitOfWork, keys: Sequence[PageOf]
    ) -> Mapping[PageOf, Page[models.Activation]]:
        """One statement for each kind of page that is asked for, mostly one."""
        reading, found = PublishedReading(work), dict[PageOf, Page[models.Activation]]()
        for page in dict.fromkeys(key.page for key in keys):
            ids = [key.graph_id for key in keys if key.page == page]
            for id, rows in (await reading.activation_pages(ids, page, self.context.cursors)).items():
                found[PageOf(graph_id=id, page=page)] = rows
        return found
