"""What can go wrong in auth, each with its code.

Nothing here tells a stranger whether a person, a session or a key exists.
"""

from typing import ClassVar

from common.errors import DomainError, Kind


class RefreshTokenRejected(DomainError):
    """The refresh token is unknown, used, expired, or its session has ended."""

    code: ClassVar[str] = "REFRESH_TOKEN_REJECTED"
    kind: ClassVar[Kind] = Kind.UNAUTHENTICATED

    def __init__(self) -> None:
        super().__init__("This session cannot be continued. Sign in again.")


class OrganizationNotJoined(DomainError):
    """The person is not a member of the organisation asked for."""

    code: ClassVar[str] = "ORGANIZATION_NOT_JOINED"
    kind: ClassVar[Kind] = Kind.NOT_FOUND

    def __init__(self) -> None:
        super().__init__("You are not a member of this organization.", path=("input", "organizationId"))


class PasswordTooWeak(DomainError):
    """The password does not meet the rules."""

    code: ClassVar[str] = "PASSWORD_TOO_WEAK"
    kind: ClassVar[Kind] = Kind.INVALID

    def __init__(self, reason: str, *, field: str) -> None:
        super().__init__(reason, path=("input", field))


class PasswordWrong(DomainError):
    """The present password, asked for before a sensitive act, was wrong."""

    code: ClassVar[str] = "PASSWORD_WRONG"
    kind: ClassVar[Kind] = Kind.INVALID

    def __init__(self) -> None:
        super().__init__("The current password is not right.", path=("input", "currentPassword"))


class OneTimeTokenRejected(DomainError):
    """The link is unknown, used or expired."""

    code: ClassVar[str] = "ONE_TIME_TOKEN_REJECTED"
    kind: ClassVar[Kind] = Kind.INVALID

    def __init__(self) -> None:
        super().__init__("This link is no longer valid. Ask for a new one.", path=("input", "token"))


class TooManyAttempts(DomainError):
    """Passwords were tried too often from here; it opens again by itself."""

    code: ClassVar[str] = "TOO_MANY_ATTEMPTS"
    kind: ClassVar[Kind] = Kind.CONFLICT

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__(
            f"Too many attempts. Try again in {retry_after_seconds} seconds.",
            extensions={"retryAfterSeconds": retry_after_seconds},
        )
        self.retry_after_seconds = retry_after_seconds


class SignInBusy(DomainError):
    """More passwords wait to be checked than this process can do in time."""

    code: ClassVar[str] = "SIGN_IN_BUSY"
    kind: ClassVar[Kind] = Kind.UNAVAILABLE

    def __init__(self) -> None:
        super().__init__("Too many people sign in at this moment. Try again in a few seconds.")


class DirectoryUnavailable(DomainError):
    """The domain that knows people or applications does not answer."""

    code: ClassVar[str] = "DIRECTORY_UNAVAILABLE"
    kind: ClassVar[Kind] = Kind.UNAVAILABLE

    def __init__(self) -> None:
        super().__init__("This cannot be decided at the moment. Try again in a few seconds.")


class SessionNotFound(DomainError):
    """No such session among those the caller may see."""

    code: ClassVar[str] = "SESSION_NOT_FOUND"
    kind: ClassVar[Kind] = Kind.NOT_FOUND

    def __init__(self) -> None:
        super().__init__("There is no such session.", path=("input", "id"))


class ApplicationNotFound(DomainError):
    """No such application in the caller's organisation."""

    code: ClassVar[str] = "APPLICATION_NOT_FOUND"
    kind: ClassVar[Kind] = Kind.NOT_FOUND

    def __init__(self) -> None:
        super().__init__("There is no such application.", path=("input", "applicationId"))


class ApiKeyNotFound(DomainError):
    """No such key in the caller's organisation."""

    code: ClassVar[str] = "API_KEY_NOT_FOUND"
    kind: ClassVar[Kind] = Kind.NOT_FOUND

    def __init__(self) -> None:
        super().__init__("There is no such API key.", path=("input", "id"))


class ApiKeyNotActive(DomainError):
    """The key was revoked, replaced or has expired, so it cannot be rotated."""

    code: ClassVar[str] = "API_KEY_NOT_ACTIVE"
    kind: ClassVar[Kind] = Kind.CONFLICT

    def __init__(self) -> None:
        super().__init__("This API key is no longer active.", path=("input", "id"))


class ApiKeyNameInvalid(DomainError):
    """The name is empty or too long."""

    code: ClassVar[str] = "API_KEY_NAME_INVALID"
    kind: ClassVar[Kind] = Kind.INVALID

    def __init__(self) -> None:
        super().__init__("A key needs a name of 1 to 100 printable characters.", path=("input", "name"))


class ScopesNotHeld(DomainError):
    """Nobody gives away a permission that they do not have."""

    code: ClassVar[str] = "SCOPES_NOT_HELD"
    kind: ClassVar[Kind] = Kind.INVALID

    def __init__(self, scopes: tuple[str, ...]) -> None:
        super().__init__(
            f"You cannot grant what you may not do yourself: {', '.join(scopes)}.",
            path=("input", "scopes"),
            extensions={"scopes": list(scopes)},
        )


class ScopesInvalid(DomainError):
    """The scopes are empty, too many or not written like permissions."""

    code: ClassVar[str] = "SCOPES_INVALID"
    kind: ClassVar[Kind] = Kind.INVALID

    def __init__(self, reason: str) -> None:
        super().__init__(reason, path=("input", "scopes"))


class ExpiryInvalid(DomainError):
    """The time lies in the past or too far away."""

    code: ClassVar[str] = "EXPIRY_INVALID"
    kind: ClassVar[Kind] = Kind.INVALID

    def __init__(self, reason: str, *, field: str) -> None:
        super().__init__(reason, path=("input", field))
