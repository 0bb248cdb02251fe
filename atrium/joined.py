"""What one process has: the stores, and every domain joined to them and to each other."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace

from common.clock import SystemClock
from common.db.event_log import DatabaseEventLog
from common.db.pages import CursorCodec
from common.db.session import Database
from common.events.bus import Bus, redis_bus
from common.events.hub import Hub
from common.mail import Mailer, MailSettings, mailer_of
from common.resources import Resources
from common.settings import CommonSettings, load
from subgraphs.applications.service import directory as applications
from subgraphs.auth.providers.protocol import ApplicationDirectory, PeopleDirectory
from subgraphs.users.service import directory as users


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """The things with a life that all domains of a process share, and the directories they ask."""

    settings: CommonSettings
    resources: Resources
    bus: Bus
    mailer: Mailer
    people: PeopleDirectory
    applications: ApplicationDirectory

    def asking(self, *, people: PeopleDirectory, applications: ApplicationDirectory) -> "Joined":
        """The same, with other directories to ask."""
        return replace(self, people=people, applications=applications)


@asynccontextmanager
async def joined(settings: CommonSettings) -> AsyncIterator[Joined]:
    """Open what a process needs, and close it in reverse."""
    async with AsyncExitStack() as stack:
        database = Database(settings.database_app_url, pool_size=settings.database_pool_size)
        stack.push_async_callback(database.close)
        bus = redis_bus(settings.redis_url)
        await bus.open()
        stack.push_async_callback(bus.close)
        hub = Hub(bus, DatabaseEventLog(database))
        await hub.open()
        stack.push_async_callback(hub.close)
        yield Joined(
            settings=settings,
            resources=Resources(
                database=database,
                hub=hub,
                clock=SystemClock(),
                cursors=CursorCodec(settings.secret.get_secret_value()),
            ),
            bus=bus,
            mailer=mailer_of(load(MailSettings)),
            people=users.PeopleDirectory(database),
            applications=applications.ApplicationDirectory(database),
        )
