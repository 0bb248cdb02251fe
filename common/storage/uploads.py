"""Uploaded files on their way: kept for a while under names that nobody chose, for who needs them."""

import hashlib
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol
from uuid import UUID, uuid4

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, from_url

_FOLDER = "uploads"
_HOUR = "%Y%m%dT%H"


class UploadsUnavailable(Exception):
    """The store cannot be reached, or does not do what it is asked to."""


class UploadGone(Exception):
    """The file is no longer there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A file in the store: where, and what came."""

    key: str
    size: int
    sha256: str


class UploadStore(Protocol):
    """Where uploaded files wait."""

    async def keep(self, chunks: AsyncIterator[bytes], until: datetime) -> Kept:
        """The file under a new key; nothing is left of it if the chunks end in an error, which is raised."""
        ...

    def read(self, key: str) -> AsyncIterator[bytes]:
        """The file; raises UploadGone."""
        ...

    async def drop(self, keys: Iterable[str]) -> None:
        """Forget the files, if they are still there."""
        ...

    async def drop_expired(self, now: datetime) -> int:
        """Forget the files that nobody may fetch any more; says how many."""
        ...


class ObjectUploads:
    """In an object store. A key begins with the hour in which the file expires, so old ones are found."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    async def keep(self, chunks: AsyncIterator[bytes], until: datetime) -> Kept:
        """Stream the file into the store; raises UploadsUnavailable, and what the chunks raise."""
        key = f"{_FOLDER}/{until.astimezone(UTC).strftime(_HOUR)}/{uuid4().hex}"
        counting = _Counting(chunks)
        try:
            await obstore.put_async(self._store, key, counting.chunks())
        except (BaseError, OSError) as problem:
            raise UploadsUnavailable(str(problem).partition("\n")[0]) from problem
        return Kept(key=key, size=counting.size, sha256=counting.digest.hexdigest())

    async def read(self, key: str) -> AsyncIterator[bytes]:
        """The file in pieces."""
        if not _is_key(key):
            raise UploadGone(key)
        try:
            found = await obstore.get_async(self._store, key)
            async for chunk in found.stream():
                yield bytes(chunk)
        except FileNotFoundError as gone:
            raise UploadGone(key) from gone
        except (BaseError, OSError) as problem:
            raise UploadsUnavailable(str(problem).partition("\n")[0]) from problem

    async def drop(self, keys: Iterable[str]) -> None:
        """Forget them one by one: stores differ in what they say to a key that is gone."""
        for key in keys:
            with suppress(FileNotFoundError):
                try:
                    await obstore.delete_async(self._store, key)
                except FileNotFoundError:
                    raise
                except (BaseError, OSError) as problem:
                    raise UploadsUnavailable(str(problem).partition("\n")[0]) from problem

    async def drop_expired(self, now: datetime) -> int:
        """A file is gone an hour after it expired, at the latest but for the time between two calls."""
        this_hour, dropped = now.astimezone(UTC).strftime(_HOUR), 0
        try:
            async for found in obstore.list(self._store, _FOLDER):
                old = [each["path"] for each in found if _hour_of(each["path"]) < this_hour]
                await self.drop(old)
                dropped += len(old)
        except (BaseError, OSError) as problem:
            raise UploadsUnavailable(str(problem).partition("\n")[0]) from problem
        return dropped


def uploads_at(address: str) -> ObjectUploads:
    """The store at an address: `file:///path`, `s3://bucket/path`, `gs://...`, `az://...`; raises ValueError.

    Credentials come from where the provider's own tools look for them.
    """
    scheme, separator, rest = address.partition("://")
    if not separator or scheme not in SCHEMES:
        raise ValueError(f"a store's address begins with {', '.join(f'{each}://' for each in SCHEMES)}")
    if scheme == "file":
        Path(rest).mkdir(parents=True, exist_ok=True, mode=0o700)
        return ObjectUploads(LocalStore(prefix=rest, automatic_cleanup=True))
    try:
        return ObjectUploads(from_url(address))
    except BaseError as problem:
        raise ValueError(str(problem).partition("\n")[0]) from problem


SCHEMES = ("file", "s3", "gs", "az")


class _Counting:
    """Lets chunks pass, and knows what has passed."""

    def __init__(self, chunks: AsyncIterator[bytes]) -> None:
        self._chunks = chunks
        self.size = 0
        self.digest = hashlib.sha256()

    async def chunks(self) -> AsyncIterator[bytes]:
        async for chunk in self._chunks:
            self.size += len(chunk)
            self.digest.update(chunk)
            yield chunk


def _is_key(key: str) -> bool:
    """Nothing but what `keep` makes: a stranger's key leads nowhere else."""
    folder, _, rest = key.partition("/")
    hour, _, name = rest.partition("/")
    try:
        datetime.strptime(hour, _HOUR)
        return folder == _FOLDER and UUID(name).hex == name
    except ValueError:
        return False


def _hour_of(path: str) -> str:
    return path.removeprefix(f"{_FOLDER}/").partition("/")[0]
