"""Bodies survive being made small, and small bodies never become large ones."""

import gzip
import tracemalloc
import zlib
from contextlib import suppress

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from router.errors import BadRequest, PayloadTooLarge, UnsupportedCoding
from router.wire.compression import Coding, accepted_coding, compressed, opened

LIMIT = 100_000
TEXT = b'{"query":"{ products { name } }"}' * 100


@pytest.mark.parametrize("coding", Coding)
@given(body=st.binary(max_size=5_000), repeated=st.integers(1, 10))
def test_what_was_compressed_opens_to_itself(coding: Coding, body: bytes, repeated: int) -> None:
    assert opened(compressed(body * repeated, coding), coding.value, LIMIT) == body * repeated


@pytest.mark.parametrize("coding", Coding)
def test_text_becomes_smaller(coding: Coding) -> None:
    assert len(compressed(TEXT, coding)) < len(TEXT) / 4


@pytest.mark.parametrize("coding", Coding)
def test_the_limit_is_exact(coding: Coding) -> None:
    assert opened(compressed(b" " * LIMIT, coding), coding.value, LIMIT) == b" " * LIMIT
    with pytest.raises(PayloadTooLarge):
        opened(compressed(b" " * (LIMIT + 1), coding), coding.value, LIMIT)


@pytest.mark.parametrize("coding", Coding)
def test_a_bomb_is_not_opened(coding: Coding) -> None:
    bomb = compressed(b" " * 100_000_000, coding)

    tracemalloc.start()
    with pytest.raises(PayloadTooLarge):
        opened(bomb, coding.value, LIMIT)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 2_000_000


@pytest.mark.parametrize("coding", Coding)
@pytest.mark.parametrize("cut", [0, 1, 5, 20, -4, -1])
def test_half_a_body_is_refused(coding: Coding, cut: int) -> None:
    with pytest.raises(BadRequest):
        opened(compressed(TEXT, coding)[:cut], coding.value, LIMIT)


@pytest.mark.parametrize("coding", Coding)
def test_what_follows_the_end_is_refused(coding: Coding) -> None:
    with pytest.raises(BadRequest):
        opened(compressed(TEXT, coding) + b"more", coding.value, LIMIT)
    with pytest.raises(BadRequest):
        opened(compressed(TEXT, coding) * 2, coding.value, LIMIT)


@pytest.mark.parametrize("coding", Coding)
@given(body=st.binary(max_size=300))
def test_anything_at_all_is_opened_or_refused(coding: Coding, body: bytes) -> None:
    with suppress(BadRequest, PayloadTooLarge):
        assert len(opened(body, coding.value, LIMIT)) <= LIMIT


@pytest.mark.parametrize("encoding", ["deflate", "gzip, gzip", "gzip,br", "compress", "*", "gzip;q=1"])
def test_other_codings_are_refused(encoding: str) -> None:
    with pytest.raises(UnsupportedCoding):
        opened(b"x", encoding, LIMIT)


def test_other_compressors_are_understood() -> None:
    streamed = zstandard.ZstdCompressor(write_checksum=True).compressobj()
    assert opened(gzip.compress(TEXT), "x-GZip ", LIMIT) == TEXT
    assert opened(brotli.compress(TEXT), "BR", LIMIT) == TEXT
    assert opened(streamed.compress(TEXT) + streamed.flush(), "zstd", LIMIT) == TEXT
    assert opened(TEXT, " identity", LIMIT) == TEXT
    with pytest.raises(BadRequest):
        opened(zlib.compress(TEXT), "gzip", LIMIT)


@pytest.mark.parametrize(
    ("accept_encoding", "coding"),
    [
        ("", None),
        ("identity", None),
        ("deflate, compress", None),
        ("gzip", Coding.GZIP),
        ("x-gzip", Coding.GZIP),
        ("gzip, deflate, br", Coding.BROTLI),
        ("gzip, deflate, br, zstd", Coding.ZSTANDARD),
        ("GZIP;q=1.0, br;q=0.5", Coding.GZIP),
        ("gzip;q=0", None),
        ("gzip;q=0, *", Coding.ZSTANDARD),
        ("*;q=0", None),
        ("zstd;q=x, gzip;q=0.1", Coding.GZIP),
        ("identity, gzip;q=0.5", None),
        (";;,,=", None),
    ],
)
def test_the_coding_the_client_likes_best_is_chosen(accept_encoding: str, coding: Coding | None) -> None:
    assert accepted_coding(accept_encoding) is coding
