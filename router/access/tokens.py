"""Verify an access token: a JWT signed with Ed25519, by a published key, for us, still in time."""

import binascii
from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import time
from typing import Any, NoReturn
from uuid import UUID

import orjson
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from common.access.principal import Principal, PrincipalKind
from router.access.digest import digest_of
from router.access.jwks import KeySource
from router.cache.recent import Recent
from router.errors import TokenExpired, Unauthenticated
from router.settings import TokenSettings

ALGORITHM = "Ed25519"
TYPES = ("at+jwt", "JWT", None)
LONGEST_TOKEN = 8_192


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedToken:
    """A token that held; `expires_at` in seconds since 1970."""

    principal: Principal
    expires_at: float


class TokenVerifier:
    """Checks tokens; one that held is remembered until it expires, since a check costs half a millisecond."""

    def __init__(
        self,
        settings: TokenSettings,
        keys: KeySource,
        *,
        remembered: int = 10_000,
        clock: Callable[[], float] = time,
    ) -> None:
        self._settings = settings
        self._keys = keys
        self._clock = clock
        self._known: Recent[bytes, VerifiedToken] = Recent(remembered)

    def known(self, token: str) -> VerifiedToken | None:
        """Who the token speaks for, if it held before and still does."""
        known = self._known.get(digest_of(token))
        is_valid = known is not None and known.expires_at + self._settings.leeway > self._clock()
        return known if is_valid else None

    async def verify(self, token: str) -> VerifiedToken:
        """Who the token speaks for; raises Unauthenticated or TokenExpired."""
        digest = digest_of(token)
        known = self._known.get(digest)
        if known is None:
            known = self._read(token, await self._key(token))
            self._known.put(digest, known)
        if known.expires_at + self._settings.leeway <= self._clock():
            self._known.drop(digest)
            raise TokenExpired("The access token has expired.")
        return known

    async def _key(self, token: str) -> OKPKey:
        header = header_of(token)
        if header.get("alg") != ALGORITHM or header.get("typ") not in TYPES:
            _refuse()
        if not isinstance(header.get("kid"), str):
            _refuse()
        key = await self._keys.key(header["kid"])
        if key is None:
            _refuse()
        return key

    def _read(self, token: str, key: OKPKey) -> VerifiedToken:
        try:
            claims = jwt.decode(token, key, algorithms=[ALGORITHM]).claims
        except (JoseError, ValueError) as cause:
            raise Unauthenticated("The access token is not valid.") from cause
        self._check(claims)
        try:
            return VerifiedToken(principal=principal_of(claims), expires_at=float(claims["exp"]))
        except (KeyError, TypeError, ValueError, AttributeError) as cause:
            raise Unauthenticated("The access token is not valid.") from cause

    def _check(self, claims: Mapping[str, Any]) -> None:
        audience = claims.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        if claims.get("iss") != self._settings.issuer or self._settings.audience not in audiences:
            _refuse()
        not_before = claims.get("nbf", claims.get("iat", 0))
        if not isinstance(not_before, int | float) or not_before > self._clock() + self._settings.leeway:
            _refuse()


def header_of(token: str) -> Mapping[str, Any]:
    """The token's own header, not yet to be believed."""
    first, dot, _ = token.partition(".")
    if not dot or len(token) > LONGEST_TOKEN:
        _refuse()
    try:
        header = orjson.loads(urlsafe_b64decode(first + "=" * (-len(first) % 4)))
    except (binascii.Error, ValueError) as cause:
        raise Unauthenticated("The access token is not valid.") from cause
    if not isinstance(header, dict):
        _refuse()
    return header


def principal_of(claims: Mapping[str, Any]) -> Principal:
    """Claims → Principal: `sub` is the person, `org` where they act, `sid` the session."""
    organisation = claims.get("org")
    session = claims.get("sid")
    return Principal(
        kind=PrincipalKind.USER,
        id=UUID(claims["sub"]),
        organisation_id=None if organisation is None else UUID(organisation),
        scopes=frozenset(claims.get("scope", "").split()),
        session_id=None if session is None else UUID(session),
    )


def _refuse() -> NoReturn:
    raise Unauthenticated("The access token is not valid.")
