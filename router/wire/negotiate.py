"""Accept header → how to answer."""

from collections.abc import Iterator
from enum import StrEnum

from router.errors import ClientError, NotAcceptable


class ResponseMode(StrEnum):
    """The format of an answer.

    `EVENTS` carry any number of responses or the parts of one, `SUBSCRIPTION` any number of responses,
    `PARTS` the parts of one. Parts are written as the specification's draft has them, or as in 2022.
    """

    GRAPHQL = "application/graphql-response+json"
    JSON = "application/json"
    HTML = "text/html"
    EVENTS = "text/event-stream"
    EVENTS_2022 = "text/event-stream;deferSpec=20220824"
    SUBSCRIPTION = "multipart/mixed;subscriptionSpec=1.0"
    PARTS = "multipart/mixed"
    PARTS_2022 = "multipart/mixed;deferSpec=20220824"


RANGES = {
    "application/graphql-response+json": ResponseMode.GRAPHQL,
    "application/json": ResponseMode.JSON,
    "application/*": ResponseMode.JSON,
    "*/*": ResponseMode.JSON,
    "text/event-stream": ResponseMode.EVENTS,
    "multipart/mixed": ResponseMode.PARTS,
}
SPECIFIED = {
    (ResponseMode.EVENTS, "deferspec=20220824"): ResponseMode.EVENTS_2022,
    (ResponseMode.PARTS, "deferspec=20220824"): ResponseMode.PARTS_2022,
    (ResponseMode.PARTS, "subscriptionspec=1.0"): ResponseMode.SUBSCRIPTION,
}
EVENTS = (ResponseMode.EVENTS, ResponseMode.EVENTS_2022)
PARTS = (ResponseMode.PARTS, ResponseMode.PARTS_2022)
OF_2022 = (ResponseMode.EVENTS_2022, ResponseMode.PARTS_2022)
COMMON = {
    "*/*": ResponseMode.JSON,
    "application/json": ResponseMode.JSON,
    "application/graphql-response+json": ResponseMode.GRAPHQL,
}


def negotiate(accept: str | None) -> ResponseMode:
    """The format for a single response that the client likes best; of equals, the one it names first.

    Parts are for those who take nothing else: clients name them beside JSON for what may come in parts.
    """
    if not accept:
        return ResponseMode.JSON
    if accept in COMMON:
        return COMMON[accept]
    best = max(
        ((_is_for_one(mode), quality, -place, mode) for place, mode, quality in _accepted(accept)),
        default=None,
    )
    if best is None:
        raise NotAcceptable(
            "The answer can be application/graphql-response+json, application/json, text/event-stream "
            "or multipart/mixed."
        )
    return best[-1]


def stream_mode(accept: str | None) -> ResponseMode | None:
    """The format for many responses that the client likes best, if it takes any."""
    return _best(accept, (*EVENTS, ResponseMode.SUBSCRIPTION))


def parts_mode(accept: str | None) -> ResponseMode | None:
    """The format for one response in parts that the client likes best, if it takes any."""
    return _best(accept, (*EVENTS, *PARTS))


def _is_for_one(mode: ResponseMode) -> bool:
    return mode is not ResponseMode.SUBSCRIPTION and mode not in PARTS


def _best(accept: str | None, modes: tuple[ResponseMode, ...]) -> ResponseMode | None:
    if not accept or accept in COMMON:
        return None
    wanted = [(quality, -place, mode) for place, mode, quality in _accepted(accept) if mode in modes]
    return max(wanted)[-1] if wanted else None


def wants_page(accept: str | None) -> bool:
    """A person's browser asks, not a program: HTML is named, and liked better than JSON."""
    if not accept or "text/html" not in accept:
        return False
    quality = {name: _quality(parameters) for _, name, parameters in _ranges(accept)}
    json = max(quality.get(mode.value, 0.0) for mode in (ResponseMode.GRAPHQL, ResponseMode.JSON))
    return quality.get("text/html", 0.0) > json


def status_of(error: ClientError, mode: ResponseMode) -> int:
    """The HTTP status for an answer without data (GraphQL over HTTP §6.4)."""
    if mode is ResponseMode.JSON and error.json_status is not None:
        return error.json_status
    return error.status


def _accepted(accept: str) -> Iterator[tuple[int, ResponseMode, float]]:
    for place, name, parameters in _ranges(accept):
        mode, quality = RANGES.get(name), _quality(parameters)
        if mode is not None and quality > 0:
            for parameter in parameters:
                mode = SPECIFIED.get((mode, parameter.replace('"', "")), mode)
            yield place, mode, quality


def _ranges(accept: str) -> Iterator[tuple[int, str, list[str]]]:
    for place, media_range in enumerate(accept.split(",")):
        name, *parameters = (part.strip().lower() for part in media_range.split(";"))
        yield place, name, parameters


def _quality(parameters: list[str]) -> float:
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                return min(max(float(parameter[2:]), 0.0), 1.0)
            except ValueError:
                return 0.0
    return 1.0
