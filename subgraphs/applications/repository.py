"""Every SQL statement of the applications domain.

Reads take the principal and ask for their rows only, whatever row-level security would let through.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select, text, true

from common.access.principal import Principal
from common.db.pages import CursorCodec, Descending, Order, Page, PageRequest, page_of, pages_by_key
from common.db.repository import Repository
from subgraphs.applications.errors import ApplicationSlugTaken, EnvironmentKeyTaken
from subgraphs.applications.models import Application, Environment

_BY_NEWEST = Order("newest", Descending(Application.created_at), Descending(Application.id))


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationFilter:
    """Which applications; every part that is given must hold."""

    kinds: tuple[str, ...] | None = None
    statuses: tuple[str, ...] | None = None
    created_by: UUID | None = None
    text: str | None = None


EVERY_APPLICATION = ApplicationFilter()


class ApplicationRepository(Repository):
    """Rows of `applications.applications`."""

    async def by_ids(self, principal: Principal, ids: Sequence[UUID]) -> dict[UUID, Application]:
        """Those of the ids that belong to the caller's organisation, by id."""
        query = _applications(principal).where(Application.id.in_(ids))
        return {row.id: row for row in await self.session.scalars(query)}

    async def by_slugs(self, principal: Principal, slugs: Sequence[str]) -> dict[str, Application]:
        """Those of the slugs that are applications of the caller's organisation, by slug."""
        query = _applications(principal).where(Application.slug.in_(slugs))
        return {row.slug: row for row in await self.session.scalars(query)}

    async def by_id_locked(self, principal: Principal, id: UUID) -> Application | None:
        """One application of the caller's organisation, held until the unit of work ends."""
        return await self.one_or_none(_applications(principal).where(Application.id == id), lock=True)

    async def page(
        self, principal: Principal, wanted: ApplicationFilter, request: PageRequest, cursors: CursorCodec
    ) -> Page[Application]:
        """Applications of the caller's organisation, the newest first."""
        query = _applications(principal).where(_matches(wanted))
        return await page_of(self.session, query, _BY_NEWEST, request, cursors)

    async def pages_by_organization(
        self,
        principal: Principal,
        organization_ids: Sequence[UUID],
        wanted: ApplicationFilter,
        request: PageRequest,
        cursors: CursorCodec,
    ) -> dict[UUID, Page[Application]]:
        """A page for each organisation, empty where the caller does not act."""
        query = _applications(principal).where(_matches(wanted))
        return await pages_by_key(
            self.session, query, Application.organization_id, organization_ids, _BY_NEWEST, request, cursors
        )

    async def insert_here(self, application: Application) -> None:
        """Add an application; raises ApplicationSlugTaken."""
        slug = application.slug
        await self.insert(application, taken={"uq_applications_slug": lambda: ApplicationSlugTaken(slug)})

    async def save(self, application: Application) -> None:
        """Write changes now; raises ApplicationSlugTaken."""
        slug = application.slug
        await self.flush(taken={"uq_applications_slug": lambda: ApplicationSlugTaken(slug)})

    async def organisation_for_system(self, application_id: UUID) -> UUID | None:
        """To which organisation an application belongs that is neither archived nor removed."""
        query = text("select applications.organization_of(:id)")
        found: UUID | None = (await self.session.execute(query, {"id": application_id})).scalar_one()
        return found


class EnvironmentRepository(Repository):
    """Rows of `applications.environments`."""

    async def by_ids(self, principal: Principal, ids: Sequence[UUID]) -> dict[UUID, Environment]:
        """Those of the ids that belong to the caller's organisation, by id."""
        query = _environments(principal).where(Environment.id.in_(ids))
        return {row.id: row for row in await self.session.scalars(query)}

    async def by_id_locked(self, principal: Principal, id: UUID) -> Environment | None:
        """One environment of the caller's organisation, held until the unit of work ends."""
        query = _environments(principal).where(Environment.id == id).execution_options(populate_existing=True)
        return await self.one_or_none(query, lock=True)

    async def of_applications(
        self, principal: Principal, application_ids: Sequence[UUID]
    ) -> dict[UUID, tuple[Environment, ...]]:
        """All environments of each application, in their order: bounded by a setting."""
        query = _environments(principal).order_by(Environment.position, Environment.id)
        return await self.grouped(query, Environment.application_id, application_ids)

    async def count_of(self, principal: Principal, application_id: UUID) -> int:
        """How many environments an application has."""
        query = _environments(principal).where(Environment.application_id == application_id)
        return (await self.session.execute(select(func.count()).select_from(query.subquery()))).scalar_one()

    async def next_position(self, principal: Principal, application_id: UUID) -> int:
        """Behind the last environment of an application."""
        query = _environments(principal).where(Environment.application_id == application_id)
        last = query.with_only_columns(func.max(Environment.position))
        return ((await self.session.execute(last)).scalar_one_or_none() or 0) + 1

    async def insert_all(self, environments: Sequence[Environment]) -> None:
        """Add the first environments of a new application: their keys cannot be taken."""
        self.session.add_all(environments)
        await self.session.flush()

    async def insert_here(self, environment: Environment) -> None:
        """Add an environment; raises EnvironmentKeyTaken."""
        key = environment.key
        await self.insert(environment, taken={"uq_environments_key": lambda: EnvironmentKeyTaken(key)})


def _applications(principal: Principal) -> Select[Application]:
    mine = Application.organization_id == principal.organisation_id if principal.organisation_id else false()
    return select(Application).where(mine, Application.deleted_at.is_(None))


def _environments(principal: Principal) -> Select[Environment]:
    mine = Environment.organization_id == principal.organisation_id if principal.organisation_id else false()
    return select(Environment).where(mine, Environment.deleted_at.is_(None))


def _matches(wanted: ApplicationFilter) -> ColumnElement[bool]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.kinds is not None:
        conditions.append(Application.kind.in_(wanted.kinds))
    if wanted.statuses is not None:
        conditions.append(Application.status.in_(wanted.statuses))
    if wanted.created_by is not None:
        conditions.append(Application.created_by == wanted.created_by)
    if wanted.text is not None:
        conditions.append(
            or_(
                Application.name.icontains(wanted.text, autoescape=True),
                Application.slug.icontains(wanted.text, autoescape=True),
            )
        )
    return and_(true(), *conditions)
