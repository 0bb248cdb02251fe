"""The desk's documents are kept up to date, whatever becomes of where they come from."""

import asyncio
import logging
from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from common.access.artefacts import ArtefactRefused
from common.access.principal import ANONYMOUS, Principal, PrincipalKind
from common.operations.documents import ClientDocuments, SafelistMode, TrustedDocuments
from common.operations.manifest import ManifestRefused
from common.operations.settings import ListedClient, PersistedSettings
from router.artefacts.reader import NothingActive, SourceUnavailable
from router.persisted.library import LibraryRefused
from router.persisted.reading import Outcome, Reading, understood

APPLICATION = UUID(int=7)


class Given:
    """Gives what it was given, once; raises what it was given."""

    serial = 3

    def __init__(self, *given: TrustedDocuments | Exception) -> None:
        self.given = list(given)
        self.looks = 0

    async def load(self) -> TrustedDocuments | None:
        self.looks += 1
        first = self.given.pop(0) if self.given else None
        if isinstance(first, Exception):
            raise first
        return first


def documents(**documents: str) -> TrustedDocuments:
    return TrustedDocuments(clients=(ClientDocuments(name="web", documents=documents),))


def found(reading: Reading, id: str) -> str | None:
    registered = reading.desk.registered(id, ANONYMOUS, {"graphql-client-name": "web"})
    return None if registered is None else registered.body


async def looks(reading: Reading, source: Given, count: int) -> None:
    """Until the source was looked at so often."""
    async with asyncio.timeout(20):
        while source.looks < count:
            reading.look()
            await asyncio.sleep(0)


@pytest.fixture
async def begun() -> AsyncIterator[list[Reading]]:
    """Those in the list are stopped at the end."""
    readings: list[Reading] = []
    yield readings
    for reading in readings:
        await reading.stop()


async def test_what_is_new_comes_into_use_and_is_told(begun: list[Reading]) -> None:
    source, told = Given(documents(a="{ a }")), list[int]()
    reading = Reading(PersistedSettings(), source, seconds=60)
    begun.append(reading)
    reading.on_change(lambda: told.append(len(reading.desk.library)))
    await reading.begin()
    assert (found(reading, "a"), reading.serial, told) == ("{ a }", 3, [1])

    source.given.append(documents(b="{ b }", c="{ c }"))
    await looks(reading, source, 4)

    assert (found(reading, "a"), found(reading, "b"), told) == (None, "{ b }", [1, 2])


@pytest.mark.parametrize(
    ("problem", "outcome"),
    [
        (SourceUnavailable("away"), Outcome.UNAVAILABLE),
        (ArtefactRefused("unsigned"), Outcome.REFUSED),
        (documents(**{"f" * 64: "{ a }"}), Outcome.REFUSED),
        (RuntimeError("a mistake"), Outcome.REFUSED),
    ],
    ids=["away", "unsigned", "contradiction", "mistake"],
)
async def test_what_cannot_be_used_changes_nothing_and_is_told_once(
    begun: list[Reading],
    problem: TrustedDocuments | Exception,
    outcome: Outcome,
    caplog: pytest.LogCaptureFixture,
) -> None:
    source = Given(documents(a="{ a }"), problem, problem, documents(b="{ b }"))
    reading = Reading(PersistedSettings(), source, seconds=60)
    begun.append(reading)
    with caplog.at_level(logging.ERROR):
        await reading.begin()
        await looks(reading, source, 3)
        assert found(reading, "a") == "{ a }"
        await looks(reading, source, 6)

    assert found(reading, "b") == "{ b }"
    assert reading.outcomes == {Outcome.USED: 2, outcome: 2}
    assert len(caplog.records) == 1


async def test_a_router_starts_without_a_registry_but_not_without_a_folder() -> None:
    for problem in (SourceUnavailable("away"), NothingActive("nothing")):
        later = Reading(PersistedSettings(), Given(problem), seconds=60)
        await later.begin()
        await later.stop()

    for refused in (SourceUnavailable("no folder"), ManifestRefused("web.json")):
        with pytest.raises(type(refused)):
            await Reading(PersistedSettings(), Given(refused), is_needed=True).begin()


async def test_settings_go_before_what_a_registry_says() -> None:
    listed = (
        ListedClient(name="web", mode="off"),
        ListedClient(name="bot", applications=frozenset({APPLICATION})),
    )
    settings = PersistedSettings(safelist="id", clients=listed)
    reading = Reading(settings, Given(documents(a="{ a }")), seconds=60)
    await reading.begin()
    await reading.stop()
    library = reading.desk.library

    assert library.default_mode is SafelistMode.ID
    assert library.by_name["web"].mode is SafelistMode.OFF
    bot = library.client_of(Principal(kind=PrincipalKind.APPLICATION, id=APPLICATION), {})
    assert (bot.name, bot.mode) == ("bot", SafelistMode.ID)


async def test_settings_that_contradict_themselves_are_refused_at_once() -> None:
    listed = ListedClient(name="default", applications=frozenset({APPLICATION}))
    with pytest.raises(LibraryRefused):
        Reading(PersistedSettings(clients=(listed,)))


def test_a_body_that_is_none_is_refused() -> None:
    with pytest.raises(ArtefactRefused):
        understood(b"{}")
