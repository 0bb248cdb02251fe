"""The supergraph from a registry: believed only when signed for us and not old, kept for the next start."""

import logging
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from common.access.artefacts import ArtefactVerifier
from common.access.signing import generate_key
from common.ids import uuid7
from router.artefacts.last_good import LARGEST_ARTEFACT, LastGoodCopy
from router.artefacts.reader import SourceUnavailable
from router.snapshot import artefacts
from router.snapshot.artefacts import ArtefactSource, Wanted
from router.snapshot.build import Snapshot
from router.snapshot.load import SupergraphRefused
from schema.supergraph.model import NotASupergraph
from tests.fakes.registry import Registry
from tests.fakes.shop import Shop

OLD, NEW, NEWER = (Shop().supergraph(f"http://{name}") for name in ("old", "new", "newer"))


@pytest.fixture
def registry() -> Registry:
    return Registry()


@pytest.fixture
def source_of(registry: Registry, tmp_path: Path) -> Callable[..., ArtefactSource]:
    """Makes a source on the test's folder, as a new process would."""

    def make(
        wanted: Wanted | None = None, *, folder: Path = tmp_path, fallback: str | None = None
    ) -> ArtefactSource:
        wanted = wanted or Wanted()
        registry.variant = wanted.variant
        copy = LastGoodCopy(folder, wanted.graph, wanted.variant)
        verifier = ArtefactVerifier([registry.key.public_key()])
        return ArtefactSource(registry, verifier, wanted, copy, fallback=fallback)

    return make


SourceOf = Callable[..., ArtefactSource]


def address(snapshot: Snapshot | None) -> str | None:
    """Tells the supergraphs apart."""
    return None if snapshot is None else snapshot.addresses["products"]


async def test_what_is_activated_is_taken_up_once(registry: Registry, source_of: SourceOf) -> None:
    source = source_of()
    registry.activate(OLD)
    assert address(await source.load()) == "http://old"
    assert await source.load() is None

    registry.activate(NEW)

    assert address(await source.load()) == "http://new"
    assert await source.load() is None
    assert source.serial == 2


async def test_a_roll_back_is_a_new_serial_of_an_old_text(registry: Registry, source_of: SourceOf) -> None:
    source = source_of()
    for sdl in (OLD, NEW):
        registry.activate(sdl)
        await source.load()

    registry.activate(OLD)

    assert address(await source.load()) == "http://old"
    assert source.serial == 3


