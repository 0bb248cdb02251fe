"""A subgraph that does what the document's only field says, reachable in process and over HTTP alike."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from router.subgraph_client.protocol import SubgraphRequest, SubgraphResponse

COOKIES = ("__Host-atrium-refresh=r2; Secure; HttpOnly; Path=/", "other=1")


@dataclass(slots=True)
class ScriptedSubgraph:
    """`asked` counts questions, `listeners` open subscriptions."""

    asked: int = 0
    listeners: int = 0
    seen_headers: list[Mapping[str, str]] = field(default_factory=list)

    async def execute(self, request: SubgraphRequest) -> SubgraphResponse:
        """In process."""
        return await self._answer(
            request.document, request.operation_name, request.variables, request.context.headers
        )

    async def subscribe(self, request: SubgraphRequest) -> AsyncIterator[SubgraphResponse]:
        """In process."""
        self.seen_headers.append(request.context.headers)
        async for response in self._events(request.document):
            yield response

    def app(self) -> Starlette:
        """Over HTTP."""
        return Starlette(routes=[Route("/", self._http, methods=["POST"]), WebSocketRoute("/", self._socket)])

    async def _answer(
        self, document: str, name: str | None, variables: Mapping[str, Any], headers: Mapping[str, str]
    ) -> SubgraphResponse:
        self.asked += 1
        self.seen_headers.append(headers)
        match document:
            case "{echo}":
                return SubgraphResponse(data={"name": name, "variables": dict(variables)})
            case "{partly}":
                error = {"message": "no", "path": ["b"], "extensions": {"code": "NOT_FOUND"}}
                return SubgraphResponse(data={"a": 1, "b": None}, errors=(error,), extensions={"x": 1})
            case "{nothing}":
                return SubgraphResponse(data=None, errors=({"message": "no"},))
            case "{slow}":
                await asyncio.sleep(3600)
            case "{cookies}":
                return SubgraphResponse(data={}, set_cookies=COOKIES)
        raise ZeroDivisionError(document)

    async def _events(self, document: str) -> AsyncIterator[SubgraphResponse]:
        self.listeners += 1
        try:
            match document:
                case "subscription{three}":
                    for n in range(3):
                        yield SubgraphResponse(data={"n": n})
                case "subscription{endless}":
                    while True:
                        yield SubgraphResponse(data={"n": 0})
                        await asyncio.sleep(0.001)
                case "subscription{refused}":
                    yield SubgraphResponse(data=None, errors=({"message": "no"},))
                case _:
                    yield SubgraphResponse(data={"n": 0})
                    raise ZeroDivisionError(document)
        finally:
            self.listeners -= 1

    async def _http(self, request: Request) -> Response:
        asked = await request.json()
        response = await self._answer(
            asked["query"], asked.get("operationName"), asked.get("variables", {}), request.headers
        )
        answer = JSONResponse(_payload(response))
        for cookie in response.set_cookies:
            answer.headers.append("set-cookie", cookie)
        return answer

    async def _socket(self, socket: WebSocket) -> None:
        await socket.accept(subprotocol="graphql-transport-ws")
        self.seen_headers.append(socket.headers)
        assert (await socket.receive_json())["type"] == "connection_init"
        await socket.send_json({"type": "ping"})
        await socket.send_json({"type": "connection_ack"})
        message = await self._next(socket)
        sending = asyncio.create_task(self._send(socket, message["id"], message["payload"]["query"]))
        leaving = asyncio.create_task(self._left(socket))
        try:
            await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (sending, leaving):
                task.cancel()
            await asyncio.gather(sending, leaving, return_exceptions=True)

    async def _next(self, socket: WebSocket) -> Any:
        while (message := await socket.receive_json())["type"] != "subscribe":
            assert message["type"] == "pong"
        return message

    async def _send(self, socket: WebSocket, id: str, document: str) -> None:
        events = self._events(document)
        try:
            async for response in events:
                kind = "next" if response.data is not None else "error"
                payload = _payload(response) if kind == "next" else list(response.errors)
                await socket.send_text(json.dumps({"id": id, "type": kind, "payload": payload}))
                if kind == "error":
                    return
            await socket.send_json({"id": id, "type": "complete"})
        except ZeroDivisionError:
            await socket.close(1011)
        finally:
            await events.aclose()  # type: ignore[attr-defined]

    async def _left(self, socket: WebSocket) -> None:
        try:
            while True:
                await socket.receive_json()
        except WebSocketDisconnect:
            return


def _payload(response: SubgraphResponse) -> dict[str, Any]:
    payload: dict[str, Any] = {"data": response.data}
    if response.errors:
        payload["errors"] = list(response.errors)
    if response.extensions:
        payload["extensions"] = dict(response.extensions)
    return payload
