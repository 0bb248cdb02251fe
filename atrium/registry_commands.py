"""`atrium schema publish|retire|activate|rollback|history|contract`: the registry for people and pipelines.

Exit codes: 0 it is done (or was done before), 1 the registry refused, and every reason is on stderr; with
`--format json` stdout holds {"errors": [...]} then. Imported when one of them runs.
"""

import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from atrium.answered import answered
from atrium.failure import Failed
from atrium.registry import Reach, Registry, RegistryRefused

_SUPERGRAPH = (
    "isNew graph { name } supergraph { id number } activation { serial } hints { code level message }"
)
_HISTORY = """id name isPlatform
  active { serial kind activatedAt supergraph { number } }
  latest { number }
  subgraphs { name url sha256 publishedAt gitRevision }
  supergraphs(first: 50) { nodes { number composedAt reason gitRevision subgraphs { name }
    composedBy { kind label user { id } application { id } } } }
  activations(first: 50) { nodes { serial kind activatedAt reason supergraph { number }
    activatedBy { kind label user { id } application { id } } } }"""
_GIT_SECONDS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What every change is told: why, from which commit, and how far it goes."""

    reason: str
    git_revision: str | None
    activates: bool
    is_trial: bool
    expected_number: int | None

    def values(self) -> dict[str, Any]:
        """As the registry's inputs call them."""
        return {
            "reason": self.reason,
            "gitRevision": git_revision() if self.git_revision is None else self.git_revision,
            "activate": self.activates,
            "dryRun": self.is_trial,
            "expectedNumber": self.expected_number,
        }


def publish_command(reach: Reach, change: Change, name: str, url: str, sdl: str, *, as_json: bool) -> int:
    """Publish the schema in a file (`-`: stdin)."""
    text = _text(sdl)
    selection = f"{_SUPERGRAPH} subgraph {{ id name url sha256 }}"
    return _change(
        reach,
        lambda registry: registry.change(
            "subgraphPublish", selection, name=name, url=url, sdl=text, **change.values()
        ),
        as_json=as_json,
    )


def retire_command(reach: Reach, change: Change, name: str, *, as_json: bool) -> int:
    """Compose without a subgraph."""
    return _change(
        reach,
        lambda registry: registry.change("subgraphRetire", _SUPERGRAPH, name=name, **change.values()),
        as_json=as_json,
    )


def contract_set_command(
    reach: Reach,
    change: Change,
    name: str,
    *,
    include: Sequence[str],
    exclude: Sequence[str],
    hides_unreachable: bool,
    as_json: bool,
) -> int:
    """Add a contract or change it."""
    values = {
        "name": name,
        "include": list(include),
        "exclude": list(exclude),
        "hideUnreachable": hides_unreachable,
        **change.values(),
    }
    return _change(
        reach, lambda registry: registry.change("contractSet", _SUPERGRAPH, **values), as_json=as_json
    )


def contract_delete_command(reach: Reach, change: Change, name: str, *, as_json: bool) -> int:
    """Take a contract away."""
    return _change(
        reach,
        lambda registry: registry.change("contractDelete", _SUPERGRAPH, name=name, **change.values()),
        as_json=as_json,
    )


def contract_list_command(reach: Reach, *, as_json: bool) -> int:
    """Show the contracts of the graph."""

    def show(graph: Mapping[str, Any]) -> None:
        for contract in graph["contracts"]:
            parts = [f"+{tag}" for tag in contract["include"]] + [f"-{tag}" for tag in contract["exclude"]]
            kept = "" if contract["hideUnreachable"] else " (keeps unreachable types)"
            print(f"{contract['name']}: {' '.join(parts)}{kept}")

    selection = "contracts { name include exclude hideUnreachable updatedAt }"
    return answered(reach, lambda registry: registry.read(selection), show, _reasons, as_json=as_json)


def activate_command(reach: Reach, number: int, reason: str, *, as_json: bool) -> int:
    """Let routers use a supergraph."""
    return _switch(reach, "supergraphActivate", number, reason, as_json=as_json)


