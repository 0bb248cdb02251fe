"""Fetched → Answer: shaped as the client asked, and without what only we should see."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from router.access.withheld import unauthorised
from router.compiled.running import Running
from router.context import RequestContext
from router.executor.asked_at import subgraph_asked_at
from router.pipeline.router import Router
from router.pipeline.values import Answer, Planned, Received, Validated
from router.plan.result import Fetched, FetchError, Part
from router.projection.project import project as shape_data
from router.subgraph_client.protocol import Failure
from router.wire.encode import MASKED, new_error_id

log = logging.getLogger(__name__)

# SUBGRAPH_ERROR stands for an error to which its subgraph gave no code.
UNSAFE_CODES = frozenset({"INTERNAL_SERVER_ERROR", "DOWNSTREAM_SERVICE_ERROR", "SUBGRAPH_ERROR"})
UNSAFE_EXTENSIONS = frozenset(
    {"exception", "stacktrace", "stack", "trace", "traceback", "debug", "originalError"}
)


async def project(
    received: Received,
    validated: Validated,
    planned: Planned,
    fetched: Fetched | Running,
    router: Router,
) -> Answer:
    """The client's response, errors masked."""
    if isinstance(fetched, Running):
        data = fetched.project()
        if data is not None:
            router.counts.compiled += 1
            return Answer(data=data)
        running, fetched = fetched, await fetched.taken_over()
        router.counts.take_over(running.reason, running.repeated)
    if planned.withheld:
        missing = unauthorised(fetched.data, planned.withheld, validated.variables)
        fetched = replace(fetched, errors=[*fetched.errors, *missing])
    result = shape_data(fetched, planned.shape, validated.variables)
    named = _named(result.errors, planned)
    errors = (_shown(error, received.context, router) for error in named)
    return Answer(data=result.data, errors=tuple(errors))


def _named(errors: Iterable[FetchError], planned: Planned) -> Iterator[FetchError]:
    """The errors, those about values that do not fit with the subgraph that was asked for them."""
    known: dict[tuple[str | int, ...], str | None] = {}
    for error in errors:
        if error.path is None or "service" in error.extensions or not _is_misfit(error):
            yield error
            continue
        place = tuple(0 if isinstance(step, int) else step for step in error.path)
        if place not in known:
            known[place] = subgraph_asked_at(planned.plan, place)
        subgraph = known[place]
        told = {} if subgraph is None else {"service": subgraph}
        yield replace(error, extensions={**error.extensions, **told})


def _is_misfit(error: FetchError) -> bool:
    return error.extensions.get("code") == Failure.BAD_RESPONSE


def shown_part(part: Part[FetchError], received: Received, router: Router) -> Part[Mapping[str, Any]]:
    """One part of the client's response, errors masked."""
    return part.telling(lambda error: _shown(error, received.context, router))


def _shown(error: FetchError, context: RequestContext, router: Router) -> Mapping[str, Any]:
    """One entry of `errors`: whole when its code says that it is meant for clients, else masked."""
    if not router.settings.mask_errors:
        return _entry(error.message, error, error.extensions)
    code = error.extensions.get("code")
    if isinstance(code, str) and code not in UNSAFE_CODES:
        safe = {name: value for name, value in error.extensions.items() if name not in UNSAFE_EXTENSIONS}
        return _entry(error.message, error, safe)
    service, error_id = error.extensions.get("service"), new_error_id()
    log.error(
        "an error of a subgraph was masked: %s",
        error.message,
        extra={
            "request_id": context.request_id,
            "error_id": error_id,
            "subgraph": service,
            "path": error.path,
            "extensions": error.extensions,
        },
    )
    masked: dict[str, Any] = {
        "code": "INTERNAL_SERVER_ERROR",
        "errorId": error_id,
        "requestId": context.request_id,
    }
    if service is not None:
        masked["service"] = service
    return _entry(MASKED, error, masked)


def _entry(message: str, error: FetchError, extensions: Mapping[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {"message": message}
    if error.path is not None:
        shown["path"] = list(error.path)
    shown["extensions"] = dict(extensions)
    return shown
