"""ASGI scopes and messages → values of `wire`."""

import asyncio
import re
from collections.abc import Awaitable, Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address
from random import getrandbits

from starlette.types import Message, Receive, Scope

from common.setting_kinds import Networks
from router.errors import BodyTimeout, HeadersTooLarge, PayloadTooLarge
from router.http.begun import Begun
from router.http.direct import direct
from router.http.repeated_head import HEADERS_READ

_WITH_PORT = re.compile(r"\[(?P<v6>[^\]]*)\](?::\d{1,5})?|(?P<v4>[\d.]+):\d{1,5}", re.ASCII)
REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")


class ClientLeft(Exception):
    """The client hung up before its request was whole."""


def check_headers(scope: Scope, limit: int) -> None:
    """Refuse headers that are longer than `limit` bytes together; raises HeadersTooLarge."""
    if headers_read(scope)[1] > limit:
        raise HeadersTooLarge(limit)


def headers_of(scope: Scope) -> dict[str, str]:
    """Lower-case names, repeated headers joined as HTTP allows."""
    return headers_read(scope)[0]


def headers_read(scope: Scope) -> tuple[dict[str, str], int]:
    """The same, and how many bytes they are together; read once a request, or once a connection."""
    known: tuple[dict[str, str], int] | None = scope.get(HEADERS_READ)
    if known is not None:
        return known
    headers: dict[str, str] = {}
    size = 0
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        if name in headers:
            value = f"{headers[name]}{'; ' if name == 'cookie' else ', '}{value}"
        headers[name] = value
        size += len(raw_name) + len(raw_value)
    scope[HEADERS_READ] = headers, size
    return headers, size


def request_id_of(headers: Mapping[str, str]) -> str:
    """The client's own id if it is sane, else a new one."""
    given = headers.get("x-request-id")
    return given if given is not None and REQUEST_ID.fullmatch(given) else f"{getrandbits(128):032x}"


def client_address_of(scope: Scope, trusted: Networks, header: str = "x-forwarded-for") -> str | None:
    """Where the request comes from: the other end of the connection, or whom our own proxies saw.

    Each proxy appends the address it saw to the header that they use, `X-Forwarded-For` or `Forwarded`
    (RFC 7239), so what stands further left than the last stranger is that stranger's own invention and is
    never read. Nor is the other header, which proxies pass on as it came.
    """
    client = scope.get("client")
    if client is None or not client[0]:
        return None
    peer = _peer(str(client[0]))
    if not trusted or not _is_trusted(_address(peer), trusted):
        return peer
    seen = _forwarded if header == "forwarded" else _forwarded_for
    for entry in reversed(seen(scope)):
        address = _address(entry)
        if address is None:
            return peer
        if not _is_trusted(address, trusted):
            return str(address)
    return peer


def _forwarded_for(scope: Scope) -> list[str]:
    return _entries(scope, b"x-forwarded-for")


def _forwarded(scope: Scope) -> list[str]:
    """The `for` of each element. No address has a comma, so a quote that a stranger left open hides none."""
    return [_for(element) for element in _entries(scope, b"forwarded")]


def _entries(scope: Scope, wanted: bytes) -> list[str]:
    lines = [value.decode("latin-1") for name, value in scope["headers"] if name == wanted]
    return ",".join(lines).split(",") if lines else []


def _for(element: str) -> str:
    for pair in element.split(";"):
        name, _, value = pair.partition("=")
        if name.strip().lower() == "for":
            return value.strip().strip('"')
    return ""


def _peer(text: str) -> str:
    """IPv4 inside IPv6, as a socket for both shows it, is IPv4."""
    if ":" not in text:
        return text
    address = _address(text)
    return text if address is None else str(address)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """The address, whose port is of no interest."""
    found = _WITH_PORT.fullmatch(text.strip())
    try:
        address = ip_address(text.strip() if found is None else found["v6"] or found["v4"])
    except ValueError:
        return None
    if isinstance(address, IPv4Address):
        return address
    return None if address.scope_id else address.ipv4_mapped or address


def _is_trusted(address: IPv4Address | IPv6Address | None, trusted: Networks) -> bool:
    return address is not None and any(address in network for network in trusted)


async def read_body(receive: Receive, headers: Mapping[str, str], *, limit: int, seconds: float) -> bytes:
    """The whole body; raises PayloadTooLarge as soon as that is known, BodyTimeout or ClientLeft."""
    claimed = headers.get("content-length", "0")
    if not claimed.isdecimal() or int(claimed) > limit:
        raise PayloadTooLarge(limit)
    server = direct(receive)
    if server is not None and (body := server.take_body()) is not None:
        if len(body) > limit:
            raise PayloadTooLarge(limit)
        return body
    first = Begun(receive())
    if first.is_done and not (message := await first).get("more_body"):
        return _chunk(message, limit, limit)
    try:
        async with asyncio.timeout(seconds):
            return await _chunks(first, receive, limit)
    except TimeoutError as cause:
        raise BodyTimeout(seconds) from cause


def _chunk(message: Message, left: int, limit: int) -> bytes:
    if message["type"] == "http.disconnect":
        raise ClientLeft
    chunk: bytes = message.get("body", b"")
    if len(chunk) > left:
        raise PayloadTooLarge(limit)
    return chunk


async def _chunks(coming: Awaitable[Message], receive: Receive, limit: int) -> bytes:
    chunks: list[bytes] = []
    left = limit
    while True:
        message = await coming
        chunk = _chunk(message, left, limit)
        left -= len(chunk)
        chunks.append(chunk)
        if not message.get("more_body"):
            return b"".join(chunks)
        coming = receive()
