"""Errors as the graph shows them: a DomainError with its code, everything else masked and logged."""

from collections.abc import Iterable
from typing import Any, Final

from graphql import GraphQLError

from common.errors import DomainError
from common.telemetry.logs import get_log

PARSE_FAILED: Final = "GRAPHQL_PARSE_FAILED"
VALIDATION_FAILED: Final = "GRAPHQL_VALIDATION_FAILED"
BAD_USER_INPUT: Final = "BAD_USER_INPUT"
INTERNAL: Final = "INTERNAL_SERVER_ERROR"
MASKED_MESSAGE: Final = "Something went wrong here."

_log = get_log(__name__)


def all_shown(errors: Iterable[GraphQLError]) -> tuple[dict[str, Any], ...]:
    """The errors as they stand in an answer; one cause at many places is logged once."""
    logged: set[int] = set()
    return tuple(shown(error, logged=logged) for error in errors)


def shown(
    error: GraphQLError, *, code: str = BAD_USER_INPUT, logged: set[int] | None = None
) -> dict[str, Any]:
    """The error as it stands in an answer. `code` is for errors that graphql-core itself found.

    `logged` holds the causes (by identity) that need no further line in the log.
    """
    located = error.formatted
    entry: dict[str, Any] = {"message": located["message"]}
    for name in ("locations", "path"):
        if name in located:
            entry[name] = located[name]
    cause = _cause(error)
    match cause:
        case DomainError():
            entry["message"] = cause.message
            entry["extensions"] = {**cause.extensions, "code": cause.code}
        case None:
            entry["extensions"] = {"code": code, **(error.extensions or {})}
        case _:
            if logged is None or id(cause) not in logged:
                _log.error("resolver.failed", path=_path_text(error), exc_info=cause)
            if logged is not None:
                logged.add(id(cause))
            entry["message"] = MASKED_MESSAGE
            entry["extensions"] = {"code": INTERNAL}
    return entry


def _cause(error: GraphQLError) -> BaseException | None:
    """What was raised below graphql-core's own wrappings, None if graphql-core itself complains."""
    cause: BaseException | None = error.original_error
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    return cause


def _path_text(error: GraphQLError) -> str:
    return ".".join(str(step) for step in error.path or ())
