"""The life of an application: draft, active, paused, archived, gone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from uuid import UUID

from common.access.principal import PrincipalKind
from common.access.scopes import require_known, require_organisation, require_scope
from common.clock import Clock
from common.db.pages import CursorCodec, Page, PageRequest
from common.db.session import UnitOfWork
from common.errors import NotFound, require, require_version
from common.texts import clean_description, clean_name, clean_slug, is_slug
from subgraphs.applications.errors import ApplicationArchivedAlready, ApplicationStatusConflict
from subgraphs.applications.events import (
    ApplicationActivated,
    ApplicationArchived,
    ApplicationCreated,
    ApplicationPaused,
    ApplicationRemoved,
    ApplicationUpdated,
)
from subgraphs.applications.models import Application, ApplicationKind, ApplicationStatus, Environment
from subgraphs.applications.policies import may_read_in
from subgraphs.applications.repository import (
    ApplicationFilter,
    ApplicationRepository,
    EnvironmentRepository,
)

_FIRST_ENVIRONMENTS = (("development", "Development"), ("staging", "Staging"), ("production", "Production"))
_FROM: Mapping[ApplicationStatus, frozenset[str]] = MappingProxyType(
    {
        ApplicationStatus.ACTIVE: frozenset({"draft", "paused"}),
        ApplicationStatus.PAUSED: frozenset({"active"}),
        ApplicationStatus.ARCHIVED: frozenset({"draft", "active", "paused"}),
    }
)
_EVENTS = MappingProxyType(
    {
        ApplicationStatus.ACTIVE: ApplicationActivated,
        ApplicationStatus.PAUSED: ApplicationPaused,
        ApplicationStatus.ARCHIVED: ApplicationArchived,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationChange:
    """What becomes different about an application; None leaves a part as it is."""

    name: str | None = None
    slug: str | None = None
    description: str | None = None
    kind: ApplicationKind | None = None


class ApplicationService:
    """What may be asked of and done to applications."""

    def __init__(self, work: UnitOfWork, clock: Clock) -> None:
        self._applications = ApplicationRepository(work.session)
        self._environments = EnvironmentRepository(work.session)
        self._outbox = work.outbox
        self._principal = work.principal
        self._clock = clock

    async def by_ids(self, ids: Sequence[UUID]) -> dict[UUID, Application]:
        """Those of the applications that the caller may see."""
        require_scope(self._principal, "applications:read")
        return await self._applications.by_ids(self._principal, ids)

    async def by_slug(self, slug: str) -> Application | None:
        """The application of the caller's organisation with this slug."""
        require_scope(self._principal, "applications:read")
        if not is_slug(slug):
            return None
        return (await self._applications.by_slugs(self._principal, [slug])).get(slug)

    async def page(
        self, wanted: ApplicationFilter, request: PageRequest, cursors: CursorCodec
    ) -> Page[Application]:
        """Applications of the organisation the caller acts in."""
        require_scope(self._principal, "applications:read")
        require_organisation(self._principal)
        return await self._applications.page(self._principal, wanted, request, cursors)

    async def pages_by_organization(
        self,
        organization_ids: Sequence[UUID],
        wanted: ApplicationFilter,
        request: PageRequest,
        cursors: CursorCodec,
    ) -> dict[UUID, Page[Application]]:
        """A page of applications for each of the organisations that the caller may look into."""
        require_known(self._principal)
        allowed = [id for id in organization_ids if may_read_in(self._principal, id)]
        require(
            bool(allowed) or not organization_ids,
            "Seeing applications needs the permission 'applications:read' in that organization.",
        )
        return await self._applications.pages_by_organization(
            self._principal, allowed, wanted, request, cursors
        )

    async def create(self, name: str, slug: str, kind: ApplicationKind, description: str) -> Application:
        """Add an application as a draft, with its first three environments; production is protected."""
        here = self._may_write()
        is_person = self._principal.kind is PrincipalKind.USER
        application = Application(
            organization_id=here,
            name=clean_name(name),
            slug=clean_slug(slug),
            description=clean_description(description),
            kind=kind.value,
            created_by=self._principal.id if is_person else None,
        )
        await self._applications.insert_here(application)
        environments = [
            Environment(
                organization_id=here,
                application_id=application.id,
                key=key,
                name=title,
                protected=key == "production",
                position=position,
            )
            for position, (key, title) in enumerate(_FIRST_ENVIRONMENTS, start=1)
        ]
        await self._environments.insert_all(environments)
        self._outbox.add(
            ApplicationCreated(
                organisation_id=here,
                application_id=application.id,
                environment_ids=tuple(environment.id for environment in environments),
            )
        )
        return application

    async def update(self, id: UUID, change: ApplicationChange, expected_version: int | None) -> Application:
        """Rename or describe an application, or give it another kind."""
        here, application = self._may_write(), await self._locked(id)
        if application.status == ApplicationStatus.ARCHIVED:
            raise ApplicationArchivedAlready
        require_version(expected_version, application.version)
        changed = self._apply(application, change)
        if changed:
            self._touch(application)
            await self._applications.save(application)
            self._outbox.add(
                ApplicationUpdated(
                    organisation_id=here, application_id=id, changed=changed, revision=application.version
                )
            )
        return application

    async def activate(self, id: UUID, expected_version: int | None) -> Application:
        """Let a draft or paused application run."""
        return await self._move(id, ApplicationStatus.ACTIVE, expected_version)

    async def pause(self, id: UUID, expected_version: int | None) -> Application:
        """Let an active application rest."""
        return await self._move(id, ApplicationStatus.PAUSED, expected_version)

    async def archive(self, id: UUID, expected_version: int | None) -> Application:
        """End an application for good; it stays visible."""
        return await self._move(id, ApplicationStatus.ARCHIVED, expected_version)

    async def remove(self, id: UUID) -> Application:
        """Let an archived application disappear; its slug becomes free."""
        here, application = self._may_write(), await self._locked(id)
        if application.status != ApplicationStatus.ARCHIVED:
            raise ApplicationStatusConflict(application.status, "removed")
        application.deleted_at = self._clock.now()
        self._touch(application)
        self._outbox.add(ApplicationRemoved(organisation_id=here, application_id=id))
        return application

    async def _move(self, id: UUID, wanted: ApplicationStatus, expected_version: int | None) -> Application:
        here, application = self._may_write(), await self._locked(id)
        require_version(expected_version, application.version)
        if application.status not in _FROM[wanted]:
            raise ApplicationStatusConflict(application.status, wanted.value)
        application.status = wanted.value
        self._touch(application)
        self._outbox.add(_EVENTS[wanted](organisation_id=here, application_id=id))
        return application

    def _may_write(self) -> UUID:
        require_scope(self._principal, "applications:write")
        return require_organisation(self._principal)

    async def _locked(self, id: UUID) -> Application:
        application = await self._applications.by_id_locked(self._principal, id)
        if application is None:
            raise NotFound("application", id, path=("input", "id"))
        return application

    def _touch(self, application: Application) -> None:
        application.version += 1
        application.updated_at = self._clock.now()

    @staticmethod
    def _apply(application: Application, change: ApplicationChange) -> tuple[str, ...]:
        wanted = {
            "name": None if change.name is None else clean_name(change.name),
            "slug": None if change.slug is None else clean_slug(change.slug),
            "description": None if change.description is None else clean_description(change.description),
            "kind": None if change.kind is None else change.kind.value,
        }
        changed = tuple(
            field
            for field, value in wanted.items()
            if value is not None and getattr(application, field) != value
        )
        for field in changed:
            setattr(application, field, wanted[field])
        return changed
