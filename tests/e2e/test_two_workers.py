"""Two web processes act as one: events and revocations cross from one to the other."""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from atrium.demo_people import ORGANISATIONS, PASSWORD
from tests.e2e.running import Answer, Connection, Platform, until

pytestmark = pytest.mark.platform

OWNER = ORGANISATIONS[0].people[0].email
WORKER = "atrium-worker"
_ATTEMPTS = 200
_WITHIN = 5.0


@pytest.fixture(scope="module")
def token(two_workers: Platform) -> str:
    return two_workers.sign_in(OWNER, PASSWORD)


@contextmanager
def _connection_to(platform: Platform, worker: str) -> Iterator[Connection]:
    """A kept connection that the wanted process has accepted; each request on it goes there."""
    for _ in range(_ATTEMPTS):
        made = Connection(platform.address)
        if made.send("GET", "/healthz").headers[WORKER] == worker:
            try:
                yield made
            finally:
                made.close()
            return
        made.close()
    pytest.fail(f"no connection reached worker {worker}")


@contextmanager
def _socket_to(platform: Platform, worker: str, token: str) -> Iterator[ClientConnection]:
    """A WebSocket that the wanted process has accepted, with credentials."""
    address = platform.address.replace("http://", "ws://", 1) + "/graphql"
    for _ in range(_ATTEMPTS):
        with connect(address, subprotocols=[Subprotocol("graphql-transport-ws")]) as socket:
            assert socket.response is not None
            if socket.response.headers[WORKER] != worker:
                continue
            _say(socket, {"type": "connection_init", "payload": {"authorization": f"Bearer {token}"}})
            assert _hear(socket)["type"] == "connection_ack"
            yield socket
            return
    pytest.fail(f"no socket reached worker {worker}")


def _say(socket: ClientConnection, message: Mapping[str, Any]) -> None:
    socket.send(json.dumps(message))


def _hear(socket: ClientConnection) -> dict[str, Any]:
    while True:
        message: dict[str, Any] = json.loads(socket.recv(timeout=20))
        if message["type"] != "ping":
            return message
        _say(socket, {"type": "pong"})


def _rename(connection: Connection, token: str, name: str) -> None:
    viewer = connection.graphql("{ viewer { id version } }", token=token).data["viewer"]
    mutation = """mutation ($input: UserUpdateInput!) {
      userUpdate(input: $input) { user { name } errors { __typename message } }
    }"""
    changed = connection.graphql(mutation, {"input": {"id": viewer["id"], "name": name}}, token=token)
    assert changed.data["userUpdate"]["user"] == {"name": name}


@pytest.mark.parametrize(("listening", "changing"), [("1", "2"), ("2", "1")])
def test_a_subscription_on_one_sees_a_change_made_through_the_other(
    two_workers: Platform, token: str, listening: str, changing: str
) -> None:
    name = f"Olga heard by {listening}"
    with (
        _socket_to(two_workers, listening, token) as socket,
        _connection_to(two_workers, changing) as connection,
    ):
        query = "subscription { userChanged { kind changedFields user { name } } }"
        _say(socket, {"id": "1", "type": "subscribe", "payload": {"query": query}})
        _until_subscribed(connection, token, socket)

        _rename(connection, token, name)

        changes: list[dict[str, Any]] = []
        while not changes or changes[-1]["user"]["name"] != name:
            changes.append(_hear(socket)["payload"]["data"]["userChanged"])
    assert changes[-1] == {"kind": "UPDATED", "changedFields": ["name"], "user": {"name": name}}


def _until_subscribed(connection: Connection, token: str, socket: ClientConnection) -> None:
    """A subscription hears what happens after it began, and says nothing when it does: try until it hears."""
    for number in range(100):
        _rename(connection, token, f"Olga {number}")
        try:
            message = json.loads(socket.recv(timeout=0.5))
        except TimeoutError:
            continue
        assert message["type"] == "next", message
        return
    pytest.fail("the subscription heard nothing")


