"""Uploaded files in a store that speaks S3's protocol: put in pieces, read, swept, and away."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from common.storage.uploads import ObjectUploads, UploadGone, UploadsUnavailable, uploads_at
from tests.fakes.http_server import serving
from tests.fakes.object_store import FakeObjectStore

NOW = datetime(2026, 1, 1, 12, 30, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


@pytest.fixture
async def bucket(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[ObjectUploads, FakeObjectStore]]:
    """The store at `s3://bucket/deep`, as the provider's own variables lead to it."""
    fake = FakeObjectStore()
    async with serving(fake.app()) as server:
        for name, value in {
            "AWS_ENDPOINT_URL": server.url,
            "AWS_ALLOW_HTTP": "true",
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_REGION": "nowhere-1",
        }.items():
            monkeypatch.setenv(name, value)
        yield uploads_at("s3://bucket/deep"), fake


async def _chunks(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def test_files_come_and_go(bucket: tuple[ObjectUploads, FakeObjectStore]) -> None:
    store, fake = bucket
    large = await store.keep(_chunks(*[b"x" * 1_000_000] * 12), LATER)
    small = await store.keep(_chunks(b"ab", b"c"), LATER)

    assert sorted(map(len, fake.objects.values())) == [3, 12_000_000]
    assert all(key.startswith("bucket/deep/uploads/20260101T13/") for key in fake.objects)
    assert b"".join([chunk async for chunk in store.read(small.key)]) == b"abc"
    await store.drop([large.key])
    assert len(fake.objects) == 1
    with pytest.raises(UploadGone):
        await anext(aiter(store.read(large.key)))


async def test_nothing_is_left_of_a_file_that_ends_in_an_error(
    bucket: tuple[ObjectUploads, FakeObjectStore],
) -> None:
    store, fake = bucket

    async def breaks() -> AsyncIterator[bytes]:
        for _ in range(12):
            yield b"x" * 1_000_000
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await store.keep(breaks(), LATER)

    assert fake.objects == {}
    assert fake.parts == {}


async def test_expired_files_are_swept(bucket: tuple[ObjectUploads, FakeObjectStore]) -> None:
    store, fake = bucket
    await store.keep(_chunks(b"old"), NOW - timedelta(hours=2))
    await store.keep(_chunks(b"new"), LATER)

    assert await store.drop_expired(NOW) == 1
    assert list(fake.objects.values()) == [b"new"]


async def test_a_store_that_refuses_is_unavailable(bucket: tuple[ObjectUploads, FakeObjectStore]) -> None:
    store, fake = bucket
    fake.is_failing = True

    with pytest.raises(UploadsUnavailable):
        await store.keep(_chunks(b"x"), LATER)
    with pytest.raises(UploadsUnavailable):
        await store.drop_expired(NOW)
