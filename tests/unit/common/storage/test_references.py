"""References to uploaded files: good for a while, from the router alone, and keys lead nowhere else."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from common.access.jws import header_segment, signed
from common.access.signing import generate_key, key_id
from common.storage.references import TYPE, ReferenceRefused, Upload, UploadSigner, UploadVerifier
from common.storage.uploads import UploadGone, UploadStore, uploads_at

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
KEY = generate_key()
VERIFIER = UploadVerifier([KEY.public_key()])
UPLOAD = Upload(key="uploads/20260101T01/" + "0" * 32, name="a", type="text/plain", size=1, sha256="f" * 64)


def test_a_reference_says_what_was_signed() -> None:
    assert VERIFIER.verify(UploadSigner(KEY).sign(UPLOAD, LATER), NOW) == UPLOAD


@pytest.mark.parametrize(
    ("text", "now", "sentence"),
    [
        (UploadSigner(KEY).sign(UPLOAD, LATER), LATER, "expired"),
        (UploadSigner(generate_key()).sign(UPLOAD, LATER), NOW, "as a file"),
        (UploadSigner(KEY).sign(UPLOAD, LATER)[:-4] + "AAAA", NOW, "as a file"),
        (signed(header_segment(key_id(KEY.public_key()), "other"), {}, KEY), NOW, "as a file"),
        (signed(header_segment(key_id(KEY.public_key()), TYPE), {}, KEY), NOW, "incomplete"),
        ("uploads/x", NOW, "as a file"),
        ("x" * 5_000, NOW, "as a file"),
        ({"key": "x"}, NOW, "as a file"),
        (None, NOW, "as a file"),
    ],
)
def test_anything_else_is_refused(text: object, now: datetime, sentence: str) -> None:
    with pytest.raises(ReferenceRefused, match=sentence):
        VERIFIER.verify(text, now)


async def _chunks(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def _read(store: UploadStore, key: str) -> bytes:
    return b"".join([chunk async for chunk in store.read(key)])


async def test_what_is_kept_can_be_read_until_it_is_dropped(tmp_path: Path) -> None:
    store = uploads_at(f"file://{tmp_path}")
    kept = await store.keep(_chunks(b"ab", b"", b"c"), LATER)

    assert await _read(store, kept.key) == b"abc"
    assert kept.size == 3
    await store.drop([kept.key, kept.key])
    with pytest.raises(UploadGone):
        await _read(store, kept.key)


async def test_nothing_is_left_of_a_file_that_ends_in_an_error(tmp_path: Path) -> None:
    async def breaks() -> AsyncIterator[bytes]:
        yield b"x" * 9_000_000  # more than one part of a multipart upload
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await uploads_at(f"file://{tmp_path}").keep(breaks(), LATER)

    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    "key", ["secret", "uploads/../secret", "uploads/20260101T00/../../secret", "", "/etc/passwd"]
)
async def test_keys_lead_nowhere_else(tmp_path: Path, key: str) -> None:
    (tmp_path / "secret").write_text("hunter2")

    with pytest.raises(UploadGone):
        await _read(uploads_at(f"file://{tmp_path}"), key)


@pytest.mark.parametrize("address", ["/tmp/x", "ftp://a/b", "memory:///", "http://a/b"])
def test_other_addresses_are_no_stores(address: str) -> None:
    with pytest.raises(ValueError, match="begins with file://, s3://"):
        uploads_at(address)
