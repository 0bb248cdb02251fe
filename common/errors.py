"""What a domain refuses, and why: the one error a client may read."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID


class Kind(StrEnum):
    """What sort of refusal it is; decides how it travels (payload error or top-level error)."""

    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    FORBIDDEN = "forbidden"
    UNAUTHENTICATED = "unauthenticated"
    INVALID = "invalid"
    UNAVAILABLE = "unavailable"


class DomainError(Exception):
    """A refusal that is always fit to show: class-level `code` and `kind`, a sentence for the caller.

    `path` names the input that is at fault (`("input", "email")`), `extensions` carry what a program
    may want to read beside the code.
    """

    code: ClassVar[str] = "DOMAIN_ERROR"
    kind: ClassVar[Kind] = Kind.INVALID

    def __init__(
        self,
        message: str,
        *,
        path: Sequence[str | int] = (),
        extensions: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.path = tuple(path)
        self.extensions: Mapping[str, Any] = dict(extensions or {})


class NotFound(DomainError):
    """There is no such thing, or the caller may not know of it."""

    code = "NOT_FOUND"
    kind = Kind.NOT_FOUND

    def __init__(self, what: str, id: UUID | str, *, path: Sequence[str | int] = ()) -> None:
        super().__init__(f"There is no {what} {str(id)!r}.", path=path)


class Forbidden(DomainError):
    """The caller is known and may not."""

    code = "FORBIDDEN"
    kind = Kind.FORBIDDEN


class Unauthenticated(DomainError):
    """The caller has to sign in first."""

    code = "UNAUTHENTICATED"
    kind = Kind.UNAUTHENTICATED

    def __init__(self, message: str = "Sign in first.") -> None:
        super().__init__(message)


class InvalidInput(DomainError):
    """A value the caller gave cannot be used."""

    code = "INVALID_INPUT"
    kind = Kind.INVALID


class VersionConflict(DomainError):
    """Somebody changed the thing since the caller read it."""

    code = "VERSION_CONFLICT"
    kind = Kind.CONFLICT

    def __init__(self, *, expected: int, current: int) -> None:
        super().__init__(
            f"This was changed meanwhile: version {expected} was expected, {current} is current.",
            path=("input", "expectedVersion"),
            extensions={"currentVersion": current},
        )


def require_version(expected: int | None, current: int) -> None:
    """Go on only from the version the caller read; without one, from any."""
    if expected is not None and expected != current:
        raise VersionConflict(expected=expected, current=current)


def require(allowed: bool, message: str = "You may not do this.") -> None:
    """Go on only if a policy allowed it."""
    if not allowed:
        raise Forbidden(message)
