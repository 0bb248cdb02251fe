"""`atrium operations ...`: what clients register, and how it is used, for people and pipelines.

Exit codes: 0 it is done (or was done before), 1 the registry refused, and every reason is on stderr; with
`--format json` stdout holds {"errors": [...]} then. Imported when one of them runs.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from atrium.answered import answered
from atrium.operations import MOST_LISTED, Publication, publish
from atrium.printing import columns, printable
from atrium.registry import Reach, Registry, RegistryRefused

_CLIENT = """name mode createdAt applications { id }
  versions(first: 1) { nodes { version documentCount publishedAt retiredAt } }"""
_VERSIONS = """name mode applications { id } versions(first: 100) { nodes { version documentCount publishedAt
  retiredAt reason gitRevision publishedBy { kind label user { id } application { id } }
  usage(days: $days) { count errors lastSeen } } }"""
_OPERATION = """name kind sha256 lastSeen registeredBy usage(days: $days, client: $client) {
  count errors meanMs slowestMs firstSeen lastSeen }
  clients(days: $days, client: $client) { client version count errors lastSeen }"""
_CHANGE = """serial kind client version documentCount mode changedAt reason
  changedBy { kind label user { id } application { id } }"""

_SHOWN_ID = 20
_USED = ("count", "errors", "mean ms", "slowest", "last seen", "operation", "document", "clients")
_UNUSED = ("operation", "kind", "document", "registered by")


class Which(StrEnum):
    """Operations that were sent; that were registered and not sent; that were sent and not registered."""

    USED = "used"
    UNUSED = "unused"
    UNREGISTERED = "unregistered"


_SCOPES = {
    Which.USED: "usedDays: $days",
    Which.UNUSED: "client: $client, isRegistered: true",
    Which.UNREGISTERED: "client: $client, isRegistered: false, usedDays: $days",
}


def publish_command(reach: Reach, wish: Publication, *, as_json: bool) -> int:
    """Register the documents of a client version."""

    async def ask(registry: Registry) -> Mapping[str, Any]:
        return await publish(registry, wish)

    def show(payload: Mapping[str, Any]) -> None:
        name, count = f"{wish.client} {wish.version}", payload["documentCount"]
        new = f"{payload['addedCount']} new to the client"
        if not payload["isNew"]:
            print(f"{name}: registered already, {_many(count, 'document')}.")
        elif wish.is_trial:
            print(f"{name}: {_many(count, 'document')} would be registered, {new}; nothing was changed.")
        else:
            print(f"{name}: {_many(count, 'document')} registered, {new}.")

    return answered(reach, ask, show, _reasons, as_json=as_json)


def list_command(reach: Reach, client: str | None, version: str | None, days: int, *, as_json: bool) -> int:
    """Show clients; with one named its versions, with a version what it registered."""
    if client is None:
        return answered(reach, _clients, _show_clients, _reasons, as_json=as_json)
    if version is None:
        return answered(
            reach, lambda registry: _client(registry, client, days), _show_versions, _reasons, as_json=as_json
        )
    return answered(
        reach,
        lambda registry: _documents(registry, client, version),
        _show_documents,
        _reasons,
        as_json=as_json,
    )


def retire_command(
    reach: Reach,
    client: str,
    *,
    versions: Sequence[str],
    documents: Sequence[str],
    unused_days: int | None,
    reason: str,
    as_json: bool,
) -> int:
    """Serve versions or documents of a client no more."""

    async def ask(registry: Registry) -> Mapping[str, Any]:
        return await registry.change_operations(
            "operationsRetire",
            "documentCount clientVersions { version documentCount retiredAt }",
            client=client,
            versions=list(versions),
            documentIds=list(documents),
            unusedDays=unused_days,
            reason=reason,
        )

    def show(payload: Mapping[str, Any]) -> None:
        touched = payload["clientVersions"]
        if not touched:
            print(f"{client}: nothing to retire.")
            return
        names = ", ".join(printable(one["version"]) for one in touched)
        what = "retired" if touched[0]["retiredAt"] else "documents taken from"
        gone = _many(payload["documentCount"], "document")
        print(f"{client}: {what} {names}; {gone} cannot be asked for any more.")

    return answered(reach, ask, show, _reasons, as_json=as_json)


def mode_command(
    reach: Reach, mode: str | None, client: str | None, reason: str, *, as_json: bool, follows: bool
) -> int:
    """Choose a mode for a client, or for all without one; without a mode, show which ones hold."""
    if mode is None and not follows:
        return answered(reach, _clients, _show_modes, _reasons, as_json=as_json)

    async def ask(registry: Registry) -> Mapping[str, Any]:
        # Left out, null would mean the same as a forgotten one.
        chosen = {"mode": None if mode is None else mode.upper()}
        document = (
            "mutation Change($input: ClientModeSetInput!) { clientModeSet(input: $input) {"
            " graph { operationsMode } client { name mode } errors { __typename code message path } } }"
        )
        given = {"graphId": registry.graph_id, "client": client, "reason": reason, **chosen}
        payload: Mapping[str, Any] = (await registry.asking.ask(document, {"input": given}))["clientModeSet"]
        if payload["errors"]:
            raise RegistryRefused(payload["errors"])
        return payload

    def show(payload: Mapping[str, Any]) -> None:
        default = payload["graph"]["operationsMode"].lower()
        found = payload["client"]
        if found is None:
            print(f"Clients without a mode of their own: {default}.")
        else:
            own = found["mode"]
            print(f"{printable(found['name'])}: {own.lower() if own else f'{default}, as by default'}.")

    return answered(reach, ask, show, _reasons, as_json=as_json)


def bind_command(
    reach: Reach, client: str, applications: Sequence[str], reason: str, *, as_json: bool
) -> int:
    """Say which AI applications' keys are a client."""

    async def ask(registry: Registry) -> Mapping[str, Any]:
        return await registry.change_operations(
            "clientApplicationsSet",
            "client { name applications { id } }",
            client=client,
            applicationIds=list(applications),
            reason=reason,
        )

    def show(payload: Mapping[str, Any]) -> None:
        ids = ", ".join(one["id"] for one in payload["client"]["applications"])
        print(f"{client}: {ids or 'no application'}.")

    return answered(reach, ask, show, _reasons, as_json=as_json)


