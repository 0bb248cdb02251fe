"""The ways a subgraph over HTTP can send events, for any function that gives them."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing
from typing import Any, TypeAlias

import aiohttp
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.websockets import WebSocket, WebSocketDisconnect

Payload: TypeAlias = Mapping[str, Any]
Listen: TypeAlias = Callable[[Payload, Mapping[str, str]], AsyncGenerator[Payload, None]]
"""(members of the request, its headers) → a response for each event."""


class Refused(Exception):
    """The subscription is answered with errors; `errors` are those."""

    def __init__(self, errors: list[Payload]) -> None:
        super().__init__("refused")
        self.errors = errors


class EventTransports:
    """`posted` answers a POST that asks for events, None if it does not; `socket` is a WebSocket."""

    def __init__(self, listen: Listen) -> None:
        self._listen = listen
        self._calling: set[asyncio.Task[None]] = set()
        self.sockets = 0
        self.checked: list[int] = []

    async def posted(self, request: Request) -> Response | None:
        """By what the router accepts."""
        accept = request.headers.get("accept", "")
        payload = await request.json()
        if "text/event-stream" in accept:
            events = self._sse(self._listen(payload, request.headers))
            return StreamingResponse(events, media_type="text/event-stream")
        if "subscriptionSpec" in accept:
            parts = self._parts(self._listen(payload, request.headers))
            return StreamingResponse(parts, media_type='multipart/mixed;boundary="-x"')
        if "callbackSpec" in accept:
            return await self._called_back(payload, request.headers)
        return None

    async def socket(self, socket: WebSocket) -> None:
        """graphql-transport-ws, any number of operations."""
        await socket.accept(subprotocol="graphql-transport-ws")
        self.sockets += 1
        sending: dict[str, asyncio.Task[None]] = {}
        try:
            while True:
                message = await socket.receive_json()
                match message["type"]:
                    case "connection_init":
                        await socket.send_json({"type": "ping"})
                        await socket.send_json({"type": "connection_ack"})
                    case "subscribe":
                        begun = self._over_socket(socket, message["id"], message["payload"])
                        sending[message["id"]] = asyncio.create_task(begun)
                    case "complete" if message["id"] in sending:
                        sending.pop(message["id"]).cancel()
                    case "ping":
                        await socket.send_json({"type": "pong"})
        except WebSocketDisconnect:
            pass
        finally:
            self.sockets -= 1
            for task in sending.values():
                task.cancel()
            await asyncio.gather(*sending.values(), return_exceptions=True)

    async def _over_socket(self, socket: WebSocket, id: str, payload: Payload) -> None:
        try:
            async with aclosing(self._listen(payload, socket.headers)) as events:
                async for event in events:
                    await socket.send_text(json.dumps({"id": id, "type": "next", "payload": event}))
            await socket.send_json({"id": id, "type": "complete"})
        except Refused as refused:
            await socket.send_json({"id": id, "type": "error", "payload": refused.errors})
        except ZeroDivisionError:
            await socket.close(1011)

    async def _sse(self, events: AsyncGenerator[Payload, None]) -> AsyncIterator[str]:
        yield ":\n\n"
        async with aclosing(events):
            try:
                async for event in events:
                    id = event.get("extensions", {}).get("eventId")
                    place = "" if id is None else f"id: {id}\r\n"
                    yield f"event: next\r\n{place}data: {json.dumps(event)}\r\n\r\n"
            except Refused as refused:
                yield f"event: next\ndata: {json.dumps({'errors': refused.errors})}\n\n"
        yield "event: complete\ndata:\n\n"

    async def _parts(self, events: AsyncGenerator[Payload, None]) -> AsyncIterator[str]:
        head = "\r\ncontent-type: application/json\r\n\r\n"
        yield f"\r\n---x{head}{{}}\r\n---x"
        async with aclosing(events):
            try:
                async for event in events:
                    yield f"{head}{json.dumps({'payload': event})}\r\n---x"
            except Refused as refused:
                yield f"{head}{json.dumps({'payload': None, 'errors': refused.errors})}\r\n---x"
        yield "--\r\n"

    async def _called_back(self, payload: Payload, headers: Mapping[str, str]) -> Response:
        asked = payload["extensions"]["subscription"]
        session = aiohttp.ClientSession()
        told = await self._call(session, asked, action="check")
        self.checked.append(told)
        events = self._listen(payload, headers)
        calling = asyncio.create_task(self._call_with(session, asked, events))
        self._calling.add(calling)
        calling.add_done_callback(self._calling.discard)
        return JSONResponse({"data": None})

    async def _call_with(
        self, session: aiohttp.ClientSession, asked: Payload, events: AsyncGenerator[Payload, None]
    ) -> None:
        async with session, aclosing(events):
            try:
                async for event in events:
                    if await self._call(session, asked, action="next", payload=event) == 404:
                        return
                await self._call(session, asked, action="complete")
            except Refused as refused:
                await self._call(session, asked, action="complete", errors=refused.errors)
            except ZeroDivisionError:
                return

    async def _call(self, session: aiohttp.ClientSession, asked: Payload, **message: Any) -> int:
        body = {"kind": "subscription", "id": asked["subscriptionId"], "verifier": asked["verifier"]}
        async with session.post(asked["callbackUrl"], json=body | message) as response:
            return response.status
