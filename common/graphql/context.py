"""What resolvers of one request share; nothing here outlives the request."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Mapping
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from uuid import UUID

from common.access.principal import Principal
from common.clock import Clock
from common.db.pages import CursorCodec
from common.db.session import UnitOfWork
from common.events.hub import Hub
from common.events.log import LoggedEvent
from common.graphql.event_ids import event_id_of, position_of
from common.graphql.loaders import Loader, Loaders
from common.resources import Resources

PartsT = TypeVar("PartsT")
KeyT = TypeVar("KeyT")
ValueT = TypeVar("ValueT")


__all__ = ["ClientRequest", "Context", "Resources"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRequest:
    """Where the question came from: true address and user agent of the client, as the router saw them.

    `last_event_id`: the event behind which a subscription is to go on.
    """

    id: str
    client_address: str | None = None
    user_agent: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    last_event_id: str | None = None


class Context(Generic[PartsT]):
    """One request to one subgraph. `parts` are the domain's own things: settings, mailer, keys..."""

    def __init__(
        self,
        *,
        domain: str,
        principal: Principal,
        request: ClientRequest,
        resources: Resources,
        parts: PartsT,
    ) -> None:
        self.domain = domain
        self.principal = principal
        self.request = request
        self.resources = resources
        self.parts = parts
        self.loaders = Loaders(self)
        self.cookies: list[str] = []
        self.event_id: str | None = None
        self.told_position: Callable[[str], None] | None = None

    @property
    def hub(self) -> Hub:
        """Where subscriptions listen."""
        return self.resources.hub

    @property
    def clock(self) -> Clock:
        """The time."""
        return self.resources.clock

    @property
    def cursors(self) -> CursorCodec:
        """Makes and reads cursors."""
        return self.resources.cursors

    def work(self) -> AbstractAsyncContextManager[UnitOfWork]:
        """A new transaction of this domain, as the principal who asks; one per mutation or read."""
        return self.resources.database.unit_of_work(domain=self.domain, principal=self.principal)

    def load(self, loader: type[Loader[KeyT, Any, ValueT]], key: KeyT) -> Awaitable[ValueT]:
        """The value of one key, together with the other keys that are asked for at the same moment."""
        return self.loaders[loader].load(key)

    def forget_loaded(self) -> None:
        """Load everything anew from here on: between two events of a subscription."""
        self.loaders = Loaders(self)

    async def listen(
        self, topics: Collection[str], *, organisation_id: UUID, after: int | None = None
    ) -> AsyncGenerator[LoggedEvent, None]:
        """The organisation's events of these topics: behind `after`, or what the subscriber saw last, or now.

        Each event's id goes with its answer, so that the subscriber can come back behind it; where it begins
        is told even before. Raises InvalidCursor.
        """
        last = self.request.last_event_id
        if last is not None:
            after = max(position_of(last), after or 0)
        if after is None:
            after = await self.hub.position(organisation_id)
        if self.told_position is not None:
            self.told_position(event_id_of(after))
        async with aclosing(self.hub.listen(topics, organisation_id=organisation_id, after=after)) as events:
            async for event in events:
                self.event_id = event_id_of(event.position)
                yield event

    def set_cookie(self, value: str) -> None:
        """Hand a whole `Set-Cookie` value to the browser; the router decides whose cookies it passes on."""
        self.cookies.append(value)
