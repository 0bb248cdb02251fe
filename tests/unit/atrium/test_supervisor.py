"""Children are started together, waited for, restarted after a crash and stopped in order."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from atrium.ready import report
from atrium.supervisor import ChildFailed, Program, Supervisor

# The tests' own process may have threads left over from others; the product's parent has none.
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")


def _serve() -> None:
    report()
    signal.pause()


def _deaf() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    report()
    while True:
        signal.pause()


def _silent() -> None:
    signal.pause()


def _end_with(words: str) -> Callable[[], None]:
    def end() -> None:
        raise SystemExit(words)

    return end


class Heard:
    """Everything that was said; may end the watch when it hears something."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []
        self.then: dict[str, Callable[[], None]] = {}

    def __call__(self, speaker: str, line: str) -> None:
        self.lines.append((speaker, line))
        for words, action in self.then.items():
            if words in line:
                action()

    def has(self, words: str) -> bool:
        return any(words in line for _, line in self.lines)


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def supervisor(heard: Heard) -> Iterator[Supervisor]:
    made = Supervisor(say=heard, stop_seconds=0.5)
    with made.signals():
        yield made
        made.stop(list(made.children))


def _program(name: str, run: Callable[[], None], folder: Path) -> Program:
    return Program(name, run, dict(os.environ), log=folder / f"{name}.log")


def test_start_returns_when_all_are_ready(supervisor: Supervisor, tmp_path: Path) -> None:
    programs = [_program(name, _serve, tmp_path) for name in ("one", "two")]

    supervisor.start(programs, within=20)

    assert all(program.is_running() and program.is_ready() for program in programs)
    assert all(os.getpgid(program.pid or 0) == os.getpgrp() for program in programs)


def test_what_ends_before_it_is_ready_is_named_with_its_last_words(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    broken = _program("broken", _end_with("the key is missing"), tmp_path)

    with pytest.raises(ChildFailed, match="broken did not start: the key is missing"):
        supervisor.start([broken], within=20)


def test_what_never_becomes_ready_is_named(supervisor: Supervisor, tmp_path: Path) -> None:
    silent = _program("silent", _silent, tmp_path)

    with pytest.raises(ChildFailed, match="silent did not become ready"):
        supervisor.start([silent], within=0.3)


def test_a_crashed_child_is_started_again_and_the_crash_is_said(
    supervisor: Supervisor, heard: Heard, tmp_path: Path
) -> None:
    program = _program("one", _serve, tmp_path)
    supervisor.start([program], within=20)
    first = program.pid
    heard.then["one is ready again"] = lambda: os.kill(os.getpid(), signal.SIGTERM)

    os.kill(first or 0, signal.SIGKILL)
    supervisor.watch()

    assert heard.has("one ended unexpectedly; starting it again in 0.5 s")
    assert program.is_running()
    assert program.pid != first


def test_each_crash_in_a_row_is_waited_for_longer(
    supervisor: Supervisor, heard: Heard, tmp_path: Path
) -> None:
    flag = tmp_path / "crash"

    def run() -> None:
        if flag.exists():
            raise SystemExit("crashed")
        _serve()

    program = _program("one", run, tmp_path)
    supervisor.start([program], within=20)
    flag.touch()
    heard.then["again in 1 s"] = lambda: os.kill(os.getpid(), signal.SIGTERM)

    os.kill(program.pid or 0, signal.SIGKILL)
    supervisor.watch()

    assert heard.has("again in 0.5 s")
    assert heard.has("again in 1 s")


def test_what_does_not_stop_in_time_is_killed(supervisor: Supervisor, heard: Heard, tmp_path: Path) -> None:
    program = _program("deaf", _deaf, tmp_path)
    supervisor.start([program], within=20)

    supervisor.stop([program])

    assert not program.is_running()
    assert heard.has("deaf did not stop in time and is killed")


def test_output_is_shown_and_kept(supervisor: Supervisor, heard: Heard, tmp_path: Path) -> None:
    def talk() -> None:
        print("first")
        print("last", end="")

    program = _program("talker", talk, tmp_path)

    supervisor.run_to_end(program)

    assert heard.lines == [("talker", "first"), ("talker", "last")]
    assert (tmp_path / "talker.log").read_text().split() == ["first", "last"]


def test_a_step_that_fails_says_why(supervisor: Supervisor, tmp_path: Path) -> None:
    with pytest.raises(ChildFailed, match="migrate failed: no such table"):
        supervisor.run_to_end(_program("migrate", _end_with("no such table"), tmp_path))


def test_a_signal_ends_waiting_for_readiness(supervisor: Supervisor, tmp_path: Path) -> None:
    os.kill(os.getpid(), signal.SIGINT)

    supervisor.start([_program("silent", _silent, tmp_path)], within=20)

    assert supervisor.is_asked_to_stop
