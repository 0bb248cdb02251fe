"""The registry of a platform elsewhere, reached through its endpoint: for pipelines."""

import asyncio
import ipaddress
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

import aiohttp
import orjson

from atrium.failure import Failed
from atrium.registry import Registry, data_of, registry_of

_LARGEST_ANSWER = 64 * 1024 * 1024
_SECONDS = 180

MadeT = TypeVar("MadeT")


@dataclass(frozen=True, slots=True, kw_only=True)
class AtEndpoint:
    """A graph of the organisation that the API key belongs to."""

    url: str
    api_key: str | None
    graph: str

    def use(self, ask: Callable[[Registry], Awaitable[MadeT]]) -> MadeT:
        """What `ask` makes of the graph; raises RegistryRefused or Failed."""
        return asyncio.run(self.open(ask))

    async def open(self, ask: Callable[[Registry], Awaitable[MadeT]]) -> MadeT:
        """The same, on a loop that runs already."""
        host = _host_of(self.url)
        if self.api_key and urlsplit(self.url).scheme == "http" and not _is_here(host):
            print(f"warning: the API key goes to {host} unencrypted; use https://.", file=sys.stderr)
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_SECONDS)) as http:
            return await ask(await registry_of(_OverHttp(http, self.url, self.api_key), self.graph))


@dataclass(frozen=True, slots=True)
class _OverHttp:
    http: aiohttp.ClientSession
    url: str
    api_key: str | None

    async def ask(self, document: str, variables: Mapping[str, Any]) -> Mapping[str, Any]:
        headers = {"content-type": "application/json", "accept": "application/json"}
        if self.api_key:
            headers["authorization"] = f"Bearer {self.api_key}"
        body = orjson.dumps({"query": document, "variables": variables})
        try:
            async with self.http.post(
                self.url, data=body, headers=headers, allow_redirects=False
            ) as response:
                status, text = response.status, await _text(response)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise Failed(f"{self.url} cannot be asked: {str(error) or type(error).__name__}") from error
        if 300 <= status < 400:
            # Followed, it would carry the schema, and a POST might become a GET.
            raise Failed(f"{self.url} answered {status}: it is elsewhere, give that address.")
        try:
            return data_of(orjson.loads(text))
        except orjson.JSONDecodeError as error:
            raise Failed(f"{self.url} answered {status} without JSON: no GraphQL endpoint?") from error


async def _text(response: aiohttp.ClientResponse) -> bytes:
    text = bytearray()
    async for chunk in response.content.iter_any():
        text += chunk
        if len(text) > _LARGEST_ANSWER:
            raise Failed(f"The answer is larger than {_LARGEST_ANSWER} bytes.")
    return bytes(text)


def _host_of(url: str) -> str:
    """Raises Failed, without the URL's password, unless it is an address that can be asked."""
    try:
        parts = urlsplit(url)
        host = parts.hostname if parts.scheme in {"http", "https"} else None
    except ValueError:
        host = None
    if not host or "@" in parts.netloc:
        raise Failed("The endpoint's address has to be an http:// or https:// URL without user and password.")
    return host


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
