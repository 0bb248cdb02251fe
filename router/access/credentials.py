"""Who owns an API key: asked of auth, remembered for a few seconds, forgotten at once when revoked."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import monotonic
from typing import Any, Protocol
from uuid import UUID

import orjson

from common.access.principal import Principal, PrincipalKind
from router.access.digest import digest_of
from router.cache.recent import Recent
from router.errors import CredentialsUnchecked
from router.subgraph_client.exchange import NoAnswer
from router.subgraph_client.http import HttpPool

log = logging.getLogger(__name__)

LIFETIME = 5.0


class CredentialVerifier(Protocol):
    """Says whose credential this is."""

    async def verify(self, credential: str) -> Principal | None:
        """Its owner, None if it is unknown, revoked or expired; raises CredentialsUnchecked."""
        ...


class InProcessCredentials:
    """A function of auth's service, called directly."""

    def __init__(self, verify: Callable[[str], Awaitable[Principal | None]]) -> None:
        self._verify = verify

    async def verify(self, credential: str) -> Principal | None:
        """Its owner, None if it is unknown, revoked or expired; raises CredentialsUnchecked."""
        try:
            return await self._verify(credential)
        except Exception as cause:  # whatever is wrong over there, the key was not checked
            log.error("an API key could not be checked", exc_info=cause)
            raise _unchecked() from cause


class HttpCredentials:
    """Auth's internal endpoint: `{"credential"}` → `{"principal"}`, null for an unknown one.

    `sign` makes the headers that prove to auth that the router asks.
    """

    def __init__(
        self, pool: HttpPool, url: str, *, sign: Callable[[bytes], dict[str, str]], seconds: float = 5.0
    ) -> None:
        self._pool = pool
        self._url = url
        self._sign = sign
        self._seconds = seconds

    async def verify(self, credential: str) -> Principal | None:
        """Its owner, None if it is unknown, revoked or expired; raises CredentialsUnchecked."""
        body = orjson.dumps({"credential": credential})
        headers = {"content-type": "application/json", **self._sign(body)}
        try:
            answer = await self._pool.send(
                "POST", self._url, headers=headers, body=body, seconds=self._seconds
            )
            if answer.status == 200:
                principal = orjson.loads(answer.body)["principal"]
                return None if principal is None else read_principal(principal)
        except (NoAnswer, ValueError, KeyError, TypeError) as cause:
            raise _unchecked() from cause
        raise _unchecked()


@dataclass(frozen=True, slots=True)
class _Remembered:
    principal: Principal | None
    until: float


class RememberedCredentials:
    """Asks once for any number of simultaneous requests, and remembers the answer, a no included."""

    def __init__(
        self,
        verifier: CredentialVerifier,
        *,
        size: int = 10_000,
        lifetime: float = LIFETIME,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._verifier = verifier
        self._lifetime = lifetime
        self._clock = clock
        self._known: Recent[bytes, _Remembered] = Recent(size)
        self._asked: dict[bytes, asyncio.Task[Principal | None]] = {}
        self._digests: Recent[UUID, bytes] = Recent(size)
        self._revocations = 0

    def known(self, credential: str) -> Principal | None:
        """Its owner, if that was said just before."""
        known = self._known.get(digest_of(credential))
        return known.principal if known is not None and self._clock() < known.until else None

    async def verify(self, credential: str) -> Principal | None:
        """Its owner, None if it is unknown, revoked or expired; raises CredentialsUnchecked."""
        digest = digest_of(credential)
        known = self._known.get(digest)
        if known is not None and self._clock() < known.until:
            return known.principal
        task = self._asked.get(digest)
        if task is None:
            task = self._asked[digest] = asyncio.create_task(self._ask(digest, credential))
            task.add_done_callback(_look_at)
        return await asyncio.shield(task)

    def drop_key(self, key_id: UUID) -> None:
        """The key was revoked or changed: ask anew."""
        self._revocations += 1
        digest = self._digests.get(key_id)
        if digest is not None:
            self._known.drop(digest)

    def clear(self) -> None:
        """Revocations may have been missed: ask anew for every key."""
        self._revocations += 1
        self._digests.clear()
        self._known.clear()

    async def _ask(self, digest: bytes, credential: str) -> Principal | None:
        try:
            while True:
                before = self._revocations
                principal = await self._verifier.verify(credential)
                if before == self._revocations:  # else it may have been revoked while we asked
                    break
            self._remember(digest, principal)
            return principal
        finally:
            del self._asked[digest]

    def _remember(self, digest: bytes, principal: Principal | None) -> None:
        self._known.put(digest, _Remembered(principal, self._clock() + self._lifetime))
        if principal is not None and principal.key_id is not None:
            self._digests.put(principal.key_id, digest)


def read_principal(payload: Any) -> Principal:
    """The JSON that auth writes: kind, id, organisation_id, scopes, key_id."""
    return Principal(
        kind=PrincipalKind(payload["kind"]),
        id=_uuid(payload["id"]),
        organisation_id=_uuid(payload["organisation_id"]),
        scopes=frozenset(str(scope) for scope in payload["scopes"]),
        key_id=_uuid(payload["key_id"]),
    )


def _uuid(text: str | None) -> UUID | None:
    return None if text is None else UUID(text)


def _look_at(task: asyncio.Task[Principal | None]) -> None:
    """An error that nobody waits for any more is no news."""
    if not task.cancelled():
        task.exception()


def _unchecked() -> CredentialsUnchecked:
    return CredentialsUnchecked("API keys cannot be checked at the moment.")
