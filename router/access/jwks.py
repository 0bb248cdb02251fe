"""The public keys of whoever issues access tokens: fetched, cached, asked again when a new one appears."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from time import monotonic
from typing import Any, Protocol

import orjson
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from router.errors import CredentialsUnchecked
from router.subgraph_client.exchange import NoAnswer
from router.subgraph_client.http import HttpPool

LIFETIME = 300.0
SHORTEST_PAUSE = 1.0
LONGEST_PAUSE = 30.0

FetchKeys = Callable[[], Awaitable[Mapping[str, Any]]]
"""Gives a JWK set (RFC 7517 §5); raises KeysUnavailable."""


class KeysUnavailable(Exception):
    """The key set could not be read now."""


class KeySource(Protocol):
    """Finds a key by its id."""

    async def key(self, kid: str) -> OKPKey | None:
        """The key, or None if the issuer does not publish it."""
        ...


class PublishedKeys:
    """A key set that is kept for five minutes; an unknown id asks anew, but not more often than it may.

    While the issuer is away the last good set stays in use, and each attempt waits twice as long.
    """

    def __init__(self, fetch: FetchKeys, *, clock: Callable[[], float] = monotonic) -> None:
        self._fetch = fetch
        self._clock = clock
        self._keys: dict[str, OKPKey] = {}
        self._is_loaded = False
        self._stale_at = 0.0
        self._not_before = 0.0
        self._pause = SHORTEST_PAUSE
        self._lock = asyncio.Lock()

    async def key(self, kid: str) -> OKPKey | None:
        """The key, or None if the issuer does not publish it; raises CredentialsUnchecked."""
        if self._wants(kid):
            async with self._lock:
                if self._wants(kid):
                    await self._refresh()
        if not self._is_loaded:
            raise CredentialsUnchecked("Access tokens cannot be checked at the moment.")
        return self._keys.get(kid)

    def _wants(self, kid: str) -> bool:
        now = self._clock()
        return now >= self._not_before and (now >= self._stale_at or kid not in self._keys)

    async def _refresh(self) -> None:
        try:
            keys = read_key_set(await self._fetch())
        except KeysUnavailable:
            self._not_before = self._clock() + self._pause
            self._pause = min(self._pause * 2, LONGEST_PAUSE)
            return
        now = self._clock()
        self._keys = keys
        self._is_loaded = True
        self._stale_at = now + LIFETIME
        self._not_before = now + SHORTEST_PAUSE
        self._pause = SHORTEST_PAUSE


def read_key_set(published: Mapping[str, Any]) -> dict[str, OKPKey]:
    """The Ed25519 signing keys of a JWK set, by id; everything else in it is left alone."""
    entries = published.get("keys")
    if not isinstance(entries, list):
        raise KeysUnavailable("not a JWK set")
    keys: dict[str, OKPKey] = {}
    for entry in entries:
        if isinstance(entry, dict) and _is_signing_key(entry):
            try:
                keys[entry["kid"]] = OKPKey.import_key(
                    {name: entry[name] for name in ("kty", "crv", "x", "kid")}
                )
            except (JoseError, ValueError, KeyError, TypeError) as cause:
                raise KeysUnavailable("a key is malformed") from cause
    return keys


def fetch_over_http(pool: HttpPool, url: str, *, seconds: float = 5.0) -> FetchKeys:
    """Reads the key set from an address."""

    async def fetch() -> Mapping[str, Any]:
        try:
            answer = await pool.send("GET", url, headers={"accept": "application/json"}, seconds=seconds)
            published = orjson.loads(answer.body) if answer.status == 200 else None
        except (NoAnswer, orjson.JSONDecodeError) as cause:
            raise KeysUnavailable("no readable answer") from cause
        if not isinstance(published, dict):
            raise KeysUnavailable("not a JWK set")
        return published

    return fetch


def _is_signing_key(entry: Mapping[str, Any]) -> bool:
    return (
        entry.get("kty") == "OKP"
        and entry.get("crv") == "Ed25519"
        and entry.get("use", "sig") == "sig"
        and isinstance(entry.get("kid"), str)
    )
