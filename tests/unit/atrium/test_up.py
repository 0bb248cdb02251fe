"""What has to be done before the platform runs: in order, once per database, and what may fail."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from atrium import programs
from atrium.folder import DataFolder, data_folder
from atrium.supervisor import ChildFailed, Program, Supervisor
from atrium.up import _prepare

# The tests' own process may have threads left over from others; the product's parent has none.
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")

DEVELOPMENT = {"ATRIUM_ENV": "development"}
EVERYTHING = ["migrate", "seed", "schema"]


class Steps:
    """The steps of a start, without what they do; those in `failing` fail."""

    def __init__(self, folder: DataFolder) -> None:
        self.folder = folder
        self.ran: list[str] = []
        self.said: list[str] = []
        self.failing: set[str] = set()

    def step(self, name: str, folder: DataFolder, environment: Mapping[str, str]) -> Program:
        """Stands in for `atrium.programs.step`."""
        self.ran.append(name)
        return Program(name, self._run(name), environment, log=folder.logs / f"{name}.log")

    def prepare(self, *, wants_demo: bool = True) -> list[str]:
        """What one start ran."""
        self.ran.clear()
        supervisor = Supervisor(say=lambda speaker, line: self.said.append(line))
        _prepare(supervisor, self.folder, {**os.environ, **DEVELOPMENT}, wants_demo=wants_demo)
        return list(self.ran)

    def _run(self, name: str) -> Callable[[], None]:
        def run() -> None:
            if name in self.failing:
                raise SystemExit(f"{name} went wrong")

        return run


@pytest.fixture
def steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Steps:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    made = Steps(data_folder(tmp_path))
    monkeypatch.setattr(programs, "step", made.step)
    return made


def test_a_database_is_prepared_once(steps: Steps) -> None:
    assert steps.prepare() == EVERYTHING
    assert steps.prepare() == []


def test_a_database_of_somebody_else_is_prepared_at_every_start(
    steps: Steps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://somewhere/atrium")

    assert [steps.prepare(), steps.prepare()] == [EVERYTHING, EVERYTHING]


def test_without_demo_data_a_graph_may_come_later_and_its_schemas_are_looked_after_each_time(
    steps: Steps,
) -> None:
    assert steps.prepare(wants_demo=False) == ["migrate", "schema"]
    assert steps.prepare(wants_demo=False) == ["schema"]


def test_own_schemas_that_do_not_fit_are_said_tried_again_and_stop_nothing(steps: Steps) -> None:
    steps.failing = {"schema"}

    assert steps.prepare() == EVERYTHING

    assert "schema went wrong" in steps.said
    assert steps.said[-1].endswith("the platform starts with the schema that was active before")
    steps.failing = set()
    assert steps.prepare() == ["schema"]
    assert steps.prepare() == []


@pytest.mark.parametrize("name", ["migrate", "seed"])
def test_what_the_platform_cannot_do_without_stops_the_start(steps: Steps, name: str) -> None:
    steps.failing = {name}

    with pytest.raises(ChildFailed, match=f"{name} went wrong"):
        steps.prepare()

    assert steps.ran[-1] == name
