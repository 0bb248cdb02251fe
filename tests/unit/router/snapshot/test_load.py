"""A supergraph file is taken up when it changes, and a broken one never replaces a good one."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from router.artefacts.reader import SourceUnavailable
from router.errors import NotReady
from router.snapshot.build import build_snapshot
from router.snapshot.holder import SnapshotHolder
from router.snapshot.load import FileSource, TextSource
from router.snapshot.watch import Watch
from schema.supergraph.model import NotASupergraph
from tests.fakes.shop import Shop


def test_a_snapshot_knows_its_addresses_and_its_id_is_its_text() -> None:
    first = build_snapshot(Shop().supergraph("http://a", "http://b"))
    same = build_snapshot(Shop().supergraph("http://a", "http://b"))
    other = build_snapshot(Shop().supergraph("http://a", "http://c"))

    assert first.addresses == {"products": "http://a", "reviews": "http://b"}
    assert first.id == same.id != other.id
    assert first.schema.query_type is not None


@pytest.mark.parametrize("sdl", ["", "{", "type Query { a: Int }", "type Query"])
def test_what_is_no_supergraph_is_refused(sdl: str) -> None:
    with pytest.raises(NotASupergraph):
        build_snapshot(sdl)


def test_without_a_supergraph_nothing_is_ready() -> None:
    holder = SnapshotHolder()

    assert not holder.is_loaded
    with pytest.raises(NotReady):
        _ = holder.current


def test_a_file_is_read_once_and_again_when_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "supergraph.graphql"
    path.write_text("a")
    source = FileSource(path)

    assert source.read_if_changed() == "a"
    assert source.read_if_changed() is None
    path.write_text("ab")
    assert source.read_if_changed() == "ab"
    (tmp_path / "new").write_text("cd")
    (tmp_path / "new").rename(path)
    assert source.read_if_changed() == "cd"


def test_a_file_that_cannot_be_read_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe")

    for name in ("missing", "binary", "."):
        with pytest.raises(SourceUnavailable, match="cannot be read"):
            FileSource(tmp_path / name).read_if_changed()


async def test_a_text_is_loaded_once() -> None:
    source = TextSource(Shop().supergraph())

    assert await source.load() is not None
    assert await source.load() is None


async def test_watching_takes_up_what_is_good_and_says_what_is_not(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    path = tmp_path / "supergraph.graphql"
    path.write_text(Shop().supergraph("http://a"))
    source = FileSource(path)
    first = await source.load()
    assert first is not None
    holder = SnapshotHolder(first)
    watch = Watch(source, holder, seconds=0.001)
    watch.begin()

    path.write_text("not a supergraph")
    await _until(lambda: "is not used" in caplog.text)
    assert holder.current is first
    path.unlink()
    await _until(lambda: "cannot be read" in caplog.text)
    assert holder.current is first
    path.write_text(Shop().supergraph("http://b"))
    await _until(lambda: holder.current is not first)

    assert holder.current.addresses["products"] == "http://b"
    await watch.stop()


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not holds():
            await asyncio.sleep(0.001)
