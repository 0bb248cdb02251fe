"""A subgraph as a process of its own: it counts the time since a moment, so that it goes on after its death.

    python -m tests.fakes.ticking PORT BEGINNING TICK

Tick n happens at BEGINNING + n * TICK (seconds since the epoch). A subscription hears of each tick from its
beginning, or from behind its last event, on.
"""

import asyncio
import re
import sys
import time
from collections.abc import AsyncGenerator, Mapping
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute

from tests.fakes.event_transports import EventTransports

SDL = "type Query { ok: Boolean } type Subscription { ticked(lane: Int!): Int! }"


def app(beginning: float, tick: float) -> Starlette:
    """The subgraph."""

    async def listen(
        payload: Mapping[str, Any], headers: Mapping[str, str]
    ) -> AsyncGenerator[Mapping[str, Any], None]:
        given = payload.get("extensions", {}).get("lastEventId")
        last = int((time.time() - beginning) / tick) if given is None else int(given)
        while True:
            last += 1
            await asyncio.sleep(max(beginning + last * tick - time.time(), 0))
            yield {"data": {name_in(payload["query"]): last}, "extensions": {"eventId": str(last)}}

    transports = EventTransports(listen)

    async def post(request: Request) -> Response:
        return await transports.posted(request) or JSONResponse({"data": {"ok": True}})

    return Starlette(
        routes=[Route("/graphql", post, methods=["POST"]), WebSocketRoute("/graphql", transports.socket)]
    )


def name_in(document: str) -> str:
    """The response key of a document's only field: `{a:b(c:$c)}` or `{b(c:$c)}`."""
    found = re.search(r"\{\s*(\w+)", document)
    assert found is not None, document
    return found[1]


if __name__ == "__main__":
    uvicorn.run(app(float(sys.argv[2]), float(sys.argv[3])), port=int(sys.argv[1]), log_config=None)
