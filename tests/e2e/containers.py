"""The containers without an engine: their image as a folder, compose.yaml's services as processes."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "docker" / "compose.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service of compose.yaml whose image is ours; `health` is its image's health check."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    health: tuple[str, ...]
    health_is_disabled: bool


def services(given: Mapping[str, str]) -> dict[str, Service]:
    """Every service that is built here, with variables filled in as docker compose does."""
    document = YAML(typ="safe").load(COMPOSE)
    return {
        name: _service(name, entry, given) for name, entry in document["services"].items() if "build" in entry
    }


def run_steps() -> dict[str, list[str]]:
    """The RUN lines of each Dockerfile."""
    return {file.name: re.findall(r"^RUN (.*)$", file.read_text(), re.M) for file in dockerfiles()}


def dockerfiles() -> Sequence[Path]:
    """All of them."""
    return sorted((ROOT / "docker").glob("*.Dockerfile"))


def as_ordinary_user(command: Sequence[str]) -> list[str]:
    """The command under a user who is not root; in a namespace of its own when we are root."""
    if os.geteuid() != 0:
        return list(command)
    return ["unshare", "--user", "--map-user=65534", "--map-group=65534", "--", *command]


def copy_of_the_project(folder: Path) -> None:
    """What a fresh clone has: every file that git knows or would add."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, check=True,
    )  # fmt: skip
    for name in filter(None, listed.stdout.decode().split("\0")):
        source = ROOT / name
        if source.is_file():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
            target.chmod(source.stat().st_mode & 0o777)


def build_environment() -> dict[str, str]:
    """A user's environment with nothing of this virtual environment, this test run or this make in it."""
    here = str(Path(sys.executable).parent)
    path = ":".join(part for part in os.environ["PATH"].split(":") if part != here)
    foreign = ("VIRTUAL_ENV", "PYTHON", "PYTEST_", "MAKE", "MFLAGS", "ATRIUM_", "DATABASE_URL", "REDIS_URL")
    return {k: v for k, v in os.environ.items() if not k.startswith(foreign)} | {"PATH": path}


def _service(name: str, entry: Mapping[str, Any], given: Mapping[str, str]) -> Service:
    dockerfile = (ROOT / entry["build"]["dockerfile"]).read_text()
    health = re.search(r"^HEALTHCHECK .*?CMD (\[.*\])$", dockerfile, re.M)
    assert health is not None, name
    return Service(
        name=name,
        command=tuple(str(word) for word in entry["command"]),
        environment={key: _filled(str(value), given) for key, value in entry["environment"].items()},
        health=tuple(shlex.split(health[1].strip("[]").replace(",", " "))),
        health_is_disabled=bool(entry.get("healthcheck", {}).get("disable")),
    )


def _filled(text: str, given: Mapping[str, str]) -> str:
    """`${NAME:?why}`, `${NAME:-default}` and `${NAME}` as docker compose reads them."""

    def value(match: re.Match[str]) -> str:
        name, operator, rest = match["name"], match["operator"], match["rest"]
        if given.get(name):
            return given[name]
        assert operator != ":?", f"{name}: {rest}"
        return rest or ""

    return re.sub(r"\$\{(?P<name>\w+)(?:(?P<operator>:[?-])(?P<rest>[^}]*))?\}", value, text)