def usage_command(
    reach: Reach, which: Which, *, days: int, client: str | None, top: int, as_json: bool
) -> int:
    """Show operations, the most used first."""

    async def ask(registry: Registry) -> list[Any]:
        found = await registry.read_all(
            f"operations({_SCOPES[which]})",
            _OPERATION,
            most=MOST_LISTED,
            declared="$days: Int! $client: String",
            days=days,
            client=client,
        )
        if which is Which.UNUSED:
            return [one for one in found if one["usage"] is None]
        used = [one for one in found if one["usage"] is not None]
        return sorted(used, key=lambda one: -int(one["usage"]["count"]))[:top]

    def show(operations: list[Any]) -> None:
        if which is Which.UNUSED:
            print(columns(_UNUSED, [_unused(one) for one in operations], right=frozenset()))
        else:
            print(columns(_USED, [_used(one) for one in operations], right=frozenset({0, 1, 2, 3})))

    return answered(reach, ask, show, _reasons, as_json=as_json)


def history_command(reach: Reach, top: int, *, as_json: bool) -> int:
    """Show what was changed, the newest first."""

    async def ask(registry: Registry) -> list[Any]:
        return await registry.read_all("operationChanges", _CHANGE, most=top)

    def show(changes: list[Any]) -> None:
        heads = ("serial", "when", "what", "client", "version", "documents", "mode", "who", "why")
        rows = [
            (
                one["serial"],
                _moment(one["changedAt"]),
                one["kind"].lower(),
                one["client"] or "-",
                one["version"] or "-",
                one["documentCount"] or "-",
                (one["mode"] or "-").lower(),
                _author(one["changedBy"]),
                one["reason"],
            )
            for one in changes
        ]
        print(columns(heads, rows, right=frozenset({0, 5})))

    return answered(reach, ask, show, _reasons, as_json=as_json)


async def _clients(registry: Registry) -> Mapping[str, Any]:
    graph = await registry.read("name operationsMode operationsSerial")
    return {**graph, "clients": await registry.read_all("clients", _CLIENT, most=MOST_LISTED)}


async def _client(registry: Registry, name: str, days: int) -> Mapping[str, Any]:
    selection = f"client(name: $name) {{ {_VERSIONS} }}"
    found: Mapping[str, Any] | None = (
        await registry.read(selection, "$name: String! $days: Int!", name=name, days=days)
    )["client"]
    if found is None:
        raise RegistryRefused([{"code": "NOT_FOUND", "message": f"There is no client {name!r}."}])
    return found


async def _documents(registry: Registry, client: str, version: str) -> list[Any]:
    """What a version registered; its list is deeper in the graph than others, so it is paged here."""
    selection = (
        "client(name: $client) { version(name: $version) { documents(first: 100, after: $after) {"
        " pageInfo { hasNextPage endCursor } nodes { documentId sha256 body } } } }"
    )
    declared = "$client: String! $version: String! $after: String"
    found: list[Any] = []
    after: str | None = None
    while True:
        graph = await registry.read(selection, declared, client=client, version=version, after=after)
        known = (graph["client"] or {}).get("version")
        if known is None:
            message = f"There is no version {version!r} of a client {client!r}."
            raise RegistryRefused([{"code": "NOT_FOUND", "message": message}])
        page = known["documents"]
        found += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


