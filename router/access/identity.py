"""Headers of a request → who is asking."""

from collections.abc import Mapping
from dataclasses import dataclass

from common.access.principal import ANONYMOUS, Principal
from router.access.credentials import RememberedCredentials
from router.access.revocation import Revocations
from router.access.tokens import TokenVerifier
from router.errors import Unauthenticated

API_KEY_PREFIX = "atr_"
LONGEST_KEY = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A principal and, for access tokens, when it ends (seconds since 1970)."""

    principal: Principal
    expires_at: float | None = None


NOBODY = Caller(principal=ANONYMOUS)


class Door:
    """Turns credentials into principals. Without verifiers everybody is anonymous: a router alone."""

    def __init__(
        self,
        *,
        tokens: TokenVerifier | None = None,
        credentials: RememberedCredentials | None = None,
        revocations: Revocations | None = None,
    ) -> None:
        self._tokens = tokens
        self._credentials = credentials
        self.revocations = revocations or Revocations()

    def known(self, headers: Mapping[str, str]) -> Caller | None:
        """Who asks, if that is known without asking anybody; None: `identify` finds out, or refuses."""
        if self._tokens is None and self._credentials is None:
            return NOBODY
        key, authorization = headers.get("x-api-key"), headers.get("authorization")
        if authorization is None:
            return NOBODY if key is None else self._known_owner(key)
        credential = _bearer_of(authorization)
        if key is not None or not credential:
            return None
        if credential.startswith(API_KEY_PREFIX):
            return self._known_owner(credential)
        verified = None if self._tokens is None else self._tokens.known(credential)
        if verified is None or self.revocations.is_revoked(verified.principal):
            return None
        return Caller(principal=verified.principal, expires_at=verified.expires_at)

    def _known_owner(self, key: str) -> Caller | None:
        if self._credentials is None or len(key) > LONGEST_KEY:
            return None
        principal = self._credentials.known(key)
        return None if principal is None else Caller(principal=principal)

    async def identify(self, headers: Mapping[str, str]) -> Caller:
        """Who asks; raises Unauthenticated, TokenExpired or CredentialsUnchecked."""
        if self._tokens is None and self._credentials is None:
            return NOBODY
        key, authorization = headers.get("x-api-key"), headers.get("authorization")
        if key is not None and authorization is not None:
            raise Unauthenticated("Send either an access token or an API key, not both.")
        if key is not None:
            return await self._owner_of(key)
        if authorization is not None:
            return await self._bearer(authorization)
        return NOBODY

    async def _bearer(self, authorization: str) -> Caller:
        credential = _bearer_of(authorization)
        if not credential:
            raise Unauthenticated("The authorization header must be 'Bearer' and an access token or API key.")
        if credential.startswith(API_KEY_PREFIX):
            return await self._owner_of(credential)
        return await self._holder_of(credential)

    async def _owner_of(self, key: str) -> Caller:
        if self._credentials is None or len(key) > LONGEST_KEY:
            raise Unauthenticated("The API key is not valid.")
        principal = await self._credentials.verify(key)
        if principal is None:
            raise Unauthenticated("The API key is not valid.")
        return Caller(principal=principal)

    async def _holder_of(self, token: str) -> Caller:
        if self._tokens is None:
            raise Unauthenticated("The access token is not valid.")
        verified = await self._tokens.verify(token)
        if self.revocations.is_revoked(verified.principal):
            raise Unauthenticated("The session has ended.")
        return Caller(principal=verified.principal, expires_at=verified.expires_at)


def _bearer_of(authorization: str) -> str:
    """The credential of an `authorization: Bearer`; empty for every other."""
    scheme, _, credential = authorization.strip().partition(" ")
    return credential.strip() if scheme.lower() == "bearer" else ""
