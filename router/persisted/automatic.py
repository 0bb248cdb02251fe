"""Automatic persisted queries: clients send a document once with its hash, then ask for it by the hash.

A text is kept only under the SHA-256 that it has, so it makes no difference who sent it. Strangers decide
what is kept: the memory is bounded in bytes, and what is pushed out is sent again by whoever misses it.
"""

from typing import Protocol

from common.operations.documents import LONGEST_DOCUMENT, digest_of
from router.cache.recent import Recent

MOST_DOCUMENTS = 100_000
OVERHEAD = 300
"""Bytes that an entry takes beside its text."""


class SharedDocuments(Protocol):
    """Keeps documents for many processes; never raises, at worst it knows nothing."""

    async def get(self, digest: str) -> str | None:
        """The text that was kept under this digest; not to be believed."""
        ...

    async def put(self, digest: str, text: str) -> None:
        """Keep it, for some time."""
        ...


class AutomaticDocuments:
    """Documents by digest; `shared` ones are asked for what this process does not know."""

    def __init__(self, max_bytes: int, shared: SharedDocuments | None = None) -> None:
        self._texts: Recent[str, str] = Recent(MOST_DOCUMENTS, max_bytes)
        self._shared = shared
        self.hits = 0
        self.misses = 0

    async def get(self, digest: str) -> str | None:
        """The text, None if nobody sent it lately."""
        text = self._texts.get(digest)
        if text is None and self._shared is not None:
            text = await self._shared.get(digest)
            if text is not None and digest_of(text) == digest:
                self._keep(digest, text)
            else:
                text = None
        if text is None:
            self.misses += 1
        else:
            self.hits += 1
        return text

    async def put(self, digest: str, text: str) -> None:
        """Keep a text whose digest was checked."""
        if self._texts.get(digest) is None and self._keep(digest, text) and self._shared is not None:
            await self._shared.put(digest, text)

    def __len__(self) -> int:
        return len(self._texts)

    @property
    def bytes(self) -> int:
        """What the texts of this process take."""
        return self._texts.weight

    def _keep(self, digest: str, text: str) -> bool:
        size = len(text.encode("utf-8", "surrogatepass"))
        if size > LONGEST_DOCUMENT:
            return False
        self._texts.put(digest, text, size + OVERHEAD)
        return True
