"""signOut: end the session one is in."""

import strawberry

from common.graphql.user_errors import UserError, payload_of
from subgraphs.auth.events import RevokeReason
from subgraphs.auth.graphql.cookies import expired_cookie, refresh_token_in
from subgraphs.auth.graphql.info import Info
from subgraphs.auth.graphql.inputs import SignOutInput
from subgraphs.auth.graphql.types import Session
from subgraphs.auth.service.refresh import session_of
from subgraphs.auth.service.sessions import SessionService


@strawberry.type
class SignOutPayload:
    """The session that ended."""

    session: Session | None = strawberry.field(
        default=None, description="The session that ended; null if there was none."
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="What was wrong with the input; empty if nothing was."
    )


async def sign_out(info: Info, input: SignOutInput | None = None) -> SignOutPayload:
    """End the current session: that of the access token, else that of the refresh token. Takes the cookie
    away in any case, and does no harm when nobody is signed in."""
    parts, context = info.context.parts, info.context
    context.set_cookie(expired_cookie())

    async def leave() -> SignOutPayload:
        session_id = context.principal.session_id
        if session_id is not None:
            async with context.work() as work:
                row = await SessionService(work, context.clock).revoke(session_id, RevokeReason.SIGNED_OUT)
            return SignOutPayload(session=Session.from_row(row))
        given = input.refresh_token if input else None
        found = await session_of(parts, given or refresh_token_in(context.request.headers))
        if found is None:
            return SignOutPayload()
        user_id, session_id = found
        async with parts.work_as(user_id) as work:
            row = await SessionService(work, context.clock).revoke(session_id, RevokeReason.SIGNED_OUT)
        return SignOutPayload(session=Session.from_row(row))

    return await payload_of(SignOutPayload, leave())
