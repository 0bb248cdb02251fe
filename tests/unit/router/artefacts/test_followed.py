"""Any kind of artefact followed: believed when signed for us and newer, kept for the next start."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import pytest

from common.access.artefacts import ArtefactKind, ArtefactRefused, ArtefactSigner, ArtefactVerifier, tag_of
from common.access.signing import generate_key
from common.ids import uuid7
from router.artefacts.followed import Followed
from router.artefacts.last_good import LastGoodCopy
from router.artefacts.reader import NothingActive, SourceUnavailable

KEY, GRAPH = generate_key(), uuid7()
BEGAN = datetime(2030, 1, 1, tzinfo=UTC)


class Given:
    """A registry that hands out what it was given; nothing given: nothing active."""

    def __init__(self, text: bytes | None = None) -> None:
        self.text = text
        self.is_away = False
        self.asked: list[str | None] = []

    async def read(self, known: str | None) -> bytes | None:
        self.asked.append(known)
        if self.is_away:
            raise SourceUnavailable("away")
        if self.text is None:
            raise NothingActive("nothing")
        return None if known is not None and known == self._tag() else self.text

    def _tag(self) -> str:
        artefact = ArtefactVerifier([KEY.public_key()]).verify(self.text or b"", kind=ArtefactKind.OPERATIONS)
        return artefact.tag


def signed(
    body: bytes, serial: int, *, kind: ArtefactKind = ArtefactKind.OPERATIONS, graph: UUID = GRAPH
) -> bytes:
    return ArtefactSigner(KEY).sign(
        body,
        kind=kind,
        graph=graph,
        is_platform=True,
        variant="",
        number=serial,
        serial=serial,
        now=BEGAN + timedelta(minutes=serial),
    )


def understood(body: bytes) -> str:
    if body == b"nonsense":
        raise ArtefactRefused("nonsense")
    return body.decode()


def followed(given: Given, folder: Path) -> Followed[str]:
    copy = LastGoodCopy(folder, None, kind=ArtefactKind.OPERATIONS)
    verifier = ArtefactVerifier([KEY.public_key()])
    return Followed(given, verifier, copy, understood, kind=ArtefactKind.OPERATIONS, graph=None)


async def test_what_is_new_is_given_once(tmp_path: Path) -> None:
    given = Given(signed(b"one", 1))
    source = followed(given, tmp_path)

    assert await source.load() == "one"
    assert await source.load() is None
    assert given.asked[-1] == tag_of(1, sha256(b"one").hexdigest())

    given.text = signed(b"two", 2)
    assert (await source.load(), source.serial) == ("two", 2)


async def test_the_last_good_copy_serves_while_the_registry_is_away(tmp_path: Path) -> None:
    given = Given(signed(b"one", 1))
    await followed(given, tmp_path).load()
    given.is_away = True

    source = followed(given, tmp_path)

    assert (await source.load(), source.serial) == ("one", 1)


async def test_nothing_at_all_is_said(tmp_path: Path) -> None:
    with pytest.raises(NothingActive):
        await followed(Given(), tmp_path).load()


@pytest.mark.parametrize(
    "text",
    [
        signed(b"old", 1),
        signed(b"other", 2),
        signed(b"nonsense", 3),
        signed(b"type Query", 3, kind=ArtefactKind.SUPERGRAPH),
        signed(b"another graph", 2, graph=uuid7()),
        signed(b"changed", 3).replace(b"changed", b"chanced"),
    ],
    ids=["older", "same-serial", "not-understood", "other-kind", "other-graph", "changed"],
)
async def test_what_is_not_to_be_believed_changes_nothing(tmp_path: Path, text: bytes) -> None:
    given = Given(signed(b"good", 2))
    source = followed(given, tmp_path)
    await source.load()
    given._tag = lambda: "another"  # type: ignore[method-assign]

    given.text = text
    with pytest.raises(ArtefactRefused):
        await source.load()

    given.is_away = True
    assert await followed(given, tmp_path).load() == "good"
