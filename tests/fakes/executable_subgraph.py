"""A small real subgraph on graphql-core: entities, errors, cookies and events, in process and over HTTP."""

import asyncio
import inspect
import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    ExecutionResult,
    GraphQLError,
    GraphQLResolveInfo,
    build_schema,
    graphql,
    parse,
    subscribe,
)
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from common.access.principal import Principal
from router.subgraph_client.protocol import SubgraphRequest, SubgraphResponse

Info = GraphQLResolveInfo[Any]
Resolver = Callable[..., Any]


@dataclass(slots=True)
class Call:
    """One question as the subgraph saw it; resolvers get it as `info.context`."""

    document: str
    variables: Mapping[str, Any]
    headers: Mapping[str, str]
    principal: Principal | None = None
    client_address: str | None = None
    body: bytes = b""
    set_cookies: list[str] = field(default_factory=list)


class ExecutableSubgraph:
    """`resolvers`: `Type.field` → function of (source, info, **arguments); `entities`: type → loader."""

    def __init__(
        self,
        sdl: str,
        resolvers: Mapping[str, Resolver],
        entities: Mapping[str, Callable[[Mapping[str, Any]], Any]] | None = None,
    ) -> None:
        self.schema = build_schema(sdl)
        self.calls: list[Call] = []
        self.listeners = 0
        for place, resolver in resolvers.items():
            type_name, _, name = place.partition(".")
            defined = self.schema.type_map[type_name].fields[name]  # type: ignore[attr-defined]
            if inspect.isasyncgenfunction(resolver):
                defined.subscribe = self._counted(resolver)
            else:
                defined.resolve = resolver
        if entities:
            self._resolve_entities(entities)

    async def execute(self, request: SubgraphRequest) -> SubgraphResponse:
        """In process."""
        call = self._call(request)
        result = await self._run(call, request.operation_name)
        return SubgraphResponse(
            data=result.data,
            errors=tuple(dict(error.formatted) for error in result.errors or ()),
            set_cookies=tuple(call.set_cookies),
        )

    async def subscribe(self, request: SubgraphRequest) -> AsyncIterator[SubgraphResponse]:
        """In process."""
        events = await self._events(self._call(request))
        try:
            async for result in events:
                yield SubgraphResponse(
                    data=result.data, errors=tuple(dict(error.formatted) for error in result.errors or ())
                )
        finally:
            await events.aclose()

    def app(self) -> Starlette:
        """Over HTTP."""
        routes = [
            Route("/graphql", self._http, methods=["POST"]),
            WebSocketRoute("/graphql", self._socket),
            Route("/.well-known/keys", self._well_known, methods=["GET", "POST"]),
        ]
        return Starlette(routes=routes)

    def _resolve_entities(self, entities: Mapping[str, Callable[[Mapping[str, Any]], Any]]) -> None:
        query = self.schema.query_type
        assert query is not None

        def resolve(source: object, info: Info, representations: list[dict[str, Any]]) -> list[Any]:
            found = []
            for each in representations:
                entity = entities[each["__typename"]](each)
                found.append(None if entity is None else {"__typename": each["__typename"], **entity})
            return found

        query.fields["_entities"].resolve = resolve

    def _counted(self, source: Resolver) -> Resolver:
        async def counted(*args: Any, **kwargs: Any) -> AsyncIterator[Any]:
            self.listeners += 1
            try:
                async for event in source(*args, **kwargs):
                    yield event
            finally:
                self.listeners -= 1

        return counted

    def _call(self, request: SubgraphRequest) -> Call:
        call = Call(
            document=request.document,
            variables=request.variables,
            headers=request.context.headers,
            principal=request.context.principal,
            client_address=request.context.client_address,
        )
        self.calls.append(call)
        return call

    async def _run(self, call: Call, name: str | None) -> ExecutionResult:
        return await graphql(
            self.schema,
            call.document,
            context_value=call,
            variable_values=dict(call.variables),
            operation_name=name,
        )

    async def _events(self, call: Call) -> Any:
        started = subscribe(
            self.schema, parse(call.document), context_value=call, variable_values=dict(call.variables)
        )
        events = await started if inspect.isawaitable(started) else started
        if isinstance(events, ExecutionResult):
            raise RuntimeError(events.errors)
        return events

    async def _http(self, request: Request) -> Response:
        asked = await request.json()
        call = Call(
            document=asked["query"],
            variables=asked.get("variables", {}),
            headers=request.headers,
            body=await request.body(),
        )
        self.calls.append(call)
        result = await self._run(call, asked.get("operationName"))
        answer = JSONResponse(result.formatted)
        for cookie in call.set_cookies:
            answer.headers.append("set-cookie", cookie)
        return answer

    async def _well_known(self, request: Request) -> Response:
        body = await request.body()
        shown = {"path": request.url.path, "query": request.url.query, "body": body.decode()}
        answer = JSONResponse(shown | {"headers": dict(request.headers)})
        answer.headers["etag"] = '"1"'
        answer.headers.append("set-cookie", "tracking=1; Path=/")
        answer.headers.append("set-cookie", "__Host-atrium-refresh=r2; Path=/; Secure; HttpOnly")
        return answer

    async def _socket(self, socket: WebSocket) -> None:
        await socket.accept(subprotocol="graphql-transport-ws")
        sending: dict[str, asyncio.Task[None]] = {}
        try:
            while True:
                message = await socket.receive_json()
                match message["type"]:
                    case "connection_init":
                        await socket.send_json({"type": "connection_ack"})
                    case "subscribe":
                        begun = self._begin(socket, message["id"], message["payload"])
                        sending[message["id"]] = asyncio.create_task(begun)
                    case "complete" if message["id"] in sending:
                        sending.pop(message["id"]).cancel()
                    case "ping":
                        await socket.send_json({"type": "pong"})
        except WebSocketDisconnect:
            return
        finally:
            for task in sending.values():
                task.cancel()
            await asyncio.gather(*sending.values(), return_exceptions=True)

    async def _begin(self, socket: WebSocket, id: str, payload: dict[str, Any]) -> None:
        call = Call(document=payload["query"], variables=payload.get("variables", {}), headers=socket.headers)
        self.calls.append(call)
        try:
            events = await self._events(call)
        except RuntimeError as refused:
            await socket.send_json({"id": id, "type": "error", "payload": [{"message": str(refused)}]})
            return
        try:
            async for result in events:
                await socket.send_text(json.dumps({"id": id, "type": "next", "payload": result.formatted}))
            await socket.send_json({"id": id, "type": "complete"})
        except GraphQLError as refused:
            await socket.send_json({"id": id, "type": "error", "payload": [refused.formatted]})
        finally:
            await events.aclose()
