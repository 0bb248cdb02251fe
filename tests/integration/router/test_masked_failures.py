"""Our own faults: the client gets an id, the log the whole error under it, whichever way the request came."""

import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import aiohttp
import pytest

from tests.integration.router.conftest import SETTINGS, Platform, started

SECRET = "hunter2 is what nobody may read"
Ask = Callable[[Platform], Awaitable[Any]]


@pytest.fixture(scope="module")
async def failing() -> AsyncIterator[Platform]:
    """A router with a fault in its fifth stage."""
    async for each in started(SETTINGS, over_http=False):

        async def fails(*args: object) -> Any:
            raise ZeroDivisionError(SECRET)

        router = each.app.router
        object.__setattr__(router, "stages", replace(router.stages, plan=fails))
        yield each


async def over_http(platform: Platform) -> Any:
    answer = await platform.ask("{ products { id } }", {"x-request-id": "r-9"})
    assert answer.status == 500
    return answer.body["errors"][0]


async def over_events(platform: Platform) -> Any:
    headers = {"accept": "text/event-stream", "x-request-id": "r-9"}
    answer = await platform.ask("subscription { reviewAdded { id } }", headers)
    return answer.body["errors"][0]


async def over_socket(platform: Platform) -> Any:
    url = platform.url.replace("http", "ws")
    headers = {"x-request-id": "r-9"}
    async with platform.session.ws_connect(
        url, protocols=["graphql-transport-ws"], headers=headers
    ) as socket:
        await socket.send_json({"type": "connection_init"})
        assert (await socket.receive_json())["type"] == "connection_ack"
        message = {"id": "1", "type": "subscribe", "payload": {"query": "{ products { id } }"}}
        await socket.send_json(message)
        while (heard := await socket.receive()).type is aiohttp.WSMsgType.TEXT:
            said = json.loads(heard.data)
            if said["type"] == "error":
                return said["payload"][0]
    raise AssertionError(heard)


@pytest.mark.parametrize("ask", [over_http, over_events, over_socket])
async def test_the_client_gets_an_id_and_the_log_the_rest(
    failing: Platform, ask: Ask, caplog: pytest.LogCaptureFixture
) -> None:
    error = await ask(failing)

    [record] = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert error["message"] == "Something went wrong inside. Quote the error id."
    assert set(error["extensions"]) == {"code", "errorId", "requestId"}
    assert error["extensions"]["errorId"] == record.__dict__["error_id"]
    assert error["extensions"]["requestId"] == record.__dict__["request_id"]
    assert record.exc_info is not None
    assert SECRET in str(record.exc_info[1])
    assert SECRET not in str(error)


async def test_every_error_has_an_id_of_its_own(failing: Platform) -> None:
    ids = [(await over_http(failing))["extensions"]["errorId"] for _ in range(3)]

    assert len(set(ids)) == 3
