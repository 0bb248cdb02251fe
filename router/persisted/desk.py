"""Which document a request means, and whether this client may ask it."""

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping
from enum import StrEnum

from common.access.principal import Principal
from common.operations.documents import SafelistMode, TrustedDocuments, digest_of
from router.cache.recent import Recent
from router.errors import (
    DocumentIdRequired,
    DocumentUnknown,
    OperationNotRegistered,
    PersistedQueryHashMismatch,
    PersistedQueryNotFound,
    PersistedQueryNotSupported,
)
from router.persisted.automatic import AutomaticDocuments
from router.persisted.canonical import canonical
from router.persisted.library import Client, Library, Registered, library_of

log = logging.getLogger(__name__)

LONG_TEXT = 8_192
"""Characters from which a text is compared beside the event loop."""
ROOM = 3
"""So many times longer than what is registered a text may be to be compared: strangers decide that."""
MOST_TOLD = 1_000


class Outcome(StrEnum):
    """How a request came by its document; texts of clients that are kept to nothing are not counted."""

    REGISTERED_ID = "registered_id"
    REGISTERED_TEXT = "registered_text"
    AUTOMATIC = "automatic"
    STRANGE_TEXT = "strange_text"
    UNKNOWN_ID = "unknown_id"
    NOT_REGISTERED = "not_registered"
    ID_REQUIRED = "id_required"
    HASH_MISMATCH = "hash_mismatch"


class Desk:
    """Gives out documents. Without `automatic` ones those who ask by hash are told to send the text."""

    def __init__(self, library: Library | None = None, automatic: AutomaticDocuments | None = None) -> None:
        self.library = library or library_of(TrustedDocuments())
        self.automatic = automatic
        self._outcomes: Counter[tuple[str, Outcome]] = Counter()
        self._found_by_id: Counter[str] = Counter()
        self._told: Recent[str, bool] = Recent(MOST_TOLD)

    def forget_snapshots(self) -> None:
        """Another supergraph is in use: what was made for the old one only holds memory."""
        for registered in self.library.registered.values():
            if registered.ready is not None:
                registered.ready.clear()

    def concerns(self, id: str | None, digest: str | None) -> bool:
        """Whether there is anything to look at: most requests bring their text, and may."""
        return id is not None or digest is not None or self.library.is_strict

    def registered(self, id: str, principal: Principal, headers: Mapping[str, str]) -> Registered | None:
        """What is registered under an id for whoever asks; quick, for this is how most come who are kept."""
        found = self.known(id, principal, headers)
        if found is None:
            return None
        self.gave(found[1])
        return found[0]

    def known(
        self, id: str, principal: Principal, headers: Mapping[str, str]
    ) -> tuple[Registered, str] | None:
        """The same, and the name of whose it is, not yet counted as given."""
        client = self.library.client_of(principal, headers)
        found = client.asked_by_id(id)
        return None if found is None else (found, client.name)

    def gave(self, client: str) -> None:
        """One more got what this client has registered."""
        self._found_by_id[client] += 1

    async def choose(
        self,
        *,
        text: str | None,
        id: str | None,
        digest: str | None,
        principal: Principal,
        headers: Mapping[str, str],
    ) -> str:
        """The document of a request that gives its text, or an `id` or `digest` that nobody registered.

        `digest` is its `sha256Hash`. Raises PersistedQueryNotFound, PersistedQueryNotSupported,
        PersistedQueryHashMismatch, DocumentUnknown, OperationNotRegistered or DocumentIdRequired.
        """
        client = self.library.client_of(principal, headers)
        if text is not None:
            return await self._by_text(text, digest, client)
        if digest is None:
            self._count(client, Outcome.UNKNOWN_ID)
            raise DocumentUnknown
        return await self._by_digest(digest, client)

    @property
    def outcomes(self) -> Mapping[tuple[str, Outcome], int]:
        """How requests came by their documents, by the client's registered name."""
        found = {(name, Outcome.REGISTERED_ID): count for name, count in self._found_by_id.items()}
        return {**self._outcomes, **found}

    async def _by_digest(self, digest: str, client: Client) -> str:
        if client.mode is SafelistMode.ID:
            self._count(client, Outcome.UNKNOWN_ID)
            raise DocumentUnknown
        if self.automatic is None:
            raise PersistedQueryNotSupported
        text = await self.automatic.get(digest)
        if text is None:
            self._count(client, Outcome.UNKNOWN_ID)
            raise PersistedQueryNotFound
        self._count(client, Outcome.AUTOMATIC)
        return await self._allowed(text, client)

    async def _by_text(self, text: str, digest: str | None, client: Client) -> str:
        if client.mode is SafelistMode.ID:
            self._count(client, Outcome.ID_REQUIRED)
            raise DocumentIdRequired
        if digest is not None and digest_of(text) != digest:
            self._count(client, Outcome.HASH_MISMATCH)
            raise PersistedQueryHashMismatch
        allowed = await self._allowed(text, client)
        if digest is not None and self.automatic is not None:
            await self.automatic.put(digest, text)
        return allowed

    async def _allowed(self, text: str, client: Client) -> str:
        """The text, or the registered one that is the same document."""
        if client.mode is SafelistMode.OFF:
            return text
        found = client.with_text(text) or await self._with_form_of(text, client)
        if found is not None:
            self._count(client, Outcome.REGISTERED_TEXT)
            return found.body
        if client.mode is SafelistMode.LOG:
            self._count(client, Outcome.STRANGE_TEXT)
            self._tell(text, client)
            return text
        self._count(client, Outcome.NOT_REGISTERED)
        raise OperationNotRegistered

    async def _with_form_of(self, text: str, client: Client) -> Registered | None:
        if len(text) > ROOM * client.longest + LONG_TEXT:
            return None
        form = canonical(text) if len(text) < LONG_TEXT else await asyncio.to_thread(canonical, text)
        return None if form is None else client.with_form(form)

    def _tell(self, text: str, client: Client) -> None:
        """Log a strange document once; its text may hold what is nobody's business."""
        digest = digest_of(text)
        if self._told.get(digest) is None:
            self._told.put(digest, True)
            log.warning(
                "an operation that is not registered",
                extra={"client": client.name or "(unknown)", "sha256": digest},
            )

    def _count(self, client: Client, outcome: Outcome) -> None:
        self._outcomes[client.name, outcome] += 1
