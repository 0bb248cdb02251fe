"""The artefact "operations" of a graph: its registered documents as the body that the registry signs.

`{"version": 1, "default_mode": "off", "bodies": [text…], "clients": [{"name", "mode"?,
"applications"?: [uuid…], "documents": {id: place in bodies}}]}`: every text once, whoever shares it.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson

from common.operations.documents import ClientDocuments, SafelistMode, TrustedDocuments

_VERSION = 1


class OperationsRefused(Exception):
    """The body of the artefact is not what it should be; says why."""


def write_operations(trusted: TrustedDocuments) -> bytes:
    """The body; equal values give equal bytes."""
    places: dict[str, int] = {}
    clients = [_client(client, places) for client in sorted(trusted.clients, key=lambda each: each.name)]
    whole = {
        "version": _VERSION,
        "default_mode": trusted.default_mode.value,
        "bodies": list(places),
        "clients": clients,
    }
    return orjson.dumps(whole)


def read_operations(body: bytes) -> TrustedDocuments:
    """What a body says; raises OperationsRefused."""
    try:
        return _trusted(orjson.loads(body))
    except orjson.JSONDecodeError as cause:
        raise OperationsRefused(f"it is not JSON: {cause.msg}") from cause
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as cause:
        raise OperationsRefused(f"it is malformed ({type(cause).__name__}: {cause!s:.80})") from cause


def _client(client: ClientDocuments, places: dict[str, int]) -> dict[str, Any]:
    return {
        "name": client.name,
        "mode": None if client.mode is None else client.mode.value,
        "applications": sorted(str(id) for id in client.application_ids),
        "documents": {
            id: places.setdefault(body, len(places)) for id, body in sorted(client.documents.items())
        },
    }


def _trusted(whole: Mapping[str, Any]) -> TrustedDocuments:
    if whole["version"] != _VERSION:
        raise ValueError(f"version {whole['version']!r:.20} is not known")
    bodies = [_text(body) for body in whole["bodies"]]
    clients = tuple(_read_client(client, bodies) for client in whole["clients"])
    if len({client.name for client in clients}) != len(clients):
        raise ValueError("one client stands there twice")
    return TrustedDocuments(default_mode=SafelistMode(whole["default_mode"]), clients=clients)


def _read_client(client: Mapping[str, Any], bodies: list[str]) -> ClientDocuments:
    mode = client.get("mode")
    return ClientDocuments(
        name=_text(client["name"]),
        mode=None if mode is None else SafelistMode(mode),
        application_ids=frozenset(UUID(text) for text in client.get("applications") or ()),
        documents={id: bodies[_place(place)] for id, place in client["documents"].items()},
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def _place(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise TypeError("not a place")
    return value
