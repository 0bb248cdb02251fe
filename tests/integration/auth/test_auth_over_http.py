"""Auth in a process of its own: public keys for all, answers for the platform, nothing for strangers."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import orjson
import pytest

from common.access.principal import ANONYMOUS, Principal, PrincipalKind
from common.access.signing import HEADER, IdentitySigner, IdentityVerifier, generate_key
from common.graphql.app import build_subgraph_app
from common.ids import uuid7
from router.access.credentials import HttpCredentials
from router.access.jwks import PublishedKeys, fetch_over_http
from router.access.tokens import TokenVerifier
from router.errors import CredentialsUnchecked
from router.settings import TokenSettings
from router.subgraph_client.exchange import HttpAnswer
from router.subgraph_client.http import HttpPool
from subgraphs.auth.keys.api_keys import new_api_key
from tests.factories.auth import World, principal_of
from tests.fakes.http_server import HttpServer, serving

pytestmark = pytest.mark.stores

ROUTER, STRANGER = generate_key(), generate_key()
SYSTEM = Principal(kind=PrincipalKind.SYSTEM)
INTERNAL = ["/internal/credentials", "/internal/revocations"]


@pytest.fixture
async def server(world: World) -> AsyncIterator[HttpServer]:
    app = build_subgraph_app(world.subgraph, IdentityVerifier([ROUTER.public_key()], "auth"))
    async with serving(app) as server:
        yield server


@pytest.fixture
async def pool() -> AsyncIterator[HttpPool]:
    pool = HttpPool(connect_seconds=30, connections_per_host=10, max_answer_bytes=1_000_000)
    yield pool
    await pool.close()


def signing(
    world: World, principal: Principal = SYSTEM, key: Any = ROUTER
) -> Callable[[bytes], dict[str, str]]:
    def sign(body: bytes) -> dict[str, str]:
        token = IdentitySigner(key).sign(
            principal, audience="auth", body=body, request_id="test", now=world.clock.now()
        )
        return {HEADER: token}

    return sign


async def ask(world: World, pool: HttpPool, url: str, question: object, **how: Any) -> HttpAnswer:
    body = orjson.dumps(question)
    headers = {"content-type": "application/json", **signing(world, **how)(body)}
    return await pool.send("POST", url, headers=headers, body=body, seconds=5)


async def test_the_router_learns_whose_key_it_is(world: World, server: HttpServer, pool: HttpPool) -> None:
    here = uuid7()
    maker = principal_of(uuid7(), here, "keys:read", "applications:read")
    application = world.applications.add(here)
    issued = await world.key(
        principal_of(uuid7(), here, "keys:write", *maker.scopes), application, *maker.scopes
    )
    url = f"{server.url}/internal/credentials"
    door = HttpCredentials(pool, url, sign=signing(world))

    known = await door.verify(issued.text)
    unknown = await door.verify(new_api_key(label="test", keys=world.parts.keyring.current).text)

    assert known == await world.parts.verifier.verify_key(issued.text)
    assert known is not None
    assert known.scopes == maker.scopes
    assert unknown is None


@pytest.mark.parametrize("path", ["/internal/nothing", "/internal/revocations", "/graphql"])
async def test_a_wrong_address_checks_no_key(
    world: World, server: HttpServer, pool: HttpPool, path: str
) -> None:
    door = HttpCredentials(pool, f"{server.url}{path}", sign=signing(world))

    with pytest.raises(CredentialsUnchecked):
        await door.verify("atr_anything")


async def test_auth_that_is_away_lets_nobody_in(world: World, server: HttpServer, pool: HttpPool) -> None:
    door = HttpCredentials(pool, f"{server.url}/internal/credentials", sign=signing(world))
    await server.stop()

    with pytest.raises(CredentialsUnchecked):
        await door.verify("atr_anything")


async def test_the_router_hears_what_died(world: World, server: HttpServer, pool: HttpPool) -> None:
    url = f"{server.url}/internal/revocations"
    before = orjson.loads((await ask(world, pool, url, {"since": None})).body)
    person = await world.person()
    grant = await world.signed_in(person)
    await world.ask(
        "mutation { signOut { session { id } } }",
        principal=principal_of(person.user_id, session_id=grant.session.id),
    )

    news = orjson.loads((await ask(world, pool, url, {"since": before["position"]})).body)

    assert str(grant.session.id) in news["session_ids"]
    assert str(grant.session.id) not in before["session_ids"]


@pytest.mark.parametrize("path", INTERNAL)
@pytest.mark.parametrize(
    "how", [{"key": STRANGER}, {"principal": ANONYMOUS}, {"principal": principal_of(uuid7(), uuid7())}]
)
async def test_nobody_but_the_platform_may_ask(
    world: World, server: HttpServer, pool: HttpPool, path: str, how: dict[str, Any]
) -> None:
    answer = await ask(world, pool, f"{server.url}{path}", {"credential": "x", "since": None}, **how)

    assert answer.status == 401
    assert orjson.loads(answer.body)["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


@pytest.mark.parametrize("path", INTERNAL)
async def test_a_question_without_identity_is_refused(server: HttpServer, pool: HttpPool, path: str) -> None:
    answer = await pool.send(
        "POST",
        f"{server.url}{path}",
        headers={"content-type": "application/json"},
        body=b"{}",
        seconds=5,
    )

    assert answer.status == 401


@pytest.mark.parametrize(
    ("path", "question"),
    [
        ("/internal/credentials", {}),
        ("/internal/credentials", {"credential": 5}),
        ("/internal/credentials", {"credential": "x" * 1_001}),
        ("/internal/revocations", {"since": 5}),
        ("/internal/revocations", {"since": "-1"}),
        ("/internal/revocations", {"since": "9" * 20}),
        ("/internal/revocations", {"since": "1; drop table auth.sessions"}),
    ],
)
async def test_a_question_without_sense_is_refused(
    world: World, server: HttpServer, pool: HttpPool, path: str, question: object
) -> None:
    answer = await ask(world, pool, f"{server.url}{path}", question)

    assert answer.status == 400
    assert orjson.loads(answer.body)["errors"][0]["extensions"]["code"] == "INVALID_INPUT"


async def test_the_public_keys_are_for_everybody(world: World, server: HttpServer, pool: HttpPool) -> None:
    url = f"{server.url}/.well-known/jwks.json"
    grant = await world.signed_in(await world.person())

    answer = await pool.send("GET", url, headers={}, seconds=5)

    keys = orjson.loads(answer.body)["keys"]
    assert answer.headers["cache-control"] == "public, max-age=300"
    assert len(keys) >= 2  # the one that signs, and the one that follows
    assert all(set(key) == {"kty", "crv", "x", "kid", "alg", "use"} for key in keys)  # no private half
    door = TokenVerifier(
        TokenSettings(issuer="atrium", audience="atrium"),
        PublishedKeys(fetch_over_http(pool, url)),
        clock=lambda: world.clock.now().timestamp(),
    )
    assert (await door.verify(grant.access_token.text)).principal.session_id == grant.session.id


async def test_the_cookie_travels_over_http(world: World, server: HttpServer, pool: HttpPool) -> None:
    person = await world.person()
    document = (
        "mutation ($input: SignInInput!) { signIn(input: $input) { ... on SignedIn { refreshToken } } }"
    )
    variables = {"input": {"email": person.email, "password": "correct horse battery staple"}}

    signed_in = await ask(
        world, pool, f"{server.url}/graphql", {"query": document, "variables": variables}, principal=ANONYMOUS
    )

    (cookie,) = signed_in.set_cookies
    assert cookie.startswith("__Host-atrium-refresh=")
    body = orjson.dumps({"query": "mutation { tokenRefresh { signedIn { accessToken } } }"})
    headers = {
        "content-type": "application/json",
        "cookie": cookie.partition(";")[0],
        **signing(world, ANONYMOUS)(body),
    }
    refreshed = await pool.send("POST", f"{server.url}/graphql", headers=headers, body=body, seconds=5)
    assert orjson.loads(refreshed.body)["data"]["tokenRefresh"]["signedIn"]["accessToken"]
    assert len(refreshed.set_cookies) == 1
