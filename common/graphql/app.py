"""One subgraph over HTTP, for the router alone: every question carries the identity that it signed."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, HTTPConnection, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from common.access.principal import PrincipalKind
from common.access.signing import HEADER, IdentityRefused, IdentityVerifier, SignedIdentity
from common.clock import Clock
from common.errors import DomainError, Kind
from common.graphql.context import ClientRequest
from common.graphql.executor import Answer
from common.graphql.subgraph import Internal, InternalReading, Subgraph
from common.graphql.websocket import SUBPROTOCOL, SubscriptionSocket
from common.telemetry.logs import get_log, request_id
from common.telemetry.metrics import CONTENT_TYPE, exposition
from common.telemetry.traces import continued

LARGEST_BODY = 8 * 1024 * 1024
PARTS = "multipart/mixed"
_NOT_PASSED_ON = frozenset({HEADER, "host", "content-length", "content-type", "connection"})

_log = get_log(__name__)


class BadRequest(Exception):
    """The request is no GraphQL request; nothing was executed."""

    def __init__(self, status: int, message: str, code: str = "BAD_REQUEST") -> None:
        super().__init__(message)
        self.status = status
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A GraphQL request, its shape checked."""

    document: str
    variables: Mapping[str, Any]
    operation_name: str | None


def build_subgraph_app(
    subgraph: Subgraph[Any], verifier: IdentityVerifier, *, platform: IdentityVerifier | None = None
) -> Starlette:
    """The ASGI application: /graphql (POST and WebSocket), health, metrics and the domain's own routes.

    `platform` says whose signature counts at internal routes, where other domains ask as well as the router;
    at /graphql it is the router's alone.
    """
    endpoint = _Endpoint(subgraph, verifier, platform or verifier)
    return Starlette(
        routes=[
            Route("/graphql", endpoint.answer, methods=["POST"]),
            WebSocketRoute("/graphql", endpoint.subscribe),
            Route("/healthz", _is_alive, methods=["GET"]),
            Route("/readyz", endpoint.is_ready, methods=["GET"]),
            Route("/metrics", _metrics, methods=["GET"]),
            *(
                Route(path, partial(endpoint.answer_platform, answer), methods=["POST"])
                for path, answer in subgraph.internal.items()
            ),
            *(
                Route(path, partial(endpoint.read_platform, read), methods=["GET"])
                for path, read in subgraph.readings.items()
            ),
            *subgraph.routes,
        ]
    )


def question_of(payload: object) -> Question:
    """The GraphQL request in a decoded body; raises BadRequest."""
    if not isinstance(payload, dict):
        raise BadRequest(400, "The body has to be a JSON object.")
    document, variables = payload.get("query"), payload.get("variables")
    operation_name = payload.get("operationName")
    if not isinstance(document, str):
        raise BadRequest(400, "`query` has to be a string.")
    if not (variables is None or isinstance(variables, dict)):
        raise BadRequest(400, "`variables` has to be an object.")
    if not (operation_name is None or isinstance(operation_name, str)):
        raise BadRequest(400, "`operationName` has to be a string.")
    return Question(document=document, variables=variables or {}, operation_name=operation_name)


def client_request(identity: SignedIdentity, connection: HTTPConnection) -> ClientRequest:
    """Where the question came from, as the router vouches for it."""
    headers = {name: value for name, value in connection.headers.items() if name not in _NOT_PASSED_ON}
    return ClientRequest(
        id=identity.request_id,
        client_address=identity.client_address,
        user_agent=identity.user_agent,
        headers=headers,
    )


def written(answer: Answer) -> dict[str, Any]:
    """The answer in GraphQL's response format."""
    payload: dict[str, Any] = {"data": answer.data}
    if answer.errors:
        payload["errors"] = answer.errors
    if answer.extensions:
        payload["extensions"] = answer.extensions
    return payload


async def _multipart(
    first: Mapping[str, Any], parts: AsyncGenerator[Mapping[str, Any], None]
) -> AsyncGenerator[bytes, None]:
    """Every part with the line that ends it, so that whoever reads needs not wait for the next one."""
    async with aclosing(parts):
        yield b"---" + _written_part(first)
        async for part in parts:
            yield _written_part(part)
    yield b"--\r\n"


def _written_part(part: Mapping[str, Any]) -> bytes:
    return b"\r\ncontent-type: application/json\r\n\r\n" + orjson.dumps(part, default=str) + b"\r\n---"


