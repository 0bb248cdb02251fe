"""What mutations of auth are given."""

from datetime import datetime
from enum import Enum

import strawberry


@strawberry.enum
class RefreshTokenDelivery(Enum):
    """How the refresh token travels."""

    COOKIE = strawberry.enum_value(
        "cookie", description="In a cookie that no script can read: for everything that runs in a browser."
    )
    BODY = strawberry.enum_value(
        "body", description="In the answer: for programs that keep secrets by themselves."
    )


@strawberry.input(description="E-mail address and password.")
class SignInInput:
    """Who wants in."""

    email: str = strawberry.field(description="The person's address, in any case.")
    password: str = strawberry.field(description="Their password.")
    delivery: RefreshTokenDelivery | None = strawberry.field(
        default=None, description="How the refresh token travels; in a cookie if not given."
    )


@strawberry.input(description="Which session to carry on, and where.")
class TokenRefreshInput:
    """How a session goes on."""

    organization_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="The organization to act in from now on; without it the session stays where it is.",
    )
    refresh_token: str | None = strawberry.field(
        default=None,
        description="For clients without cookies. The next one travels the way this one came.",
    )


@strawberry.input(description="Which session to end.")
class SignOutInput:
    """Who leaves."""

    refresh_token: str | None = strawberry.field(
        default=None, description="For clients without cookies whose access token has expired."
    )


@strawberry.input(description="Which session to end.")
class SessionRevokeInput:
    """One session."""

    id: strawberry.ID = strawberry.field(description="The session.")


@strawberry.input(description="Which of one's own sessions to end.")
class SessionRevokeAllInput:
    """All of one's sessions."""

    except_current: bool = strawberry.field(
        default=True, description="Keep the session this request was made with."
    )


@strawberry.input(description="A password for the person who got the link.")
class PasswordSetInput:
    """A first password."""

    token: str = strawberry.field(description="The token of the link; works once.")
    password: str = strawberry.field(description="12 to 256 characters.")


@strawberry.input(description="A new password for the person who asks.")
class PasswordChangeInput:
    """Another password."""

    current_password: str = strawberry.field(description="The one that is valid now.")
    new_password: str = strawberry.field(description="12 to 256 characters.")


@strawberry.input(description="What the new key is for.")
class ApiKeyCreateInput:
    """A key to make."""

    application_id: strawberry.ID = strawberry.field(
        description="The application the key stands for, of the current organization."
    )
    name: str = strawberry.field(description="What people call it; 1 to 100 characters.")
    scopes: list[str] = strawberry.field(
        description="What it permits, such as `applications:read`; nothing the caller may not do."
    )
    expires_at: datetime | None = strawberry.field(
        default=None, description="When it stops working, within five years; never without it."
    )


@strawberry.input(description="Which key to replace.")
class ApiKeyRotateInput:
    """A key to replace."""

    id: strawberry.ID = strawberry.field(description="The key.")
    grace_seconds: int = strawberry.field(
        default=3600, description="How long the old key still works: 0 to 604800 seconds."
    )


@strawberry.input(description="Which key to revoke.")
class ApiKeyRevokeInput:
    """A key to revoke."""

    id: strawberry.ID = strawberry.field(description="The key.")
