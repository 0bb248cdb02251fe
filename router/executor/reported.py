"""What a subgraph reports, as failures: its own errors, or that it gave no proper answer."""

from collections.abc import Mapping
from typing import Any

from router.executor.located import Failure, Place
from router.plan.nodes import Fetch
from router.subgraph_client.protocol import Failure as Unanswered
from router.subgraph_client.protocol import SubgraphUnavailable

Json = Any

MAX_ERRORS = 1_000
"""How many errors of one answer are looked at."""

_WITHOUT_CODE = "SUBGRAPH_ERROR"


def failure(fetch: Fetch, message: str, code: str) -> Failure:
    """A failure of the fetch's subgraph."""
    return Failure(message=message, extensions={"code": code, "service": fetch.subgraph})


def unavailable(fetch: Fetch, away: SubgraphUnavailable) -> Failure:
    """The subgraph could not be asked."""
    return failure(fetch, str(away), away.code)


def bad_response(fetch: Fetch, sentence: str) -> Failure:
    """The subgraph answered something that is no answer to the question."""
    return failure(fetch, f"Subgraph {fetch.subgraph!r} {sentence}.", Unanswered.BAD_RESPONSE)


def failure_of(fetch: Fetch, error: Mapping[str, Json]) -> Failure:
    """A subgraph's own error: its message and extensions, with a code and the subgraph's name."""
    message = error.get("message")
    extensions = error.get("extensions")
    extensions = dict(extensions) if isinstance(extensions, Mapping) else {}
    if not isinstance(extensions.get("code"), str):
        extensions["code"] = _WITHOUT_CODE
    extensions["service"] = fetch.subgraph
    sentence = message if isinstance(message, str) else f"Subgraph {fetch.subgraph!r} reports an error."
    return Failure(message=sentence, extensions=extensions)


def path_of(error: Mapping[str, Json]) -> Place | None:
    """The path of an error in the subgraph's answer; None if it has none that can be used."""
    path = error.get("path")
    if not isinstance(path, list | tuple) or not path:
        return None
    if not all(isinstance(step, str | int) and not isinstance(step, bool) for step in path):
        return None
    return tuple(path)