def rollback_command(reach: Reach, number: int | None, reason: str, *, as_json: bool) -> int:
    """Let routers use again what they used before."""
    return _switch(reach, "supergraphRollback", number, reason, as_json=as_json)


def history_command(reach: Reach, *, as_json: bool) -> int:
    """Show what was composed and what was active, the newest first."""
    return answered(reach, lambda registry: registry.read(_HISTORY), _show_history, _reasons, as_json=as_json)


def git_revision() -> str:
    """The commit that is checked out in the working folder; empty if there is none."""
    try:
        done = subprocess.run(
            ["git", "rev-parse", "HEAD"],  # noqa: S607  whichever git the person has
            capture_output=True,
            text=True,
            timeout=_GIT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _switch(reach: Reach, verb: str, number: int | None, reason: str, *, as_json: bool) -> int:
    def show(payload: Mapping[str, Any]) -> None:
        print(f"Supergraph {payload['supergraph']['number']} is active ({payload['activation']['serial']}).")

    selection = "activation { serial kind } supergraph { id number }"
    return answered(
        reach,
        lambda registry: registry.change(verb, selection, number=number, reason=reason),
        show,
        _reasons,
        as_json=as_json,
    )


def _change(reach: Reach, ask: Callable[[Registry], Awaitable[Mapping[str, Any]]], *, as_json: bool) -> int:
    return answered(reach, ask, _show_change, _reasons, as_json=as_json)


def _reasons(refused: RegistryRefused) -> list[str]:
    """One paragraph per reason: what the composer wrote, or the sentence of the registry."""
    lines: list[str] = []
    for error in refused.errors:
        lines += [problem["text"] for problem in error.get("problems", ())]
        lines.append(f"{error.get('code')}: {error.get('message')}")
    return lines


def _show_change(payload: Mapping[str, Any]) -> None:
    for hint in payload["hints"]:
        print(f"{hint['level'].lower()}: {hint['code']}: {hint['message']}", file=sys.stderr)
    print(_sentence(payload))


def _sentence(payload: Mapping[str, Any]) -> str:
    name, supergraph = payload["graph"]["name"], payload["supergraph"]
    if supergraph is None:
        return (
            f"{name}: composes; nothing was changed." if payload["isNew"] else f"{name}: nothing to compose."
        )
    made = "composed" if payload["isNew"] else "was there already"
    active = payload["activation"]
    state = "" if active is None else f" and is active ({active['serial']})"
    return f"{name}: supergraph {supergraph['number']} {made}{state}."


def _show_history(graph: Mapping[str, Any]) -> None:
    active = graph["active"]
    number = None if active is None else active["supergraph"]["number"]
    print(f"{graph['name']}: {'nothing is active' if number is None else f'supergraph {number} is active'}")
    for one in graph["supergraphs"]["nodes"]:
        mark = "*" if one["number"] == number else " "
        names = ", ".join(subgraph["name"] for subgraph in one["subgraphs"])
        print(
            f"{mark} {one['number']:>5}  {one['composedAt'][:19]}Z  {_author(one['composedBy'])}"
            f"  {one['gitRevision'][:12] or '-'}  {names}" + _because(one)
        )
    print("Activations:")
    for one in graph["activations"]["nodes"]:
        print(
            f"  {one['serial']:>5}  {one['activatedAt'][:19]}Z  {_author(one['activatedBy'])}"
            f"  {one['kind'].lower()} {one['supergraph']['number']}" + _because(one)
        )


def _author(author: Mapping[str, Any]) -> str:
    for kind in ("user", "application"):
        if author[kind] is not None:
            return f"{kind} {author[kind]['id']}"
    return str(author["label"] or author["kind"]).lower()


def _because(one: Mapping[str, Any]) -> str:
    return f"  ({one['reason']})" if one["reason"] else ""


def _text(path: str) -> str:
    try:
        return sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise Failed(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise Failed(f"{path} is not UTF-8.") from error
