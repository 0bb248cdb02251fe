"""What auth signs, the router's door takes; what anybody else makes of it, it does not."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import OctKey, OKPKey

from common.access.principal import Principal, PrincipalKind
from common.ids import uuid7
from router.access.jwks import PublishedKeys
from router.access.tokens import TokenVerifier
from router.errors import TokenExpired, Unauthenticated
from router.settings import TokenSettings
from subgraphs.auth.keys.signing import signed_token
from tests.factories.auth import World

pytestmark = pytest.mark.stores


@pytest.fixture
def door(world: World) -> TokenVerifier:
    """The router's verifier, reading auth's published keys."""
    return TokenVerifier(
        TokenSettings(issuer="atrium", audience="atrium"),
        PublishedKeys(world.parts.signing.published),
        clock=lambda: world.clock.now().timestamp(),
    )


async def test_an_access_token_becomes_the_principal_it_was_made_for(
    world: World, door: TokenVerifier
) -> None:
    here = uuid7()
    person = await world.person((here, ["users:read", "keys:write"]))
    grant = await world.signed_in(person)

    verified = await door.verify(grant.access_token.text)

    assert verified.principal == Principal(
        kind=PrincipalKind.USER,
        id=person.user_id,
        organisation_id=here,
        scopes=frozenset({"users:read", "keys:write"}),
        session_id=grant.session.id,
    )


async def test_it_ends_after_five_minutes(world: World, door: TokenVerifier) -> None:
    grant = await world.signed_in(await world.person())
    world.clock.advance(timedelta(minutes=5, seconds=6))

    with pytest.raises(TokenExpired):
        await door.verify(grant.access_token.text)


def _none(header: dict[str, Any], payload: str, key: OKPKey) -> str:
    return f"{_segment({**header, 'alg': 'none'})}.{payload}."


def _hmac_with_public_key(header: dict[str, Any], payload: str, key: OKPKey) -> str:
    raw = urlsafe_b64decode(str(key.as_dict(private=False)["x"]) + "=")
    body = urlsafe_b64decode(payload + "==")
    return jws.serialize_compact({**header, "alg": "HS256"}, body, OctKey.import_key(raw))


def _hmac_with_jwk_text(header: dict[str, Any], payload: str, key: OKPKey) -> str:
    text = json.dumps(key.as_dict(private=False)).encode()
    body = urlsafe_b64decode(payload + "==")
    return jws.serialize_compact({**header, "alg": "HS256"}, body, OctKey.import_key(text))


def _own_key_in_header(header: dict[str, Any], payload: str, key: OKPKey) -> str:
    own = OKPKey.generate_key("Ed25519", {"kid": header["kid"]})
    claims = json.loads(urlsafe_b64decode(payload + "=="))
    first = _segment({**header, "jwk": own.as_dict(private=False)})
    return ".".join([first, *signed_token(claims, own).split(".")[1:]])


def _other_kid(header: dict[str, Any], payload: str, key: OKPKey) -> str:
    own = OKPKey.generate_key("Ed25519", {"kid": "../../etc/passwd"})
    return signed_token(json.loads(urlsafe_b64decode(payload + "==")), own)


def _other_signer(header: dict[str, Any], payload: str, key: OKPKey) -> str:
    own = OKPKey.generate_key("Ed25519", {"kid": header["kid"]})
    return signed_token(json.loads(urlsafe_b64decode(payload + "==")), own)


FORGERIES: list[Callable[[dict[str, Any], str, OKPKey], str]] = [
    _none,
    _hmac_with_public_key,
    _hmac_with_jwk_text,
    _own_key_in_header,
    _other_kid,
    _other_signer,
]


@pytest.mark.parametrize("forge", FORGERIES)
async def test_no_forgery_passes(
    world: World, door: TokenVerifier, forge: Callable[[dict[str, Any], str, OKPKey], str]
) -> None:
    grant = await world.signed_in(await world.person())
    first, payload, _ = grant.access_token.text.split(".")
    header = json.loads(urlsafe_b64decode(first + "=="))
    key = await world.parts.signing.signer()

    with pytest.raises(Unauthenticated):
        await door.verify(forge(header, payload, key))


@pytest.mark.parametrize(
    "change",
    [{"aud": "another"}, {"iss": "another"}, {"iat": 99_999_999_999}, {"sub": "root"}, {"sub": None}],
)
async def test_a_token_for_somebody_else_does_not_pass(
    world: World, door: TokenVerifier, change: dict[str, Any]
) -> None:
    grant = await world.signed_in(await world.person())
    claims = await world.claims_of(grant.access_token.text)

    with pytest.raises(Unauthenticated):
        await door.verify(signed_token({**claims, **change}, await world.parts.signing.signer()))


def _segment(value: dict[str, Any]) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
