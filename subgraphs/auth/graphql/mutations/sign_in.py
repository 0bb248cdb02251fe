"""signIn: e-mail address and password for a session."""

from subgraphs.auth.graphql.cookies import refresh_cookie
from subgraphs.auth.graphql.info import Info, origin_of
from subgraphs.auth.graphql.inputs import RefreshTokenDelivery, SignInInput
from subgraphs.auth.graphql.types import SignedIn, SignInRejected, SignInRejection, SignInResult
from subgraphs.auth.service.grants import Grant
from subgraphs.auth.service.sign_in import Rejected
from subgraphs.auth.service.sign_in import sign_in as sign_in_person


async def sign_in(info: Info, input: SignInInput) -> SignInResult:
    """Start a session. Unknown address, wrong password and suspended account get the same refusal."""
    outcome = await sign_in_person(
        info.context.parts, email=input.email, password=input.password, origin=origin_of(info)
    )
    match outcome:
        case Rejected():
            return _refusal(outcome)
        case Grant():
            is_for_browser = input.delivery is not RefreshTokenDelivery.BODY
            if is_for_browser:
                info.context.set_cookie(
                    refresh_cookie(
                        outcome.refresh_token,
                        expires_at=outcome.refresh_expires_at,
                        now=info.context.clock.now(),
                    )
                )
            return SignedIn.from_grant(outcome, shows_refresh_token=not is_for_browser)


def _refusal(rejected: Rejected) -> SignInRejected:
    seconds = rejected.retry_after_seconds
    if seconds is None:
        return SignInRejected(
            message="E-mail address or password are not right.",
            reason=SignInRejection.INVALID_CREDENTIALS,
            retry_after_seconds=None,
        )
    return SignInRejected(
        message="Too many attempts. Try again later.",
        reason=SignInRejection.TOO_MANY_ATTEMPTS,
        retry_after_seconds=seconds,
    )
