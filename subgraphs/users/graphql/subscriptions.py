"""Subscriptions of the users domain: thin events from the event log."""

import base64
import binascii
import re
from collections.abc import AsyncGenerator
from dataclasses import dataclass

import strawberry

from common.access.scopes import require_organisation, require_scope
from common.db.pages import InvalidCursor
from common.events.envelope import event_of
from common.events.log import LoggedEvent
from common.graphql.entities import global_id
from subgraphs.users.events import (
    MembershipChanged,
    MembershipGranted,
    MembershipRevoked,
    UserCreated,
    UserDeactivated,
    UserFact,
    UserReactivated,
    UserSuspended,
    UserUpdated,
    UserUpdatedElsewhere,
)
from subgraphs.users.graphql.enums import UserChangeKind
from subgraphs.users.graphql.info import Info
from subgraphs.users.graphql.types import User

_POSITION = re.compile(rb"userChanged:([0-9]{1,18})")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Meaning:
    """Which change an event is, and what it makes different about a person."""

    event: type[UserFact]
    kind: UserChangeKind
    fields: tuple[str, ...] = ()


_STATUS, _MEMBERSHIPS = ("status",), ("memberships",)
_MEANINGS = {
    meaning.event.topic: meaning
    for meaning in (
        _Meaning(event=UserCreated, kind=UserChangeKind.CREATED),
        _Meaning(event=UserUpdated, kind=UserChangeKind.UPDATED),
        _Meaning(event=UserUpdatedElsewhere, kind=UserChangeKind.UPDATED),
        _Meaning(event=UserSuspended, kind=UserChangeKind.SUSPENDED, fields=_STATUS),
        _Meaning(event=UserDeactivated, kind=UserChangeKind.DEACTIVATED, fields=_STATUS),
        _Meaning(event=UserReactivated, kind=UserChangeKind.REACTIVATED, fields=_STATUS),
        _Meaning(event=MembershipGranted, kind=UserChangeKind.JOINED, fields=_MEMBERSHIPS),
        _Meaning(event=MembershipChanged, kind=UserChangeKind.ROLE_CHANGED, fields=_MEMBERSHIPS),
        _Meaning(event=MembershipRevoked, kind=UserChangeKind.LEFT, fields=_MEMBERSHIPS),
    )
}


# After these a person has no business here any more: what they still hear is why.
_ENDS = frozenset({UserChangeKind.LEFT, UserChangeKind.SUSPENDED, UserChangeKind.DEACTIVATED})


@strawberry.type(description="Something happened to a member of the organization.")
class UserChange:
    """A thin event: what changed about whom; the rest is asked for when wanted."""

    cursor: str = strawberry.field(description="Give it as `after` to go on behind this change.")
    kind: UserChangeKind = strawberry.field(description="What happened.")
    user_id: strawberry.ID = strawberry.field(description="To whom.")
    changed_fields: list[str] = strawberry.field(description="Names of the fields of `User` that differ now.")

    @strawberry.field
    async def user(self, info: Info) -> User | None:
        """The person as they are now; null for one who has left."""
        return await User.resolve_reference(info, self.user_id)


@strawberry.type
class Subscription:
    """What can be listened to."""

    @strawberry.subscription
    async def user_changed(self, info: Info, after: str | None = None) -> AsyncGenerator[UserChange, None]:
        """Changes to members of the organization, from now on or behind a cursor. Needs `users:read`."""
        require_scope(info.context.principal, "users:read")
        here = require_organisation(info.context.principal)
        own_id = global_id("User", info.context.principal.id) if info.context.principal.id else None
        position = None if after is None else _position(after)
        async for logged in info.context.listen(list(_MEANINGS), organisation_id=here, after=position):
            change = _change(logged)
            yield change
            if change.user_id == own_id and change.kind in _ENDS:
                return


def _change(logged: LoggedEvent) -> UserChange:
    meaning = _MEANINGS[logged.envelope.topic]
    event = event_of(logged.envelope, meaning.event)
    match event:
        case UserUpdated(changed=changed) | UserUpdatedElsewhere(changed=changed):
            fields = changed
        case _:
            fields = meaning.fields
    return UserChange(
        cursor=_cursor(logged.position),
        kind=meaning.kind,
        user_id=global_id("User", event.user_id),
        changed_fields=list(fields),
    )


def _cursor(position: int) -> str:
    return base64.urlsafe_b64encode(f"userChanged:{position}".encode()).rstrip(b"=").decode()


def _position(cursor: str) -> int:
    """Where a cursor stands. It needs no signature: the log shows an organisation its own events only."""
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidCursor from error
    found = _POSITION.fullmatch(raw)
    if found is None:
        raise InvalidCursor
    return int(found.group(1))
