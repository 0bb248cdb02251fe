"""Who asks is decided at the door: wrong credentials are refused, no credentials are nobody."""

import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import aiohttp
import pytest
from joserfc import jwt
from joserfc.jwk import OKPKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from common.access.principal import Principal, PrincipalKind
from common.access.signing import IdentityVerifier, generate_key, private_key_to_text
from router.access.jwks import KeysUnavailable
from router.app import RouterApp, Surroundings, build_app
from router.errors import CredentialsUnchecked
from router.settings import TokenSettings
from router.snapshot.load import TextSource
from tests.fakes.http_server import HttpServer, serving
from tests.fakes.shop import Shop
from tests.integration.router.conftest import SETTINGS

KEY = OKPKey.generate_key("Ed25519", {"kid": "k1", "use": "sig"})
PERSON, SESSION = uuid4(), uuid4()
OWNER = Principal(kind=PrincipalKind.APPLICATION, id=uuid4(), key_id=uuid4())
CALLER = {"query": "{ caller }"}


@dataclass
class Auth:
    """Publishes one key and knows one API key, unless it is away."""

    is_away: bool = False
    is_revoked: bool = False

    async def published(self) -> Mapping[str, Any]:
        if self.is_away:
            raise KeysUnavailable("away")
        return {"keys": [KEY.as_dict(private=False)]}

    async def verify(self, credential: str) -> Principal | None:
        if self.is_away:
            raise CredentialsUnchecked("API keys cannot be checked at the moment.")
        return OWNER if credential == "atr_good" and not self.is_revoked else None


def token(*, seconds: float = 300, key: OKPKey = KEY, session: UUID = SESSION, **claims: Any) -> str:
    now = int(time.time())
    claims = {
        "iss": "atrium",
        "aud": "atrium",
        "sub": str(PERSON),
        "sid": str(session),
        "scope": "a b",
        "iat": now - 600,
        "exp": now + int(seconds),
        **claims,
    }
    return jwt.encode({"alg": "Ed25519", "kid": "k1"}, claims, key, algorithms=["Ed25519"])


