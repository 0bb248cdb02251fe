"""Questions of the platform's other processes, asked by auth's own client over real HTTP."""

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import aiohttp
import orjson
import pytest
import uvicorn

from common.access.principal import ANONYMOUS, Principal, PrincipalKind
from common.access.signing import HEADER, IdentitySigner, IdentityVerifier, generate_key
from common.clock import SystemClock
from common.db.session import Database
from common.graphql.app import build_subgraph_app
from common.graphql.subgraph import Subgraph
from common.ids import uuid7
from subgraphs.auth.providers.remote import RemotePeopleDirectory, SignedQuestions
from subgraphs.users.service.parts import UsersParts
from tests.factories.users import add_membership, add_organization, add_person

pytestmark = pytest.mark.stores

KEY = generate_key()
SIGNER = IdentitySigner(KEY)
PLATFORM = Principal(kind=PrincipalKind.SYSTEM)


@pytest.fixture
async def address(subgraph: Subgraph[UsersParts]) -> AsyncIterator[str]:
    """Where the users subgraph listens."""
    app = build_subgraph_app(subgraph, IdentityVerifier([KEY.public_key()], "users"))
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off", ws="none"))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    await serving


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def test_auth_learns_who_somebody_is_and_what_they_may(
    address: str, http: aiohttp.ClientSession, database: Database
) -> None:
    email = f"Ada.{uuid7().hex}@example.com"
    user_id = await add_person(database, email=email)
    here = await add_organization(database)
    await add_membership(database, here, user_id, "developer")
    suspended = await add_person(database, status="suspended")
    questions = SignedQuestions(http, address, audience="users", signer=SIGNER, clock=SystemClock())
    directory = RemotePeopleDirectory(questions)

    found = await directory.person_by_email(email.upper())
    assert found is not None
    assert (found.user_id, found.email, found.is_active) == (user_id, email, True)
    assert await directory.person(user_id) == found
    assert await directory.person(uuid7()) is None
    assert await directory.person_by_email("nobody") is None
    away = await directory.person(suspended)
    assert away is not None
    assert not away.is_active
    (membership,) = await directory.memberships_of(user_id)
    assert membership.organisation_id == here
    assert "keys:write" in membership.scopes


async def ask(
    http: aiohttp.ClientSession, url: str, body: bytes, token: str | None, kind: str = "application/json"
) -> tuple[int, Any]:
    headers = {"content-type": kind, **({HEADER: token} if token else {})}
    async with http.post(url, data=body, headers=headers) as response:
        return response.status, orjson.loads(await response.read())


def signed(body: bytes, principal: Principal = PLATFORM, audience: str = "users") -> str:
    now = SystemClock().now()
    return SIGNER.sign(principal, audience=audience, body=body, request_id="test", now=now)


async def test_nobody_but_the_platform_gets_an_answer(
    address: str, http: aiohttp.ClientSession, database: Database
) -> None:
    body = orjson.dumps({"userId": str(await add_person(database))})
    person = Principal(kind=PrincipalKind.USER, id=uuid7(), organisation_id=uuid7(), scopes=frozenset({"*"}))
    stranger = IdentitySigner(generate_key())
    now = SystemClock().now()
    url = f"{address}/internal/people"

    refused = [
        await ask(http, url, body, None),
        await ask(http, url, body, "nonsense"),
        await ask(http, url, body, signed(body, person)),
        await ask(http, url, body, signed(body, ANONYMOUS)),
        await ask(http, url, body, signed(body, replace(person, kind=PrincipalKind.APPLICATION))),
        await ask(http, url, body, signed(body, audience="auth")),
        await ask(http, url, body, signed(b"{}")),
        await ask(
            http, url, body, stranger.sign(PLATFORM, audience="users", body=body, request_id="x", now=now)
        ),
    ]

    assert [status for status, _ in refused] == [401] * len(refused)
    assert {answer["errors"][0]["extensions"]["code"] for _, answer in refused} == {"UNAUTHENTICATED"}
    status, answer = await ask(http, url, body, signed(body))
    assert status == 200
    assert answer["person"]["isActive"]


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"userId": 7}', b'{"userId": "x"}', b'{"email": null}']
)
async def test_a_malformed_question_is_a_clear_error(
    address: str, http: aiohttp.ClientSession, body: bytes
) -> None:
    status, answer = await ask(http, f"{address}/internal/people", body, signed(body))

    assert status == 400
    assert answer["errors"][0]["extensions"]["code"] in {"BAD_REQUEST", "INVALID_INPUT"}
