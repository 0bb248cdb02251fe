"""Errors a person can mend, in the payload of a mutation; the others stay top-level errors."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import strawberry

from common.errors import DomainError, Kind

PayloadT = TypeVar("PayloadT")


@strawberry.interface
class UserError:
    """Why a mutation did not do what was asked."""

    message: str = strawberry.field(description="A sentence for people.")
    code: str = strawberry.field(description="Stable, for programs.")
    path: list[str] = strawberry.field(description="The input at fault; empty if it is no single one.")


@strawberry.federation.type(shareable=True)
class InvalidInputError(UserError):
    """A value of the input cannot be used."""


@strawberry.federation.type(shareable=True)
class ConflictError(UserError):
    """The input is fine, but does not fit what is there by now."""


@strawberry.federation.type(shareable=True)
class NotFoundError(UserError):
    """Something that the input names does not exist, or may not be seen."""


_TYPES: dict[Kind, type[InvalidInputError] | type[ConflictError] | type[NotFoundError]] = {
    Kind.INVALID: InvalidInputError,
    Kind.CONFLICT: ConflictError,
    Kind.NOT_FOUND: NotFoundError,
}

USER_ERRORS: tuple[type, ...] = (InvalidInputError, ConflictError, NotFoundError)
"""For `build_schema(types=...)`: no field names them, only the interface."""


def user_error_of(error: DomainError) -> UserError | None:
    """The payload error that stands for a refusal, None if it is not the input's fault."""
    kind = _TYPES.get(error.kind)
    if kind is None:
        return None
    return kind(message=error.message, code=error.code, path=[str(step) for step in error.path])


async def payload_of(payload: Callable[..., PayloadT], change: Awaitable[PayloadT]) -> PayloadT:
    """What the change gives, or a payload with only `errors` if the domain refused it for its input."""
    try:
        return await change
    except DomainError as error:
        shown = user_error_of(error)
        if shown is None:
            raise
        return payload(errors=[shown])
