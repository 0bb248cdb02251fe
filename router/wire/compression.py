"""Bodies made smaller for the way, and whole again: gzip, Brotli and Zstandard.

What a client sends is opened no further than its limit: a few bytes may stand for gigabytes.
"""

import zlib
from collections.abc import Callable, Mapping
from enum import StrEnum

import brotli
import zstandard

from router.errors import BadRequest, PayloadTooLarge, UnsupportedCoding

GZIP_LEVEL = 4
BROTLI_QUALITY = 4
ZSTANDARD_LEVEL = 3
LARGEST_WINDOW = 8 * 1024 * 1024  # of Zstandard, which decoders must support (RFC 8878 §3.1.1.1.2)
_GZIP = 16 + zlib.MAX_WBITS


class Coding(StrEnum):
    """A content coding, ours to choose in this order when a client likes several equally well."""

    ZSTANDARD = "zstd"
    BROTLI = "br"
    GZIP = "gzip"


def accepted_coding(accept_encoding: str) -> Coding | None:
    """The coding that the client likes best; None: the body as it is."""
    liked: dict[str, float] = {}
    for each in accept_encoding.lower().split(","):
        name, _, parameter = each.partition(";")
        liked[name.strip().removeprefix("x-")] = _quality(parameter)
    default = liked.get("*", 0.0)
    best = max(Coding, key=lambda coding: liked.get(coding, default))
    quality = liked.get(best, default)
    return best if quality > 0 and quality >= liked.get("identity", 0.0) else None


def compressed(body: bytes, coding: Coding) -> bytes:
    """The body in this coding."""
    match coding:
        case Coding.ZSTANDARD:
            return zstandard.ZstdCompressor(level=ZSTANDARD_LEVEL).compress(body)
        case Coding.BROTLI:
            small: bytes = brotli.compress(body, mode=brotli.MODE_TEXT, quality=BROTLI_QUALITY)
            return small
        case Coding.GZIP:
            return zlib.compress(body, GZIP_LEVEL, _GZIP)


def opened(body: bytes, encoding: str, limit: int) -> bytes:
    """What the body says in this `Content-Encoding`.

    Raises UnsupportedCoding, BadRequest if it is not whole, PayloadTooLarge if it opens to more than `limit`.
    """
    name = encoding.strip().lower().removeprefix("x-")
    if name in ("", "identity"):
        return body
    open_one = _OPENING.get(name)
    if open_one is None:
        raise UnsupportedCoding
    plain = open_one(body, limit)
    if plain is None:
        raise BadRequest(f"The body is not whole as {name}.")
    if len(plain) > limit:
        raise PayloadTooLarge(limit)
    return plain


def _quality(parameter: str) -> float:
    name, _, value = parameter.partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return min(max(float(value), 0.0), 1.0)
    except ValueError:
        return 0.0


def _open_gzip(body: bytes, limit: int) -> bytes | None:
    opening = zlib.decompressobj(_GZIP)
    try:
        plain = opening.decompress(body, limit + 1)
    except zlib.error:
        return None
    is_whole = opening.eof and not opening.unused_data
    return plain if is_whole or len(plain) > limit else None


def _open_brotli(body: bytes, limit: int) -> bytes | None:
    opening, plain = brotli.Decompressor(), b""
    try:
        while not opening.is_finished() and len(plain) <= limit:
            more = opening.process(body, output_buffer_limit=limit + 1 - len(plain))
            if not more and opening.can_accept_more_data():
                break
            plain, body = plain + more, b""
    except brotli.error:
        return None
    return plain if opening.is_finished() or len(plain) > limit else None


def _open_zstandard(body: bytes, limit: int) -> bytes | None:
    """Twice: the first time to know that it is not too long, the second that it has an end."""
    opening = zstandard.ZstdDecompressor(max_window_size=LARGEST_WINDOW)
    try:
        plain = opening.stream_reader(body).read(limit + 1)
        if len(plain) > limit:
            return plain
        again = opening.decompressobj()
        plain = again.decompress(body)
    except zstandard.ZstdError:
        return None
    return plain if again.eof and not again.unused_data else None


_OPENING: Mapping[str, Callable[[bytes, int], bytes | None]] = {
    Coding.ZSTANDARD: _open_zstandard,
    Coding.BROTLI: _open_brotli,
    Coding.GZIP: _open_gzip,
}