class _Endpoint:
    def __init__(
        self, subgraph: Subgraph[Any], verifier: IdentityVerifier, platform: IdentityVerifier
    ) -> None:
        self._subgraph = subgraph
        self._verifier = verifier
        self._platform = platform
        self._clock: Clock = subgraph.resources.clock

    async def answer(self, request: Request) -> Response:
        try:
            body = await _body(request)
            identity = self._verifier.verify(_token(request), body, self._clock.now())
            question = question_of(_json(request, body))
        except IdentityRefused as refused:
            return _refused(refused)
        except ClientDisconnect:
            return Response(status_code=400)
        except BadRequest as bad:
            return _json_response({"errors": [_error(str(bad), bad.code)]}, status=bad.status)
        if self._subgraph.schema.streams and PARTS in request.headers.get("accept", ""):
            return await self._in_parts(question, identity, request)
        with continued(request.headers):
            answer = await self._subgraph.executor.execute(
                question.document,
                question.variables,
                question.operation_name,
                principal=identity.principal,
                request=client_request(identity, request),
            )
        response = _json_response(written(answer))
        for cookie in answer.set_cookies:
            response.headers.append("set-cookie", cookie)
        return response

    async def _in_parts(self, question: Question, identity: SignedIdentity, request: Request) -> Response:
        """One part after the other, if the answer has several."""
        parts = self._subgraph.executor.parts(
            question.document,
            question.variables,
            question.operation_name,
            principal=identity.principal,
            request=client_request(identity, request),
        )
        with continued(request.headers):
            first = await anext(parts)
        if not first.get("hasNext"):
            await parts.aclose()
            return _json_response(dict(first))
        return StreamingResponse(_multipart(first, parts), media_type=f'{PARTS}; boundary="-"')

    async def answer_platform(self, answer: Internal, request: Request) -> Response:
        """A question of another process of the platform, never of a caller."""
        try:
            body = await _body(request)
            identity = self._platform.verify(_token(request), body, self._clock.now())
            if identity.principal.kind is not PrincipalKind.SYSTEM:
                raise IdentityRefused("signed for a caller, not for the platform")
            question = _json(request, body)
            if not isinstance(question, dict):
                raise BadRequest(400, "The body has to be a JSON object.")
            with request_id(identity.request_id):
                return _json_response(await answer(question))
        except IdentityRefused as refused:
            return _refused(refused)
        except ClientDisconnect:
            return Response(status_code=400)
        except BadRequest as bad:
            return _json_response({"errors": [_error(str(bad), bad.code)]}, status=bad.status)
        except DomainError as error:
            status = 503 if error.kind is Kind.UNAVAILABLE else 400
            return _json_response({"errors": [_error(error.message, error.code)]}, status=status)

    async def read_platform(self, read: InternalReading, request: Request) -> Response:
        """Something another process of the platform reads; 304 if it has it already."""
        try:
            identity = self._platform.verify(_token(request), b"", self._clock.now())
            if identity.principal.kind is not PrincipalKind.SYSTEM:
                raise IdentityRefused("signed for a caller, not for the platform")
            with request_id(identity.request_id):
                values = {**request.query_params, **request.path_params}
                document = await read(values, request.headers.get("if-none-match"))
        except IdentityRefused as refused:
            return _refused(refused)
        except DomainError as error:
            status = 503 if error.kind is Kind.UNAVAILABLE else 400
            return _json_response({"errors": [_error(error.message, error.code)]}, status=status)
        if document is None:
            return _json_response({"errors": [_error("There is no such thing.", "NOT_FOUND")]}, status=404)
        headers = {"etag": document.tag, "cache-control": "no-cache"}
        if document.body is None:
            return Response(status_code=304, headers=headers)
        return Response(document.body, headers=headers, media_type=document.media_type)

    async def subscribe(self, socket: WebSocket) -> None:
        try:
            token = _token(socket)
            self._verifier.verify_before_body(token, self._clock.now())
        except IdentityRefused as refused:
            await socket.send_denial_response(_refused(refused))
            return
        if SUBPROTOCOL not in socket.scope["subprotocols"]:
            await socket.send_denial_response(Response(status_code=400))
            return

        def verify(body: bytes, own_token: str | None) -> SignedIdentity:
            return self._verifier.verify(own_token or token, body, self._clock.now())

        await SubscriptionSocket(socket, self._subgraph.executor, verify).run()

    async def is_ready(self, request: Request) -> Response:
        try:
            await self._subgraph.resources.database.ping()
        except DomainError as error:
            return _json_response({"status": "not ready", "reason": error.code}, status=503)
        return _json_response({"status": "ready"})


async def _is_alive(request: Request) -> Response:
    return _json_response({"status": "alive"})


async def _metrics(request: Request) -> Response:
    return Response(exposition(), media_type=CONTENT_TYPE)


async def _body(request: Request) -> bytes:
    chunks, length = [], 0
    async for chunk in request.stream():
        length += len(chunk)
        if length > LARGEST_BODY:
            raise BadRequest(413, f"The body is larger than {LARGEST_BODY} bytes.", "PAYLOAD_TOO_LARGE")
        chunks.append(chunk)
    return b"".join(chunks)


def _json(request: Request, body: bytes) -> object:
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "application/json":
        raise BadRequest(415, "The content type has to be application/json.", "UNSUPPORTED_MEDIA_TYPE")
    try:
        payload: object = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadRequest(400, "The body is not JSON.") from error
    return payload


def _token(connection: HTTPConnection) -> str:
    token = connection.headers.get(HEADER)
    if not token:
        raise IdentityRefused("there is no signed identity")
    return token


def _refused(refused: IdentityRefused) -> Response:
    _log.warning("subgraph.stranger", reason=str(refused))
    return _json_response(
        {"errors": [_error("Only the router may ask here.", "UNAUTHENTICATED")]}, status=401
    )


def _error(message: str, code: str) -> dict[str, Any]:
    return {"message": message, "extensions": {"code": code}}


def _json_response(payload: Mapping[str, Any], *, status: int = 200) -> Response:
    return Response(orjson.dumps(payload, default=str), status_code=status, media_type="application/json")
