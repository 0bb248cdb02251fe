"""The composer in a process of its own: what composes, what does not, and what takes too much."""

import asyncio
import os
from datetime import timedelta
from pathlib import Path

import pytest

from atrium import composer
from atrium.composer import ComposerBroken, ProcessComposer
from subgraphs.gateway.providers.protocol import (
    ComposerExhausted,
    ContractFilter,
    DoesNotCompose,
    Location,
    SubgraphText,
)

LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@tag"])\n'
A = SubgraphText(name="a", url="http://a", sdl=f'{LINK}type Query {{ a: Int b: Int @tag(name: "inner") }}')


def process_composer(*, seconds: float = 60, memory_mb: int = 2_000, at_once: int = 2) -> ProcessComposer:
    return ProcessComposer(timeout=timedelta(seconds=seconds), memory_mb=memory_mb, at_once=at_once)


async def test_subgraphs_compose_with_their_contracts() -> None:
    made = await process_composer().compose([A], [ContractFilter(name="outer", exclude=("inner",))])

    assert '@join__graph(name: "a", url: "http://a")' in made.sdl
    assert "@inaccessible" not in made.sdl.partition("type Query")[2]
    assert "@inaccessible" in made.variants["outer"].partition("type Query")[2]


async def test_the_child_imports_nothing_from_the_working_folder_and_inherits_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("json.py", "schema.py"):
        (tmp_path / name).write_text("raise SystemExit('a stranger was imported')")
    (tmp_path / "spy.py").write_text("import os, sys; sys.exit(f'{sorted(os.environ)}')")
    monkeypatch.setenv("ATRIUM_SECRET", "of no concern")
    monkeypatch.chdir(tmp_path)

    assert (await process_composer().compose([A], [])).sdl
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(composer, "_CHILD", "spy")
    (tmp_path / "json.py").unlink()
    with pytest.raises(ComposerBroken) as told:
        await process_composer().compose([A], [])
    assert "PATH" in str(told.value)
    assert "ATRIUM" not in str(told.value)


async def test_doubts_are_told() -> None:
    described = SubgraphText(name="b", url="http://b", sdl='type Query { b: V }\n"one" type V { x: Int }')
    other = SubgraphText(name="c", url="http://c", sdl='type Query { c: V }\n"two" type V { x: Int }')

    made = await process_composer().compose([described, other], [])

    assert ("INCONSISTENT_DESCRIPTION", "WARNING") in [(doubt.code, doubt.level) for doubt in made.doubts]


async def test_every_problem_is_told_with_its_place() -> None:
    wrong = SubgraphText(name="b", url="http://b", sdl="type Query {\n  x: Nothing\n  y: Nowhere\n}")

    with pytest.raises(DoesNotCompose) as refused:
        await process_composer().compose([A, wrong], [])

    assert [problem.code for problem in refused.value.problems] == ["INVALID_GRAPHQL"] * 2
    assert refused.value.problems[1].locations == (Location(subgraph="b", line=3, column=3),)
    assert refused.value.problems[1].text.startswith("b:3:3: INVALID_GRAPHQL: ")


async def test_of_very_many_problems_the_first_are_told_and_the_rest_counted() -> None:
    fields = " ".join(f"f{number}: Nothing" for number in range(1_200))

    with pytest.raises(DoesNotCompose) as refused:
        await process_composer().compose(
            [SubgraphText(name="b", url="", sdl=f"type Query {{ {fields} }}")], []
        )

    assert len(refused.value.problems) == 1_001
    assert refused.value.problems[-1].code == "MORE_PROBLEMS"
    assert refused.value.problems[-1].message == "There are 200 problems more."


async def test_a_contract_that_cannot_be_made_is_named() -> None:
    with pytest.raises(DoesNotCompose) as refused:
        await process_composer().compose([A], [ContractFilter(name="none", include=("nobody",))])

    assert {problem.contract for problem in refused.value.problems} == {"none"}


async def test_what_takes_too_long_is_ended() -> None:
    with pytest.raises(ComposerExhausted):
        await process_composer(seconds=0.01).compose([A], [])

    assert _children() == []


async def test_what_takes_too_much_memory_is_ended() -> None:
    fields = " ".join(f"f{number}: Int" for number in range(60_000))
    large = SubgraphText(name="b", url="http://b", sdl=f"type Query {{ {fields} }}")

    with pytest.raises(ComposerExhausted):
        await process_composer(memory_mb=90).compose([large], [])


async def test_nobody_who_has_gone_leaves_a_process_behind() -> None:
    waiting = asyncio.create_task(process_composer().compose([A], []))
    while not _children():
        await asyncio.sleep(0)
    waiting.cancel()

    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert _children() == []


async def test_a_child_that_breaks_is_no_fault_of_the_subgraphs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(composer, "_CHILD", "atrium.no_such_module")

    with pytest.raises(ComposerBroken, match="no_such_module"):
        await process_composer().compose([A], [])


def _children() -> list[int]:
    """Living children of this process that compose."""
    me, found = os.getpid(), []
    for entry in Path("/proc").iterdir():
        try:
            state, parent, *_ = (entry / "stat").read_text().rpartition(")")[2].split()
            command = (entry / "cmdline").read_bytes()
        except (OSError, ValueError):
            continue
        if parent == str(me) and state != "Z" and b"atrium.composer_child" in command:
            found.append(int(entry.name))
    return found
