"""sessionRevoke: end one session."""

import strawberry

from common.graphql.entities import local_id
from common.graphql.user_errors import UserError, payload_of
from subgraphs.auth.graphql.info import Info
from subgraphs.auth.graphql.inputs import SessionRevokeInput
from subgraphs.auth.graphql.types import Session
from subgraphs.auth.service.sessions import SessionService


@strawberry.type
class SessionRevokePayload:
    """The session, or why it was not ended."""

    session: Session | None = strawberry.field(default=None, description="The session that ended.")
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="What was wrong with the input; empty if nothing was."
    )


async def session_revoke(info: Info, input: SessionRevokeInput) -> SessionRevokePayload:
    """End one of one's own sessions, or with `sessions:write` one that acted in the current organization.
    Its access tokens are refused within seconds."""

    async def revoke() -> SessionRevokePayload:
        id = local_id(input.id, "Session")
        async with info.context.work() as work:
            row = await SessionService(work, info.context.clock).revoke(id)
        return SessionRevokePayload(session=Session.from_row(row))

    return await payload_of(SessionRevokePayload, revoke())
