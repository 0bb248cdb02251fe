"""The operations that a registry knows of, for checks of schemas: who sends them, and who registered them."""

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from atrium.active import Registered
from atrium.failure import Failed
from atrium.operations import MOST_LISTED
from atrium.reach import reach_of
from atrium.registry import Registry, RegistryRefused
from schema.checks.recorded import Client, RecordedOperation

_USED = """id name sha256 document usage(days: $days) { count }
  clients(days: $days) { client version count firstSeen lastSeen }"""
_REGISTERED = "id name sha256 document registeredBy"


def recorded(wanted: Registered, days: int) -> tuple[RecordedOperation, ...]:
    """What was sent in the last days, by whom, and what is registered, sent or not; raises Failed.

    What the registry could not tell apart is said on stderr: nothing is known of it.
    """

    async def read(registry: Registry) -> tuple[list[Any], list[Any]]:
        used = await registry.read_all(
            "operations(usedDays: $days)", _USED, most=MOST_LISTED, declared="$days: Int!", days=days
        )
        registered = await registry.read_all("operations(isRegistered: true)", _REGISTERED, most=MOST_LISTED)
        return used, registered

    try:
        used, registered = reach_of(wanted.where).use(read)
    except RegistryRefused as refused:
        raise Failed(str(refused)) from refused
    found, unknown = operations_of(used, registered)
    if unknown:
        times = "once" if unknown == 1 else f"{unknown} times"
        print(
            f"warning: operations of which the registry has no text were sent {times};"
            " the check cannot see whom changes would hit there.",
            file=sys.stderr,
        )
    return found


def operations_of(
    used: Sequence[Mapping[str, Any]], registered: Sequence[Mapping[str, Any]]
) -> tuple[tuple[RecordedOperation, ...], int]:
    """The operations, each once, and how often something without a text was sent."""
    found: dict[str, RecordedOperation] = {}
    unknown = 0
    for one in used:
        if one["usage"] is None:  # seen at the edge of the first hour
            continue
        if not isinstance(one["document"], str):
            unknown += int(one["usage"]["count"])
            continue
        clients = tuple(_client(each) for each in one["clients"])
        found[one["id"]] = RecordedOperation(text=one["document"], name=one["name"], clients=clients)
    for one in registered:
        if one["id"] not in found and isinstance(one["document"], str):
            clients = tuple(Client(name=name, count=0) for name in one["registeredBy"])
            found[one["id"]] = RecordedOperation(text=one["document"], name=one["name"], clients=clients)
    return tuple(found.values()), unknown


def _client(usage: Mapping[str, Any]) -> Client:
    return Client(
        name=usage["client"],
        version=usage["version"],
        count=int(usage["count"]),
        first_seen=usage["firstSeen"],
        last_seen=usage["lastSeen"],
    )
