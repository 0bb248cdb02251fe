"""The environments of an application."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from common.access.scopes import require_organisation, require_scope
from common.clock import Clock
from common.db.session import UnitOfWork
from common.errors import InvalidInput, NotFound, require_version
from common.texts import clean_name, clean_slug
from subgraphs.applications.errors import (
    ApplicationArchivedAlready,
    EnvironmentProtected,
    LastEnvironment,
    TooManyEnvironments,
)
from subgraphs.applications.events import EnvironmentCreated, EnvironmentRemoved, EnvironmentUpdated
from subgraphs.applications.models import Application, ApplicationStatus, Environment
from subgraphs.applications.repository import ApplicationRepository, EnvironmentRepository

_LAST_POSITION = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentChange:
    """What becomes different about an environment; None leaves a part as it is. Its key stays."""

    name: str | None = None
    protected: bool | None = None
    position: int | None = None


class EnvironmentReading:
    """What may be asked of environments."""

    def __init__(self, work: UnitOfWork) -> None:
        self._environments = EnvironmentRepository(work.session)
        self._principal = work.principal

    async def by_ids(self, ids: Sequence[UUID]) -> dict[UUID, Environment]:
        """Those of the environments that the caller may see."""
        require_scope(self._principal, "applications:read")
        return await self._environments.by_ids(self._principal, ids)

    async def of_applications(self, application_ids: Sequence[UUID]) -> dict[UUID, tuple[Environment, ...]]:
        """The environments of each application, in their order."""
        require_scope(self._principal, "applications:read")
        return await self._environments.of_applications(self._principal, application_ids)


class EnvironmentService:
    """What may be done to environments; an application has at most `most`."""

    def __init__(self, work: UnitOfWork, clock: Clock, most: int) -> None:
        self._applications = ApplicationRepository(work.session)
        self._environments = EnvironmentRepository(work.session)
        self._outbox = work.outbox
        self._principal = work.principal
        self._clock = clock
        self._most = most

    async def create(self, application_id: UUID, key: str, name: str, protected: bool) -> Environment:
        """Add an environment behind the others."""
        here, application = self._may_write(), await self._application(application_id)
        if await self._environments.count_of(self._principal, application.id) >= self._most:
            raise TooManyEnvironments(self._most)
        environment = Environment(
            organization_id=here,
            application_id=application.id,
            key=clean_slug(key, "key"),
            name=clean_name(name),
            protected=protected,
            position=await self._environments.next_position(self._principal, application.id),
        )
        await self._environments.insert_here(environment)
        self._outbox.add(
            EnvironmentCreated(
                organisation_id=here, application_id=application.id, environment_id=environment.id
            )
        )
        return environment

    async def update(self, id: UUID, change: EnvironmentChange, expected_version: int | None) -> Environment:
        """Rename, move, protect or unprotect an environment."""
        here, environment = self._may_write(), await self._locked(id)
        require_version(expected_version, environment.version)
        if change.position is not None and not 1 <= change.position <= _LAST_POSITION:
            raise InvalidInput(f"A position is 1 to {_LAST_POSITION}.", path=("input", "position"))
        wanted = {
            "name": None if change.name is None else clean_name(change.name),
            "protected": change.protected,
            "position": change.position,
        }
        changed = tuple(
            field
            for field, value in wanted.items()
            if value is not None and getattr(environment, field) != value
        )
        if changed:
            for field in changed:
                setattr(environment, field, wanted[field])
            environment.version += 1
            environment.updated_at = self._clock.now()
            self._outbox.add(
                EnvironmentUpdated(
                    organisation_id=here,
                    application_id=environment.application_id,
                    environment_id=id,
                    changed=changed,
                    revision=environment.version,
                )
            )
        return environment

    async def remove(self, id: UUID) -> Environment:
        """Let an environment disappear, unless it is protected or the last one."""
        here, environment = self._may_write(), await self._locked(id)
        if environment.protected:
            raise EnvironmentProtected
        if await self._environments.count_of(self._principal, environment.application_id) <= 1:
            raise LastEnvironment
        environment.deleted_at = environment.updated_at = self._clock.now()
        environment.version += 1
        self._outbox.add(
            EnvironmentRemoved(
                organisation_id=here, application_id=environment.application_id, environment_id=id
            )
        )
        return environment

    def _may_write(self) -> UUID:
        require_scope(self._principal, "applications:write")
        return require_organisation(self._principal)

    async def _application(self, id: UUID, field: str = "applicationId") -> Application:
        """The application, held: so that two changes to its environments wait for one another."""
        application = await self._applications.by_id_locked(self._principal, id)
        if application is None:
            raise NotFound("application", id, path=("input", field))
        if application.status == ApplicationStatus.ARCHIVED:
            raise ApplicationArchivedAlready
        return application

    async def _locked(self, id: UUID) -> Environment:
        """The environment of an application that is held, too."""
        seen = (await self._environments.by_ids(self._principal, [id])).get(id)
        if seen is None:
            raise NotFound("environment", id, path=("input", "id"))
        await self._application(seen.application_id)
        environment = await self._environments.by_id_locked(self._principal, id)
        if environment is None:
            raise NotFound("environment", id, path=("input", "id"))
        return environment
