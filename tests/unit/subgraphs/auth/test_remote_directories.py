"""Directories of other processes: signed questions, answers that make sense, and all the others."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import aiohttp
import orjson
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from common.access.principal import PrincipalKind
from common.access.signing import HEADER, IdentitySigner, IdentityVerifier, generate_key
from common.clock import SystemClock
from subgraphs.auth.errors import DirectoryUnavailable
from subgraphs.auth.providers.remote import (
    RemoteApplicationDirectory,
    RemoteMembership,
    RemotePeopleDirectory,
    RemotePerson,
    SignedQuestions,
)
from tests.fakes.http_server import HttpServer

ADA, HERE = UUID(int=1), UUID(int=2)
KEY = generate_key()


@dataclass
class Domain:
    """Another domain's internal HTTP: answers what the test says, and keeps what it was asked."""

    answer: Any = None
    status: int = 200
    asked: list[tuple[str, Any]] = field(default_factory=list)

    async def __call__(self, request: Request) -> Response:
        body = await request.body()
        verifier = IdentityVerifier([KEY.public_key()], "users")
        identity = verifier.verify(request.headers[HEADER], body, SystemClock().now())
        assert identity.principal.kind is PrincipalKind.SYSTEM
        self.asked.append((request.url.path, orjson.loads(body)))
        content = self.answer if isinstance(self.answer, bytes) else orjson.dumps(self.answer)
        return Response(content, status_code=self.status, headers={"location": "/elsewhere"})


@pytest.fixture
async def domain() -> Domain:
    return Domain()


@pytest.fixture
async def server(domain: Domain) -> AsyncIterator[HttpServer]:
    async def answer(request: Request) -> Response:
        return await domain(request)

    server = HttpServer(Starlette(routes=[Route("/{path:path}", answer, methods=["POST"])]))
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def questions(server: HttpServer) -> AsyncIterator[SignedQuestions]:
    async with aiohttp.ClientSession() as http:
        yield SignedQuestions(
            http, f"{server.url}/", audience="users", signer=IdentitySigner(KEY), clock=SystemClock()
        )


async def test_a_person_is_asked_for_by_address_or_id(domain: Domain, questions: SignedQuestions) -> None:
    people = RemotePeopleDirectory(questions)
    domain.answer = {"person": {"userId": str(ADA), "email": "ada@example.com", "isActive": True}}

    found = [await people.person_by_email("Ada@Example.com"), await people.person(ADA)]

    assert found == [RemotePerson(user_id=ADA, email="ada@example.com", is_active=True)] * 2
    assert domain.asked == [
        ("/internal/people", {"email": "Ada@Example.com"}),
        ("/internal/people", {"userId": str(ADA)}),
    ]


async def test_nobody_is_an_answer_too(domain: Domain, questions: SignedQuestions) -> None:
    domain.answer = {"person": None, "organizationId": None}

    assert await RemotePeopleDirectory(questions).person(ADA) is None
    assert await RemoteApplicationDirectory(questions).organisation_of(ADA) is None


async def test_memberships_and_owners_are_read(domain: Domain, questions: SignedQuestions) -> None:
    domain.answer = {
        "memberships": [{"organizationId": str(HERE), "scopes": ["users:read"]}],
        "organizationId": str(HERE),
    }

    memberships = await RemotePeopleDirectory(questions).memberships_of(ADA)

    assert memberships == (RemoteMembership(organisation_id=HERE, scopes=frozenset({"users:read"})),)
    assert await RemoteApplicationDirectory(questions).organisation_of(ADA) == HERE


Ask = Callable[[SignedQuestions], Any]
ASKS: list[Ask] = [
    lambda questions: RemotePeopleDirectory(questions).person(ADA),
    lambda questions: RemotePeopleDirectory(questions).memberships_of(ADA),
    lambda questions: RemoteApplicationDirectory(questions).organisation_of(ADA),
]


@pytest.mark.parametrize("ask", ASKS)
@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"<html>",
        [],
        {},
        {"person": {}, "memberships": [{}], "organizationId": "x"},
        {"person": 5, "memberships": 5, "organizationId": 5},
        {
            "person": {"userId": str(ADA), "email": "a@b.c", "isActive": "yes"},
            "memberships": [{"organizationId": str(HERE), "scopes": None}],
            "organizationId": [],
        },
    ],
)
async def test_an_answer_without_sense_lets_nobody_in(
    domain: Domain, questions: SignedQuestions, ask: Ask, answer: Any
) -> None:
    domain.answer = answer

    with pytest.raises(DirectoryUnavailable):
        await ask(questions)


@pytest.mark.parametrize("status", [302, 401, 404, 500])
async def test_a_refusal_lets_nobody_in(domain: Domain, questions: SignedQuestions, status: int) -> None:
    domain.answer, domain.status = {"person": None}, status

    with pytest.raises(DirectoryUnavailable):
        await RemotePeopleDirectory(questions).person(ADA)


async def test_a_domain_that_is_away_is_asked_again_when_it_is_back(
    domain: Domain, server: HttpServer, questions: SignedQuestions
) -> None:
    domain.answer = {"person": None}
    people = RemotePeopleDirectory(questions)
    assert await people.person(ADA) is None
    await server.stop()
    with pytest.raises(DirectoryUnavailable):
        await people.person(ADA)

    await server.start()

    assert await people.person(ADA) is None
