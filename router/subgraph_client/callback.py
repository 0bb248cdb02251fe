"""Subscriptions whose events the subgraph sends to us: Apollo's HTTP callback protocol (`callbackSpec=1.0`).

The subgraph is asked once, and told an address of its own for the subscription and a secret, the verifier,
that nobody else knows. It first shows that it can reach us (`check`, and again as a heartbeat), then sends
`next` for each event and `complete` at the end. What it is told when nobody listens any more ends it there.
"""

import asyncio
import hmac
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any
from uuid import uuid4

import orjson

from router.subgraph_client.answer import decode
from router.subgraph_client.event_source import Listened
from router.subgraph_client.exchange import NoAnswer
from router.subgraph_client.http import HttpPool
from router.subgraph_client.lasting import TOO_SLOW
from router.subgraph_client.listeners import Listener, TooFarBehind
from router.subgraph_client.protocol import Failure, SubgraphRequest, SubgraphResponse

ACCEPT = "application/json;callbackSpec=1.0"
PATH = "/subscription-callback"
MISSED_BEATS = 3

Message = Mapping[str, Any]


class Told(IntEnum):
    """What the subgraph is told in answer to a callback, as an HTTP status."""

    TAKEN = 200
    COMPLETED = 202
    CHECKED = 204
    MALFORMED = 400
    NOT_YOURS = 401
    UNKNOWN = 404


@dataclass(eq=False, slots=True)
class Expected:
    """One subscription that callbacks come for."""

    verifier: bytes
    messages: Listener[Message]
    heard_at: float


@dataclass(slots=True)
class Callbacks:
    """The subscriptions that callbacks may come for, by their ids."""

    _expected: dict[str, Expected] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._expected)

    def expect(self, id: str, expected: Expected) -> None:
        """From now on."""
        self._expected[id] = expected

    def forget(self, id: str) -> None:
        """Whatever still comes is told so."""
        self._expected.pop(id, None)

    def take(self, id: str, body: bytes) -> Told:
        """One callback, from anybody who found the address: only who knows the verifier gets in."""
        try:
            message = orjson.loads(body)
        except orjson.JSONDecodeError:
            return Told.MALFORMED
        if not isinstance(message, dict) or message.get("kind") != "subscription" or message.get("id") != id:
            return Told.MALFORMED
        expected = self._expected.get(id)
        if expected is None:
            return Told.UNKNOWN
        verifier = message.get("verifier")
        if not isinstance(verifier, str) or not hmac.compare_digest(verifier.encode(), expected.verifier):
            return Told.NOT_YOURS
        expected.heard_at = asyncio.get_running_loop().time()
        match message.get("action"):
            case "check" | "heartbeat":
                return Told.CHECKED
            case "next":
                return Told.TAKEN if expected.messages.offer(message) else Told.UNKNOWN
            case "complete":
                expected.messages.offer(message)
                expected.messages.end()
                return Told.COMPLETED
            case _:
                return Told.MALFORMED


class CallbackSource:
    """Asks one subgraph for subscriptions and waits for its callbacks."""

    def __init__(self, listened: Listened, pool: HttpPool, callbacks: Callbacks, own_address: str) -> None:
        self._listened = listened
        self._pool = pool
        self._callbacks = callbacks
        self._own_address = own_address.rstrip("/")

    async def subscribe(self, request: SubgraphRequest) -> AsyncIterator[SubgraphResponse]:
        """One response per event, until the source ends; raises SubgraphUnavailable."""
        id, verifier = uuid4().hex, secrets.token_urlsafe(32)
        expected = Expected(
            verifier=verifier.encode(),
            messages=Listener(self._listened.settings.max_pending),
            heard_at=asyncio.get_running_loop().time(),
        )
        self._callbacks.expect(id, expected)
        try:
            refusal = await self._ask(request, id, verifier)
            if refusal is not None:
                yield refusal
                return
            expected.heard_at = asyncio.get_running_loop().time()
            async with aclosing(self._events(expected)) as events:
                async for response in events:
                    yield response
        finally:
            self._callbacks.forget(id)

    async def close(self) -> None:
        """The connections belong to the pool."""

    async def _ask(self, request: SubgraphRequest, id: str, verifier: str) -> SubgraphResponse | None:
        listened = self._listened
        subscription = {
            "callbackUrl": f"{self._own_address}{PATH}/{id}",
            "subscriptionId": id,
            "verifier": verifier,
            "heartbeatIntervalMs": round(listened.settings.heartbeat * 1000),
        }
        payload = request.payload
        extensions = {**payload.get("extensions", {}), "subscription": subscription}
        body = orjson.dumps({**payload, "extensions": extensions})
        headers = listened.headers(request.context, body)
        headers |= {"accept": ACCEPT, "content-type": "application/json"}
        try:
            answer = await self._pool.send(
                "POST", listened.address, headers=headers, body=body, seconds=listened.seconds
            )
        except NoAnswer as cause:
            raise listened.unavailable(cause.failure, cause.reason) from cause
        if not 200 <= answer.status < 300:
            reason = f"answered with the HTTP status {answer.status}"
            raise listened.unavailable(Failure.HTTP_ERROR, reason)
        response = decode(listened.name, answer.body)
        return response if response.errors else None

    async def _events(self, expected: Expected) -> AsyncGenerator[SubgraphResponse, None]:
        listened, loop = self._listened, asyncio.get_running_loop()
        patience = MISSED_BEATS * listened.settings.heartbeat
        while True:
            try:
                async with asyncio.timeout_at(expected.heard_at + patience):
                    message = await expected.messages.next()
            except StopAsyncIteration:
                return
            except TimeoutError as cause:
                if loop.time() < expected.heard_at + patience:
                    continue  # a heartbeat came meanwhile
                raise listened.unavailable(Failure.TIMEOUT, "is silent", was_open=True) from cause
            except TooFarBehind as cause:
                reason = "sent more events than could be answered"
                raise listened.unavailable(TOO_SLOW, reason, was_open=True) from cause
            if message["action"] == "next":
                yield listened.event(message.get("payload"))
            elif message.get("errors"):
                yield listened.refusal(message["errors"])
