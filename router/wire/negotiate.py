"""Accept header → how to answer."""

from collections.abc import Iterator
from enum import StrEnum

from router.errors import ClientError, NotAcceptable


class ResponseMode(StrEnum):
    """The content type of an answer."""

    GRAPHQL = "application/graphql-response+json"
    JSON = "application/json"
    HTML = "text/html"


RANGES = {
    "application/graphql-response+json": ResponseMode.GRAPHQL,
    "application/json": ResponseMode.JSON,
    "application/*": ResponseMode.JSON,
    "*/*": ResponseMode.JSON,
}
COMMON = {
    "*/*": ResponseMode.JSON,
    "application/json": ResponseMode.JSON,
    "application/graphql-response+json": ResponseMode.GRAPHQL,
}


def negotiate(accept: str | None) -> ResponseMode:
    """The JSON type that the client likes best; of equals, the one it names first."""
    if not accept:
        return ResponseMode.JSON
    if accept in COMMON:
        return COMMON[accept]
    wanted = [(quality, -place, RANGES[name]) for place, name, quality in _ranges(accept) if name in RANGES]
    best = max(wanted, default=None)
    if best is None or best[0] <= 0:
        raise NotAcceptable("The answer can be application/graphql-response+json or application/json.")
    return best[2]


def wants_page(accept: str | None) -> bool:
    """A person's browser asks, not a program: HTML is named, and liked better than JSON."""
    if not accept or "text/html" not in accept:
        return False
    quality = {name: quality for _, name, quality in _ranges(accept)}
    json = max(quality.get(mode.value, 0.0) for mode in (ResponseMode.GRAPHQL, ResponseMode.JSON))
    return quality.get("text/html", 0.0) > json


def status_of(error: ClientError, mode: ResponseMode) -> int:
    """The HTTP status for an answer without data (GraphQL over HTTP §6.4)."""
    if mode is ResponseMode.JSON and error.json_status is not None:
        return error.json_status
    return error.status


def _ranges(accept: str) -> Iterator[tuple[int, str, float]]:
    for place, media_range in enumerate(accept.split(",")):
        name, *parameters = (part.strip().lower() for part in media_range.split(";"))
        yield place, name, _quality(parameters)


def _quality(parameters: list[str]) -> float:
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                return min(max(float(parameter[2:]), 0.0), 1.0)
            except ValueError:
                return 0.0
    return 1.0
