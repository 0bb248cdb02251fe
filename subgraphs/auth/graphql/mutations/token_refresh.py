"""tokenRefresh: the next access token, in the same or another organisation."""

import strawberry

from common.graphql.entities import local_id
from common.graphql.user_errors import UserError, payload_of
from subgraphs.auth.errors import RefreshTokenRejected
from subgraphs.auth.graphql.cookies import expired_cookie, refresh_cookie, refresh_token_in
from subgraphs.auth.graphql.info import Info, origin_of
from subgraphs.auth.graphql.inputs import TokenRefreshInput
from subgraphs.auth.graphql.types import SignedIn
from subgraphs.auth.service.refresh import refresh


@strawberry.type
class TokenRefreshPayload:
    """The tokens, or why there are none."""

    signed_in: SignedIn | None = strawberry.field(default=None, description="The session, carried on.")
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="What was wrong with the input; empty if nothing was."
    )


async def token_refresh(info: Info, input: TokenRefreshInput | None = None) -> TokenRefreshPayload:
    """Carry the session on, and choose the organization to act in.

    The refresh token comes from the cookie or the input and works once. It goes back the way it came: what
    a cookie held is never shown to a script.
    """
    wanted = input or TokenRefreshInput()

    async def carry_on() -> TokenRefreshPayload:
        here = local_id(wanted.organization_id, "Organization") if wanted.organization_id else None
        if wanted.refresh_token is not None:
            grant = await refresh(
                info.context.parts, wanted.refresh_token, organisation_id=here, origin=origin_of(info)
            )
            return TokenRefreshPayload(signed_in=SignedIn.from_grant(grant, shows_refresh_token=True))
        token = refresh_token_in(info.context.request.headers)
        try:
            grant = await refresh(info.context.parts, token, organisation_id=here, origin=origin_of(info))
        except RefreshTokenRejected:
            info.context.set_cookie(expired_cookie())
            raise
        now = info.context.clock.now()
        info.context.set_cookie(
            refresh_cookie(grant.refresh_token, expires_at=grant.refresh_expires_at, now=now)
        )
        return TokenRefreshPayload(signed_in=SignedIn.from_grant(grant, shows_refresh_token=False))

    return await payload_of(TokenRefreshPayload, carry_on())
