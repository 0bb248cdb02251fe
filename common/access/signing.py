"""Trust the router, not the network: who asks, signed by the one key only the router has.

The token is a JWS (see `common.access.jws`) over the principal, the audience (the subgraph), a deadline of at
most a minute and the digest of the request body.
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from common.access.jws import NotSigned, claims_of, decode, encode, header_segment, signed
from common.access.principal import Principal, PrincipalKind

HEADER = "atrium-identity"
ISSUER = "atrium-router"
LONGEST_LIFE = timedelta(seconds=60)
CLOCK_LEEWAY = timedelta(seconds=5)
_LONGEST_TOKEN = 16_384
_TYPE = "atrium-identity+jwt"
_LONGEST_USER_AGENT = 512


class IdentityRefused(Exception):
    """The request does not carry an identity that the router signed for this subgraph and this body."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIdentity:
    """What the router vouches for."""

    principal: Principal
    client_address: str | None
    user_agent: str | None
    request_id: str


class IdentitySigner:
    """The router's side: turns a principal into a token for one subgraph and one body."""

    def __init__(self, private_key: Ed25519PrivateKey) -> None:
        self._key = private_key
        self._header = _header_segment(private_key.public_key())

    def sign(
        self,
        principal: Principal,
        *,
        audience: str,
        body: bytes,
        request_id: str,
        now: datetime,
        client_address: str | None = None,
        user_agent: str | None = None,
        lifetime: timedelta = LONGEST_LIFE,
    ) -> str:
        """A token good for `lifetime` (at most a minute)."""
        claims = {
            "iss": ISSUER,
            "aud": audience,
            "iat": int(now.timestamp()),
            "exp": int((now + min(lifetime, LONGEST_LIFE)).timestamp()),
            "digest": _digest(body),
            "rid": request_id,
            "addr": client_address,
            "ua": user_agent[:_LONGEST_USER_AGENT] if user_agent else None,
            "who": _principal_claims(principal),
        }
        return signed(self._header, claims, self._key)


class IdentityVerifier:
    """A subgraph's side: accepts what one of the router's keys signed for this audience."""

    def __init__(self, public_keys: Iterable[Ed25519PublicKey], audience: str) -> None:
        self._keys = {_header_segment(key): key for key in public_keys}
        self._audience = audience

    def verify(self, token: str, body: bytes, now: datetime) -> SignedIdentity:
        """The identity in the token; raises IdentityRefused whatever is wrong with it."""
        return self._identity(token, body, now)

    def verify_before_body(self, token: str, now: datetime) -> SignedIdentity:
        """The identity, when the body comes later (a WebSocket opens): `verify` must follow."""
        return self._identity(token, None, now)

    def _identity(self, token: str, body: bytes | None, now: datetime) -> SignedIdentity:
        claims = self._claims(token)
        try:
            self._check(claims, body, now)
            return SignedIdentity(
                principal=_principal(claims["who"]),
                client_address=_text_or_none(claims["addr"]),
                user_agent=_text_or_none(claims["ua"]),
                request_id=str(claims["rid"]),
            )
        except (KeyError, TypeError, ValueError, OverflowError, OSError) as error:
            raise IdentityRefused("a claim is missing or malformed") from error

    def _claims(self, token: str) -> Mapping[str, Any]:
        if len(token) > _LONGEST_TOKEN:
            raise IdentityRefused("no token of the router is that long")
        try:
            return claims_of(token, self._keys)
        except NotSigned as error:
            raise IdentityRefused(str(error)) from error

    def _check(self, claims: Mapping[str, Any], body: bytes | None, now: datetime) -> None:
        issued = datetime.fromtimestamp(claims["iat"], UTC)
        expires = datetime.fromtimestamp(claims["exp"], UTC)
        if claims["iss"] != ISSUER or claims["aud"] != self._audience:
            raise IdentityRefused("signed for somebody else")
        if expires - issued > LONGEST_LIFE or issued > now + CLOCK_LEEWAY or expires + CLOCK_LEEWAY <= now:
            raise IdentityRefused("expired, not yet valid or valid for too long")
        if body is None:
            return
        if not hmac.compare_digest(str(claims["digest"]).encode(), _digest(body).encode()):
            raise IdentityRefused("signed for another body")


def generate_key() -> Ed25519PrivateKey:
    """A new signing key."""
    return Ed25519PrivateKey.generate()


def private_key_to_text(key: Ed25519PrivateKey) -> str:
    """The key's 32 bytes in base64url, for an environment variable or a secret file."""
    return encode(key.private_bytes_raw())


def private_key_from_text(text: str) -> Ed25519PrivateKey:
    """A key written as base64url of its 32 bytes or as PEM (PKCS #8); raises ValueError."""
    text = text.strip()
    if not text.startswith("-----BEGIN"):
        return Ed25519PrivateKey.from_private_bytes(decode(text))
    key = serialization.load_pem_private_key(text.encode(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError("the key is not an Ed25519 private key")
    return key


def public_key_to_text(key: Ed25519PublicKey) -> str:
    """The key's 32 bytes in base64url."""
    return encode(key.public_bytes_raw())


def public_key_from_text(text: str) -> Ed25519PublicKey:
    """A key written as base64url of its 32 bytes or as PEM; raises ValueError."""
    text = text.strip()
    if not text.startswith("-----BEGIN"):
        return Ed25519PublicKey.from_public_bytes(decode(text))
    key = serialization.load_pem_public_key(text.encode())
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError("the key is not an Ed25519 public key")
    return key


def key_id(key: Ed25519PublicKey) -> str:
    """A short name that follows from the key."""
    return encode(hashlib.sha256(key.public_bytes_raw()).digest()[:12])


def _header_segment(key: Ed25519PublicKey) -> str:
    return header_segment(key_id(key), _TYPE)


def _principal_claims(principal: Principal) -> dict[str, Any]:
    return {
        "kind": principal.kind.value,
        "id": _uuid_text(principal.id),
        "org": _uuid_text(principal.organisation_id),
        "scopes": sorted(principal.scopes),
        "sid": _uuid_text(principal.session_id),
        "key": _uuid_text(principal.key_id),
    }


def _principal(claims: Mapping[str, Any]) -> Principal:
    return Principal(
        kind=PrincipalKind(claims["kind"]),
        id=_uuid(claims["id"]),
        organisation_id=_uuid(claims["org"]),
        scopes=frozenset(str(scope) for scope in claims["scopes"]),
        session_id=_uuid(claims["sid"]),
        key_id=_uuid(claims["key"]),
    )


def _uuid_text(id: UUID | None) -> str | None:
    return None if id is None else str(id)


def _uuid(text: str | None) -> UUID | None:
    return None if text is None else UUID(text)


def _text_or_none(value: object) -> str | None:
    return None if value is None else str(value)


def _digest(body: bytes) -> str:
    return encode(hashlib.sha256(body).digest())
