"""sessionRevokeAll: end all of one's own sessions."""

import strawberry

from common.graphql.user_errors import UserError, payload_of
from subgraphs.auth.graphql.info import Info
from subgraphs.auth.graphql.inputs import SessionRevokeAllInput
from subgraphs.auth.graphql.types import Session
from subgraphs.auth.service.sessions import SessionService


@strawberry.type
class SessionRevokeAllPayload:
    """The sessions that ended."""

    sessions: list[Session] = strawberry.field(default_factory=list, description="The sessions that ended.")
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="What was wrong with the input; empty if nothing was."
    )


async def session_revoke_all(
    info: Info, input: SessionRevokeAllInput | None = None
) -> SessionRevokeAllPayload:
    """End all of one's own sessions, as a rule except the current one."""
    wanted = input or SessionRevokeAllInput()

    async def revoke() -> SessionRevokeAllPayload:
        keep = info.context.principal.session_id if wanted.except_current else None
        async with info.context.work() as work:
            rows = await SessionService(work, info.context.clock).revoke_all(keep=keep)
        return SessionRevokeAllPayload(sessions=[Session.from_row(row) for row in rows])

    return await payload_of(SessionRevokeAllPayload, revoke())