async def test_the_same_text_under_a_new_serial_is_not_built_again(
    registry: Registry, source_of: SourceOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = source_of()
    registry.activate(OLD)
    await source.load()
    monkeypatch.setattr(artefacts, "build_snapshot", _not_called)

    registry.activate(OLD)

    assert await source.load() is None
    assert source.serial == 2


async def test_nothing_is_verified_or_parsed_while_the_tag_is_the_same(
    registry: Registry, source_of: SourceOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = source_of()
    registry.activate(OLD)
    await source.load()
    monkeypatch.setattr(artefacts, "build_snapshot", _not_called)
    monkeypatch.setattr(ArtefactVerifier, "verify", _not_called)

    for _ in range(3):
        assert await source.load() is None


@pytest.mark.parametrize(
    "bad",
    [
        lambda registry: registry.signed(NEW, serial=9, key=generate_key()),
        lambda registry: registry.signed(NEW, serial=9).replace(b"http://new", b"http://bad"),
        lambda registry: registry.signed(NEW, serial=9)[:-40],
        lambda registry: NEW.encode(),
        lambda registry: b"",
        lambda registry: registry.signed(NEW, serial=9, variant="app"),
        lambda registry: registry.signed(NEW, serial=1),
        lambda registry: registry.signed(NEW, serial=2),
        lambda registry: registry.signed(NEW, serial=9, graph=uuid7(), later=-timedelta(days=1)),
    ],
    ids=[
        "strange key",
        "tampered",
        "cut short",
        "unsigned",
        "empty",
        "another variant",
        "older serial",
        "another text under the serial in use",
        "an older graph",
    ],
)
async def test_what_is_not_to_be_trusted_is_refused_and_the_old_one_stays(
    registry: Registry, source_of: SourceOf, bad: Callable[[Registry], bytes], tmp_path: Path
) -> None:
    source = source_of()
    registry.activate(NEWER)
    registry.activate(OLD)
    await source.load()
    kept = _only_file(tmp_path).read_bytes()

    registry.hand_out(bad(registry), NEW, tag='"bad"')

    for _ in range(2):
        with pytest.raises(SupergraphRefused):
            await source.load()
    assert source.serial == 2
    assert _only_file(tmp_path).read_bytes() == kept


async def test_another_graph_is_refused_by_who_wants_one(registry: Registry, source_of: SourceOf) -> None:
    registry.activate(OLD)

    with pytest.raises(SupergraphRefused, match="signed for the graph"):
        await source_of(Wanted(graph=uuid7())).load()
    assert address(await source_of(Wanted(graph=registry.graph)).load()) == "http://old"


async def test_the_graph_of_somebody_else_is_not_the_platforms(
    registry: Registry, source_of: SourceOf
) -> None:
    registry.is_platform = False
    registry.activate(OLD)

    with pytest.raises(SupergraphRefused, match="not the platform's own"):
        await source_of().load()


async def test_a_platform_that_was_founded_anew_is_followed(registry: Registry, source_of: SourceOf) -> None:
    for sdl in (OLD, NEW):
        registry.activate(sdl)
    source = source_of()
    await source.load()

    registry.hand_out(
        registry.signed(NEWER, serial=1, graph=uuid7(), later=timedelta(days=1)), NEWER, tag='"n"'
    )

    assert address(await source.load()) == "http://newer"
    assert source.serial == 1


@pytest.mark.parametrize("sdl", ["", "{", "type Query { a: Int }", OLD.replace("enum join__Graph", "enum X")])
async def test_a_signed_text_that_is_no_supergraph_is_looked_at_once(
    registry: Registry, source_of: SourceOf, sdl: str, tmp_path: Path
) -> None:
    source = source_of()
    registry.activate(OLD)
    await source.load()
    kept = _only_file(tmp_path).read_bytes()

    registry.activate(sdl)

    with pytest.raises(NotASupergraph):
        await source.load()
    assert await source.load() is None
    assert (source.serial, _only_file(tmp_path).read_bytes()) == (1, kept)
    registry.activate(NEW)
    assert address(await source.load()) == "http://new"


async def test_whatever_breaks_the_building_of_a_signed_text_is_no_supergraph(
    registry: Registry, source_of: SourceOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.activate(OLD)
    source = source_of()
    await source.load()

    def broken(sdl: str) -> Snapshot:
        raise RecursionError(sdl[:10])

    monkeypatch.setattr(artefacts, "build_snapshot", broken)
    registry.activate(NEW)

    with pytest.raises(NotASupergraph, match="RecursionError"):
        await source.load()
    assert source.serial == 1


async def test_the_last_good_copy_serves_while_the_registry_is_away(
    registry: Registry, source_of: SourceOf, caplog: pytest.LogCaptureFixture
) -> None:
    registry.activate(OLD)
    await source_of().load()
    registry.is_away = True

    again = source_of()

    assert address(await again.load()) == "http://old"
    assert "the last good copy serves: The registry is away." in caplog.text
    with pytest.raises(SourceUnavailable):
        await again.load()
    registry.is_away = False
    registry.activate(NEW)
    assert address(await again.load()) == "http://new"


async def test_an_older_artefact_is_refused_after_a_new_start_too(
    registry: Registry, source_of: SourceOf, caplog: pytest.LogCaptureFixture
) -> None:
    old = registry.activate(OLD)
    registry.activate(NEW)
    await source_of().load()
    registry.hand_out(old, OLD, tag='"old"')

    assert address(await source_of().load()) == "http://new"
    assert "Its serial is 1, that of the one in use 2" in caplog.text


async def test_an_unchanged_copy_is_not_asked_for_again(registry: Registry, source_of: SourceOf) -> None:
    registry.activate(OLD)
    await source_of().load()
    asked: list[str | None] = []
    answered: list[bytes | None] = []
    source = source_of()

    class Listening:
        async def read(self, known: str | None) -> bytes | None:
            asked.append(known)
            answered.append(await registry.read(known))
            return answered[-1]

    source._reader = Listening()

    assert address(await source.load()) == "http://old"
    assert asked == [registry.active[""].tag]
    assert answered == [None]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda file, registry: file.write_bytes(b""),
        lambda file, registry: file.write_bytes(file.read_bytes()[:-1]),
        lambda file, registry: file.write_bytes(b"\x00" * 1_000_000),
        lambda file, registry: file.write_bytes(registry.signed(NEW, serial=2, key=generate_key())),
        lambda file, registry: file.write_bytes(registry.signed(NEW, serial=2, variant="app")),
        lambda file, registry: file.write_bytes(registry.signed("no supergraph", serial=2)),
        lambda file, registry: (file.unlink(), file.mkdir()),
        lambda file, registry: _make_huge(file),
    ],
    ids=[
        "empty",
        "cut short",
        "zeros",
        "strange key",
        "another variant",
        "no supergraph",
        "a folder",
        "huge",
    ],
)
async def test_a_spoilt_copy_is_ignored_and_said(
    registry: Registry,
    source_of: SourceOf,
    spoil: Callable[[Path, Registry], object],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    registry.activate(OLD)
    await source_of().load()
    file = _only_file(tmp_path)
    spoil(file, registry)

    source = source_of()

    assert address(await source.load()) == "http://old"
    assert f"the last good copy {file} is not used: " in caplog.text
    assert source.serial == 1


async def test_without_copy_registry_and_fallback_there_is_nothing(
    registry: Registry, source_of: SourceOf
) -> None:
    registry.is_away = True
    source = source_of()

    for _ in range(2):
        with pytest.raises(SourceUnavailable):
            await source.load()
    registry.is_away = False
    registry.activate(OLD)

    assert address(await source.load()) == "http://old"


async def test_the_fallback_serves_until_something_is_active(registry: Registry, source_of: SourceOf) -> None:
    source = source_of(fallback=OLD)

    assert address(await source.load()) == "http://old"
    assert await source.load() is None
    assert source.serial == 0
    registry.activate(NEW)
    assert address(await source.load()) == "http://new"
    registry.active.clear()
    with pytest.raises(SourceUnavailable):
        await source.load()


async def test_the_fallback_serves_while_the_registry_is_away_but_that_is_said(
    registry: Registry, source_of: SourceOf, caplog: pytest.LogCaptureFixture
) -> None:
    registry.is_away = True
    source = source_of(fallback=OLD)

    assert address(await source.load()) == "http://old"
    assert "the built-in one serves" in caplog.text
    with pytest.raises(SourceUnavailable):
        await source.load()


async def test_a_folder_that_cannot_be_written_costs_only_the_copy(
    registry: Registry, source_of: SourceOf, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    registry.activate(OLD)

    assert address(await source_of(folder=tmp_path / "file").load()) == "http://old"
    assert "the last good copy cannot be kept" in caplog.text


async def test_a_slow_process_does_not_put_an_older_copy_over_a_newer(
    registry: Registry, source_of: SourceOf, tmp_path: Path
) -> None:
    slow, fast = source_of(), source_of()
    old = registry.activate(OLD)
    new = registry.activate(NEW)
    await fast.load()
    registry.hand_out(old, OLD, tag='"old"')

    slow._has_begun = True  # it began before there was a copy
    assert address(await slow.load()) == "http://old"
    assert _only_file(tmp_path).read_bytes() == new


async def test_variants_and_graphs_have_copies_of_their_own(
    registry: Registry, source_of: SourceOf, tmp_path: Path
) -> None:
    registry.activate(OLD)
    registry.activate(NEW, variant="../app")
    await source_of().load()
    await source_of(Wanted(variant="../app")).load()
    await source_of(Wanted(graph=registry.graph)).load()
    registry.is_away = True

    assert len(list(tmp_path.iterdir())) == 3
    assert address(await source_of().load()) == "http://old"
    assert address(await source_of(Wanted(variant="../app")).load()) == "http://new"


async def test_the_copy_is_readable_by_its_owner_alone(
    registry: Registry, source_of: SourceOf, tmp_path: Path
) -> None:
    registry.activate(OLD)
    await source_of(folder=tmp_path / "made").load()

    assert _only_file(tmp_path / "made").stat().st_mode & 0o777 == 0o600


async def test_what_is_taken_up_is_logged_with_its_serial(
    registry: Registry, source_of: SourceOf, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    registry.activate(OLD)
    await source_of().load()

    assert f"supergraph 1 of graph {registry.graph}, variant '', was activated with serial 1" in caplog.text


def _only_file(folder: Path) -> Path:
    (file,) = folder.iterdir()
    return file


def _make_huge(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.truncate(LARGEST_ARTEFACT + 1)


def _not_called(*_arguments: object, **_options: object) -> None:
    raise AssertionError("this was not to be called")
