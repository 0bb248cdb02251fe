"""Facts the applications domain publishes: ids, versions and field names only."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from common.events.envelope import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class _ApplicationFact(Event):
    """Something happened to an application or its environments; ordered per application."""

    organisation_id: UUID
    application_id: UUID

    @property
    def key(self) -> str:
        """Facts about one application arrive in order."""
        return str(self.application_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationCreated(_ApplicationFact):
    """There is a new application, with its first environments."""

    topic: ClassVar[str] = "applications.application.created"
    environment_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationUpdated(_ApplicationFact):
    """An application was renamed, described or given another kind; `changed` are GraphQL field names."""

    topic: ClassVar[str] = "applications.application.updated"
    changed: tuple[str, ...]
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationActivated(_ApplicationFact):
    """An application runs now."""

    topic: ClassVar[str] = "applications.application.activated"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationPaused(_ApplicationFact):
    """An application rests: it can be activated again."""

    topic: ClassVar[str] = "applications.application.paused"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationArchived(_ApplicationFact):
    """An application has ended: everything that lets it in must die."""

    topic: ClassVar[str] = "applications.application.archived"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationRemoved(_ApplicationFact):
    """An archived application is gone, and its slug is free again."""

    topic: ClassVar[str] = "applications.application.removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentCreated(_ApplicationFact):
    """An application has a further environment."""

    topic: ClassVar[str] = "applications.environment.created"
    environment_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentUpdated(_ApplicationFact):
    """An environment was renamed, moved, protected or unprotected."""

    topic: ClassVar[str] = "applications.environment.updated"
    environment_id: UUID
    changed: tuple[str, ...]
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentRemoved(_ApplicationFact):
    """An environment is gone: keys for it must die."""

    topic: ClassVar[str] = "applications.environment.removed"
    environment_id: UUID