@dataclass
class Guarded:
    """A router with a door."""

    auth: Auth
    app: RouterApp
    server: HttpServer
    session: aiohttp.ClientSession

    async def caller(self, **headers: str) -> tuple[int, Any]:
        """Who the subgraph sees, or the code of the refusal."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.session.post(f"{self.server.url}/graphql", json=CALLER, headers=named) as response:
            body = await response.json()
        if "errors" in body:
            return response.status, body["errors"][0]["extensions"]["code"]
        return response.status, body["data"]["caller"]


@pytest.fixture
async def guarded() -> AsyncIterator[Guarded]:
    shop, auth = Shop(), Auth()
    settings = replace(SETTINGS, tokens=TokenSettings(issuer="atrium", audience="atrium"))
    surroundings = Surroundings(
        subgraphs={"products": shop.products_subgraph(), "reviews": shop.reviews_subgraph()},
        credentials=auth,
        published_keys=auth.published,
    )
    app = build_app(settings, TextSource(shop.supergraph()), surroundings)
    async with serving(app) as server, aiohttp.ClientSession() as session:
        yield Guarded(auth, app, server, session)


async def test_a_token_an_api_key_and_nobody(guarded: Guarded) -> None:
    assert await guarded.caller(authorization=f"Bearer {token()}") == (200, f"user {PERSON}")
    assert await guarded.caller(authorization="Bearer atr_good") == (200, f"application {OWNER.id}")
    assert await guarded.caller(x_api_key="atr_good") == (200, f"application {OWNER.id}")
    assert await guarded.caller() == (200, "anonymous None")


@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        (f"Bearer {token(seconds=-60)}", "TOKEN_EXPIRED"),
        (f"Bearer {token(key=OKPKey.generate_key('Ed25519', {'kid': 'k1'}))}", "UNAUTHENTICATED"),
        (f"Bearer {token(aud='other')}", "UNAUTHENTICATED"),
        ("Bearer forged", "UNAUTHENTICATED"),
        ("Bearer atr_bad", "UNAUTHENTICATED"),
        ("Basic dTpw", "UNAUTHENTICATED"),
    ],
)
async def test_a_wrong_credential_is_401(guarded: Guarded, authorization: str, code: str) -> None:
    async with guarded.session.post(
        f"{guarded.server.url}/graphql", json=CALLER, headers={"authorization": authorization}
    ) as response:
        body = await response.json()

    assert response.status == 401
    assert response.headers["www-authenticate"].startswith("Bearer")
    assert [error["extensions"]["code"] for error in body["errors"]] == [code]
    assert "data" not in body


async def test_while_auth_is_away_what_is_known_goes_on_and_the_rest_is_503(guarded: Guarded) -> None:
    known = f"Bearer {token()}"
    await guarded.caller(authorization=known)
    await guarded.caller(x_api_key="atr_good")
    guarded.auth.is_away = True

    assert await guarded.caller(authorization=known) == (200, f"user {PERSON}")
    assert (await guarded.caller(x_api_key="atr_good"))[0] == 200
    assert await guarded.caller(x_api_key="atr_other") == (503, "CREDENTIALS_UNAVAILABLE")


async def test_revocations_are_heard_at_once(guarded: Guarded) -> None:
    await guarded.caller(x_api_key="atr_good")
    assert OWNER.key_id is not None

    guarded.app.revocations.revoke_session(SESSION)
    guarded.auth.is_revoked = True
    guarded.app.revocations.revoke_key(OWNER.key_id)

    assert await guarded.caller(authorization=f"Bearer {token()}") == (401, "UNAUTHENTICATED")
    assert (await guarded.caller(authorization=f"Bearer {token(session=uuid4())}"))[0] == 200
    assert await guarded.caller(x_api_key="atr_good") == (401, "UNAUTHENTICATED")


async def test_a_socket_knows_its_caller_from_the_first_message(guarded: Guarded) -> None:
    payload = {"Authorization": f"Bearer {token()}"}
    async with guarded.session.ws_connect(
        f"{guarded.server.url}/graphql", protocols=["graphql-transport-ws"]
    ) as socket:
        await socket.send_json({"type": "connection_init", "payload": payload})
        assert await socket.receive_json() == {"type": "connection_ack"}
        await socket.send_json({"id": "1", "type": "subscribe", "payload": CALLER})
        assert (await socket.receive_json())["payload"] == {"data": {"caller": f"user {PERSON}"}}


async def test_a_socket_with_a_wrong_credential_is_closed(guarded: Guarded) -> None:
    async with guarded.session.ws_connect(
        f"{guarded.server.url}/graphql", protocols=["graphql-transport-ws"]
    ) as socket:
        await socket.send_json({"type": "connection_init", "payload": {"authorization": "Bearer forged"}})
        closing = await socket.receive(timeout=20)

        assert (closing.type, closing.data) == (aiohttp.WSMsgType.CLOSE, 4403)


async def test_a_socket_ends_when_its_token_does(guarded: Guarded) -> None:
    async with guarded.session.ws_connect(
        f"{guarded.server.url}/graphql", protocols=["graphql-transport-ws"]
    ) as socket:
        payload = {"authorization": f"Bearer {token(seconds=1)}"}
        await socket.send_json({"type": "connection_init", "payload": payload})
        assert await socket.receive_json() == {"type": "connection_ack"}
        closing = await socket.receive(timeout=20)

        assert (closing.type, closing.data) == (aiohttp.WSMsgType.CLOSE, 4401)


@pytest.mark.parametrize("credential", ["token", "key"])
async def test_a_socket_ends_when_its_session_or_key_is_revoked(guarded: Guarded, credential: str) -> None:
    secret = token() if credential == "token" else "atr_good"
    async with guarded.session.ws_connect(
        f"{guarded.server.url}/graphql", protocols=["graphql-transport-ws"]
    ) as socket:
        payload = {"authorization": f"Bearer {secret}"}
        await socket.send_json({"type": "connection_init", "payload": payload})
        assert await socket.receive_json() == {"type": "connection_ack"}
        await socket.send_json(
            {"id": "1", "type": "subscribe", "payload": {"query": "subscription { reviewAdded { id } }"}}
        )

        assert OWNER.key_id is not None
        guarded.app.revocations.revoke_session(uuid4())
        guarded.app.revocations.revoke_session(SESSION)
        guarded.app.revocations.revoke_key(OWNER.key_id)
        closing = await socket.receive(timeout=20)

        assert (closing.type, closing.data) == (aiohttp.WSMsgType.CLOSE, 4403)


def stream(guarded: Guarded, secret: str, accept: str = "text/event-stream") -> Any:
    return guarded.session.post(
        f"{guarded.server.url}/graphql",
        json={"query": "subscription { reviewAdded { id } }"},
        headers={"accept": accept, "authorization": f"Bearer {secret}"},
    )


@pytest.mark.parametrize(
    ("accept", "end"),
    [
        ("text/event-stream", b"event: complete\ndata:\n\n"),
        ("multipart/mixed;subscriptionSpec=1.0", b"\r\n--graphql--\r\n"),
    ],
)
async def test_a_stream_ends_when_its_token_does(guarded: Guarded, accept: str, end: bytes) -> None:
    async with stream(guarded, token(seconds=1), accept) as response:
        assert response.status == 200
        text = await response.read()

    assert b'"code":"TOKEN_EXPIRED"' in text
    assert text.endswith(end)


@pytest.mark.parametrize("credential", ["token", "key"])
async def test_a_stream_ends_when_its_session_or_key_is_revoked(guarded: Guarded, credential: str) -> None:
    assert OWNER.key_id is not None
    async with stream(guarded, token() if credential == "token" else "atr_good") as response:
        await response.content.readuntil(b":\n\n")
        guarded.app.revocations.revoke_session(uuid4())
        guarded.app.revocations.revoke_session(SESSION)
        guarded.app.revocations.revoke_key(OWNER.key_id)
        text = await response.read()

    assert b'"code":"FORBIDDEN"' in text
    assert text.endswith(b"event: complete\ndata:\n\n")


async def test_a_stream_with_a_wrong_credential_never_begins(guarded: Guarded) -> None:
    async with stream(guarded, "forged") as response:
        assert response.status == 401
        assert (await response.json())["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_an_http_subgraph_is_told_who_asks_and_can_prove_it() -> None:
    shop, key = Shop(), generate_key()
    products, reviews = shop.products_subgraph(), shop.reviews_subgraph()
    async with serving(products.app()) as first, serving(reviews.app()) as second:
        settings = replace(SETTINGS, signing_key=private_key_to_text(key))
        supergraph = shop.supergraph(f"{first.url}/graphql", f"{second.url}/graphql")
        app = build_app(settings, TextSource(supergraph), Surroundings(credentials=Auth()))
        async with serving(app) as server, aiohttp.ClientSession() as session:
            guarded = Guarded(Auth(), app, server, session)
            assert await guarded.caller(x_api_key="atr_good", user_agent="tests") == (200, "over http")

    [call] = products.calls
    signed = call.headers["atrium-identity"]
    verifier = IdentityVerifier([key.public_key()], audience="products")
    identity = verifier.verify(signed, call.body, datetime.now(UTC))
    assert identity.principal == OWNER
    assert (identity.client_address, identity.user_agent) == ("127.0.0.1", "tests")
    assert "x-api-key" not in call.headers


async def test_a_router_alone_asks_auth_over_http_and_proves_that_it_is_the_router() -> None:
    shop, key = Shop(), generate_key()
    verifier = IdentityVerifier([key.public_key()], audience="auth")

    async def jwks(request: Request) -> Response:
        return JSONResponse({"keys": [KEY.as_dict(private=False)]})

    async def credentials(request: Request) -> Response:
        body = await request.body()
        identity = verifier.verify(request.headers["atrium-identity"], body, datetime.now(UTC))
        assert identity.principal.kind is PrincipalKind.SYSTEM
        if (await request.json())["credential"] != "atr_good":
            return JSONResponse({"principal": None})
        shown = {"kind": "application", "id": str(OWNER.id), "organisation_id": None}
        return JSONResponse({"principal": {**shown, "scopes": [], "key_id": str(OWNER.key_id)}})

    auth = Starlette(
        routes=[Route("/jwks", jwks), Route("/internal/credentials", credentials, methods=["POST"])]
    )
    async with serving(auth) as auth_server:
        settings = replace(
            SETTINGS,
            signing_key=private_key_to_text(key),
            credentials_url=f"{auth_server.url}/internal/credentials",
            tokens=TokenSettings(issuer="atrium", audience="atrium", jwks_url=f"{auth_server.url}/jwks"),
        )
        subgraphs = {"products": shop.products_subgraph(), "reviews": shop.reviews_subgraph()}
        app = build_app(settings, TextSource(shop.supergraph()), Surroundings(subgraphs=subgraphs))
        async with serving(app) as server, aiohttp.ClientSession() as session:
            guarded = Guarded(Auth(), app, server, session)
            assert await guarded.caller(x_api_key="atr_good") == (200, f"application {OWNER.id}")
            assert await guarded.caller(x_api_key="atr_bad") == (401, "UNAUTHENTICATED")
            assert await guarded.caller(authorization=f"Bearer {token()}") == (200, f"user {PERSON}")
            await auth_server.stop()
            assert await guarded.caller(x_api_key="atr_new") == (503, "CREDENTIALS_UNAVAILABLE")
            assert (await guarded.caller(authorization=f"Bearer {token(scope='c')}"))[0] == 200
