"""Rows by key, many keys in one statement; what the caller may not see is not found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from common.db.pages import Page, PageRequest
from common.db.session import UnitOfWork
from common.graphql.loaders import GroupedLoader, KeyedLoader
from subgraphs.applications import models
from subgraphs.applications.repository import ApplicationFilter
from subgraphs.applications.service.applications import ApplicationService
from subgraphs.applications.service.environments import EnvironmentReading


class ApplicationsById(KeyedLoader[UUID, models.Application]):
    """An application."""

    async def fetch(self, work: UnitOfWork, keys: Sequence[UUID]) -> Mapping[UUID, models.Application]:
        """One statement."""
        return await ApplicationService(work, self.context.clock).by_ids(keys)


class EnvironmentsById(KeyedLoader[UUID, models.Environment]):
    """An environment."""

    async def fetch(self, work: UnitOfWork, keys: Sequence[UUID]) -> Mapping[UUID, models.Environment]:
        """One statement."""
        return await EnvironmentReading(work).by_ids(keys)


class EnvironmentsByApplicationId(GroupedLoader[UUID, models.Environment]):
    """The environments of an application, in their order."""

    async def fetch(
        self, work: UnitOfWork, keys: Sequence[UUID]
    ) -> Mapping[UUID, Sequence[models.Environment]]:
        """One statement."""
        return await EnvironmentReading(work).of_applications(keys)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationsOf:
    """Which page of which organisation's applications."""

    organization_id: UUID
    wanted: ApplicationFilter
    page: PageRequest


class ApplicationPages(KeyedLoader[ApplicationsOf, Page[models.Application]]):
    """A page of an organisation's applications."""

    async def fetch(
        self, work: UnitOfWork, keys: Sequence[ApplicationsOf]
    ) -> Mapping[ApplicationsOf, Page[models.Application]]:
        """One statement for each kind of page that is asked for, mostly one."""
        service = ApplicationService(work, self.context.clock)
        found: dict[ApplicationsOf, Page[models.Application]] = {}
        for wanted, page in dict.fromkeys((key.wanted, key.page) for key in keys):
            ids = [key.organization_id for key in keys if (key.wanted, key.page) == (wanted, page)]
            pages = await service.pages_by_organization(ids, wanted, page, self.context.cursors)
            for id, rows in pages.items():
                found[ApplicationsOf(organization_id=id, wanted=wanted, page=page)] = rows
        return found