def test_a_revoked_key_is_refused_by_both_within_five_seconds(two_workers: Platform, token: str) -> None:
    with _connection_to(two_workers, "1") as one, _connection_to(two_workers, "2") as two:
        application = one.graphql("{ applications(first: 1) { nodes { id } } }", token=token)
        wish = {
            "applicationId": application.data["applications"]["nodes"][0]["id"],
            "name": "to be revoked",
            "scopes": ["applications:read"],
        }
        create = (
            "mutation ($input: ApiKeyCreateInput!) { apiKeyCreate(input: $input) { secret apiKey { id } } }"
        )
        made = one.graphql(create, {"input": wish}, token=token).data["apiKeyCreate"]
        key = made["secret"]
        assert _uses(one, key).status == 200
        assert _uses(two, key).status == 200

        revoke = "mutation ($input: ApiKeyRevokeInput!) { apiKeyRevoke(input: $input) { apiKey { id } } }"
        assert one.graphql(revoke, {"input": {"id": made["apiKey"]["id"]}}, token=token).data
        revoked_at = time.monotonic()

        for connection in (one, two):
            left = _WITHIN - (time.monotonic() - revoked_at)
            until(lambda c=connection: _uses(c, key).status == 401, left, what="the refusal")  # type: ignore[misc]
            assert _uses(connection, key).json["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


def test_an_ended_session_is_refused_by_both_within_five_seconds(two_workers: Platform) -> None:
    token = two_workers.sign_in(OWNER, PASSWORD)
    with _connection_to(two_workers, "1") as one, _connection_to(two_workers, "2") as two:
        assert one.graphql("{ viewer { email } }", token=token).data["viewer"]
        assert two.graphql("{ viewer { email } }", token=token).data["viewer"]

        ended = one.graphql("mutation { signOut { __typename } }", token=token)
        assert ended.data
        ended_at = time.monotonic()

        for connection in (one, two):
            left = _WITHIN - (time.monotonic() - ended_at)
            until(
                lambda c=connection: c.graphql("{ viewer { email } }", token=token).status == 401,  # type: ignore[misc]
                left,
                what="the refusal",
            )


def test_sockets_of_an_ended_session_are_closed_by_both(two_workers: Platform) -> None:
    token = two_workers.sign_in(OWNER, PASSWORD)
    with (
        _socket_to(two_workers, "1", token) as one,
        _socket_to(two_workers, "2", token) as two,
        _connection_to(two_workers, "1") as connection,
    ):
        assert connection.graphql("mutation { signOut { __typename } }", token=token).data

        for socket in (one, two):
            with pytest.raises(ConnectionClosed) as closed:
                socket.recv(timeout=20)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 4403


def _uses(connection: Connection, key: str) -> Answer:
    return connection.graphql("{ applications(first: 1) { nodes { id } } }", token=key)


def test_a_limit_that_is_set_through_one_is_counted_by_both_together(
    two_workers: Platform, token: str
) -> None:
    counted, free = "query Counted { viewer { id } }", "query Free { __typename }"
    set_limit = "mutation ($input: RateLimitSetInput!) { rateLimitSet(input: $input) { errors { message } } }"
    delete = 'mutation { rateLimitDelete(input: { name: "counted" }) { errors { message } } }'
    wish = {
        "name": "counted",
        "limit": "7",
        "windowSeconds": 86_400,
        "by": ["USER"],
        "operations": ["Counted"],
    }
    with _connection_to(two_workers, "1") as one, _connection_to(two_workers, "2") as two:
        assert one.graphql(set_limit, {"input": wish}, token=token).data == {"rateLimitSet": {"errors": []}}
        passed = 0

        def are_both_refused() -> bool:
            nonlocal passed
            answers = [connection.graphql(counted, token=token) for connection in (one, two)]
            passed += sum(answer.status == 200 and "ratelimit" in answer.headers for answer in answers)
            return [answer.status for answer in answers] == [429, 429]

        until(are_both_refused, 20, what="both to refuse")
        assert 0 < passed <= 7
        for connection in (one, two):
            refusal = connection.graphql(counted, token=token)
            assert refusal.status == 429
            assert refusal.json["errors"][0]["extensions"]["policy"] == "counted"
            assert connection.graphql(free, token=token).status == 200
        assert two.graphql(delete, token=token).data == {"rateLimitDelete": {"errors": []}}
