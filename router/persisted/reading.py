"""Keeps the desk's documents up to date: what is new and good comes into use, whatever else happens."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum
from typing import Protocol

from common.access.artefacts import ArtefactRefused
from common.operations.artefact import OperationsRefused, read_operations
from common.operations.documents import ClientDocuments, SafelistMode, TrustedDocuments
from common.operations.manifest import ManifestRefused
from common.operations.settings import PersistedSettings
from router.artefacts.reader import NothingActive, SourceUnavailable
from router.artefacts.rounds import Rounds
from router.persisted.automatic import AutomaticDocuments, SharedDocuments
from router.persisted.desk import Desk
from router.persisted.library import Library, LibraryRefused, library_of

log = logging.getLogger(__name__)

_PROBLEMS = (SourceUnavailable, ArtefactRefused, ManifestRefused, LibraryRefused)


class DocumentsSource(Protocol):
    """Where registered documents come from."""

    @property
    def serial(self) -> int:
        """The registry's serial of what it gave last, 0 if it knows no registry."""
        ...

    async def load(self) -> TrustedDocuments | None:
        """Everything at the first call and whenever it changed since, None if there is nothing new.

        Raises SourceUnavailable, ArtefactRefused or ManifestRefused.
        """
        ...


class Outcome(StrEnum):
    """What came of looking for registered documents; nothing new is none of these."""

    USED = "used"
    UNAVAILABLE = "unavailable"
    REFUSED = "refused"


class Reading:
    """Makes the desk, and follows where its documents come from.

    `is_needed`: without a first look that succeeds there is no router; else documents may come later.
    """

    def __init__(
        self,
        settings: PersistedSettings,
        source: DocumentsSource | None = None,
        *,
        shared: SharedDocuments | None = None,
        is_needed: bool = False,
        seconds: float = 1.0,
    ) -> None:
        automatic = AutomaticDocuments(settings.automatic_bytes, shared) if settings.automatic else None
        self.desk = Desk(_arranged(TrustedDocuments(), settings), automatic)
        self.outcomes: Counter[Outcome] = Counter()
        self._settings = settings
        self._source = source
        self._is_needed = is_needed
        self._rounds = Rounds(self._look, seconds=seconds)
        self._told: list[Callable[[], None]] = []
        self._last_problem: str | None = None
        self._is_away = False

    @property
    def serial(self) -> int:
        """The registry's serial of the documents in use, 0 if they came from no registry."""
        return 0 if self._source is None else self._source.serial

    def on_change(self, told: Callable[[], None]) -> None:
        """Call this whenever other documents came into use."""
        self._told.append(told)

    def look(self) -> None:
        """There may be something new: do not wait for the next turn."""
        self._rounds.wake()

    async def begin(self) -> None:
        """Look once, then go on beside; raises what makes needed documents unusable."""
        if self._source is None or self._rounds.have_begun:
            return
        try:
            await self._take_up(self._source)
        except _PROBLEMS as problem:
            if self._is_needed:
                raise
            self._tell(problem)
        self._rounds.begin()

    async def stop(self) -> None:
        """Look no more."""
        await self._rounds.stop()

    async def _look(self) -> None:
        assert self._source is not None
        try:
            await self._take_up(self._source)
        except Exception as problem:  # whatever it is: what is in use stays, and the next may be good
            self._tell(problem)

    async def _take_up(self, source: DocumentsSource) -> None:
        trusted = await source.load()
        if self._is_away:
            self._last_problem, self._is_away = None, False
            log.info("registered documents can be asked for again")
        if trusted is None:
            return
        self.desk.library = await asyncio.to_thread(_arranged, trusted, self._settings, self.desk.library)
        self._last_problem = None
        self.outcomes[Outcome.USED] += 1
        log.info("%d registered documents are in use", len(self.desk.library))
        for told in self._told:
            told()

    def _tell(self, problem: Exception) -> None:
        """Count it; log it unless the last look found the very same."""
        if isinstance(problem, NothingActive):
            return
        self._is_away = isinstance(problem, SourceUnavailable)
        self.outcomes[Outcome.UNAVAILABLE if self._is_away else Outcome.REFUSED] += 1
        said = f"{type(problem).__name__}: {problem}"
        if said == self._last_problem:
            return
        self._last_problem = said
        cause = None if isinstance(problem, _PROBLEMS) else problem
        log.error("registered documents cannot be taken up: %s", problem, exc_info=cause)


def understood(body: bytes) -> TrustedDocuments:
    """The documents in the body of an artefact; raises ArtefactRefused."""
    try:
        return read_operations(body)
    except OperationsRefused as cause:
        raise ArtefactRefused(str(cause)) from cause


def _arranged(
    trusted: TrustedDocuments, settings: PersistedSettings, before: Library | None = None
) -> Library:
    """The library, with what the settings say about modes and applications; raises LibraryRefused."""
    clients = {client.name: client for client in trusted.clients}
    for listed in settings.clients:
        client = clients.get(listed.name) or ClientDocuments(name=listed.name)
        clients[listed.name] = replace(
            client,
            mode=client.mode if listed.mode is None else SafelistMode(listed.mode),
            application_ids=listed.applications or client.application_ids,
        )
    mode = None if settings.safelist is None else SafelistMode(settings.safelist)
    return library_of(replace(trusted, clients=tuple(clients.values())), mode=mode, before=before)
