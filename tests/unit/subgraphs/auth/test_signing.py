"""Access tokens: what is in them, and that nothing else passes for one."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import pytest
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey, OKPKey

from subgraphs.auth.keys.keyring import keyring_of
from subgraphs.auth.keys.sealing import SealBroken
from subgraphs.auth.keys.signing import SigningPair, new_signing_pair, opened, signed_token

RING = keyring_of(b"n" * 32)
CLAIMS = {"sub": "somebody", "iss": "atrium", "aud": "atrium"}


def public(pair: SigningPair) -> OKPKey:
    return OKPKey.import_key(dict(pair.public_jwk))


def test_the_public_half_has_no_secret_and_names_key_and_algorithm() -> None:
    pair = new_signing_pair(RING)

    assert set(pair.public_jwk) == {"kty", "crv", "x", "kid", "alg", "use"}
    assert pair.public_jwk["alg"] == "Ed25519"
    assert pair.public_jwk["kid"] == pair.kid


def test_a_signed_token_verifies_with_the_public_half() -> None:
    pair = new_signing_pair(RING)

    token = signed_token(CLAIMS, opened(pair, RING))

    decoded = jwt.decode(token, public(pair), algorithms=["Ed25519"])
    assert decoded.claims == CLAIMS
    assert decoded.header == {"alg": "Ed25519", "kid": pair.kid, "typ": "at+jwt"}


def test_a_private_half_sealed_for_another_key_does_not_open() -> None:
    one, other = new_signing_pair(RING), new_signing_pair(RING)
    mixed = SigningPair(kid=one.kid, public_jwk=one.public_jwk, private_sealed=other.private_sealed)

    with pytest.raises(SealBroken):
        opened(mixed, RING)


def test_a_token_without_signature_is_refused() -> None:
    pair = new_signing_pair(RING)
    _, payload, _ = signed_token(CLAIMS, opened(pair, RING)).split(".")
    bare = f"{_segment({'alg': 'none', 'kid': pair.kid})}.{payload}."

    with pytest.raises((JoseError, ValueError)):
        jwt.decode(bare, public(pair), algorithms=["Ed25519"])


def test_the_public_key_is_no_hmac_secret() -> None:
    pair = new_signing_pair(RING)
    secret = OctKey.import_key(urlsafe_b64decode(pair.public_jwk["x"] + "="))
    forged = jws.serialize_compact({"alg": "HS256", "kid": pair.kid}, json.dumps(CLAIMS), secret)

    with pytest.raises((JoseError, ValueError)):
        jwt.decode(forged, public(pair), algorithms=["Ed25519"])


def _segment(value: dict[str, Any]) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