def _show_clients(graph: Mapping[str, Any]) -> None:
    default = graph["operationsMode"].lower()
    print(
        f"{graph['name']}: {_many(len(graph['clients']), 'client')}; without a mode of their own: {default}"
    )
    rows = []
    for client in graph["clients"]:
        latest = next(iter(client["versions"]["nodes"]), None)
        rows.append(
            (
                client["name"],
                (client["mode"] or f"({default})").lower(),
                len(client["applications"]) or "-",
                latest["version"] if latest else "-",
                "-" if latest is None else "retired" if latest["retiredAt"] else "live",
                _moment(latest["publishedAt"]) if latest else "-",
                latest["documentCount"] if latest else "-",
            )
        )
    heads = ("client", "mode", "applications", "newest", "state", "published", "documents")
    if rows:
        print(columns(heads, rows, right=frozenset({2, 6})))


def _show_modes(graph: Mapping[str, Any]) -> None:
    default = graph["operationsMode"].lower()
    print(f"by default: {default}")
    for client in graph["clients"]:
        own = client["mode"]
        print(f"{printable(client['name'])}: {own.lower() if own else f'{default}, as by default'}")


def _show_versions(client: Mapping[str, Any]) -> None:
    rows = []
    for one in client["versions"]["nodes"]:
        used = one["usage"]
        rows.append(
            (
                one["version"],
                "retired" if one["retiredAt"] else "live",
                one["documentCount"],
                _moment(one["publishedAt"]),
                used["count"] if used else 0,
                _moment(used["lastSeen"]) if used else "-",
                one["gitRevision"][:12] or "-",
                _author(one["publishedBy"]),
                one["reason"],
            )
        )
    heads = ("version", "state", "documents", "published", "used", "last seen", "commit", "who", "why")
    print(columns(heads, rows, right=frozenset({2, 4})))


def _show_documents(documents: list[Any]) -> None:
    rows = [(one["documentId"], " ".join((one["body"] or "").split())[:80]) for one in documents]
    print(columns(("id", "document"), rows, right=frozenset()))


def _used(one: Mapping[str, Any]) -> tuple[object, ...]:
    usage = one["usage"]
    shown = [f"{_client_name(each)} ({each['count']})" for each in one["clients"][:3]]
    more = len(one["clients"]) - len(shown)
    return (
        usage["count"],
        usage["errors"],
        f"{usage['meanMs']:.1f}",
        f"{usage['slowestMs']:.1f}",
        _moment(usage["lastSeen"]),
        _name(one),
        one["sha256"][:12],
        ", ".join(shown) + (f" and {more} more" if more > 0 else ""),
    )


def _unused(one: Mapping[str, Any]) -> tuple[object, ...]:
    return _name(one), one["kind"], one["sha256"][:12], ", ".join(one["registeredBy"])


def _client_name(usage: Mapping[str, Any]) -> str:
    return f"{usage['client'] or 'unknown'} {usage['version']}".strip()


def _name(operation: Mapping[str, Any]) -> str:
    if operation["sha256"] == "(others)":
        return "(not told apart)"
    return operation["name"] or "(no name)"


def _reasons(refused: RegistryRefused) -> list[str]:
    """The problems of documents, each with its place and what to do; then the sentence of the registry."""
    lines: list[str] = []
    for error in refused.errors:
        problems = error.get("problems", ())
        for problem in problems:
            operation = problem["operation"] or "(no name)"
            place = f", line {problem['line']}, column {problem['column']}" if problem["line"] else ""
            id = problem["documentId"]
            short = id if len(id) <= _SHOWN_ID else f"{id[:_SHOWN_ID]}…"
            lines.append(printable(f"{operation} (id {short}{place}): {problem['message']}"))
            lines.append(f"    {printable(problem['advice'])}")
        more = error.get("problemCount", 0) - len(problems)
        if problems and more > 0:
            lines.append(f"and {more} more")
        lines.append(printable(f"{error.get('code')}: {error.get('message')}"))
    return lines


def _many(count: int, thing: str) -> str:
    return f"{count} {thing}{'' if count == 1 else 's'}"


def _moment(text: str | None) -> str:
    return "-" if text is None else f"{text[:16].replace('T', ' ')}Z"


def _author(author: Mapping[str, Any]) -> str:
    for kind in ("user", "application"):
        if author[kind] is not None:
            return f"{kind} {author[kind]['id']}"
    return str(author["label"] or author["kind"]).lower()
