"""What protection costs one request through the router's ASGI app: everything but the socket, no subgraph."""

import json
from ipaddress import ip_network
from time import process_time
from typing import Any

from common.limits.rate_limits import rate_limits_in
from router.app import RouterApp, build_app
from router.settings import ProtectionSettings, RouterSettings
from router.snapshot.load import TextSource
from schema.store import read_supergraph

BODY = json.dumps({"query": "{ __typename }"}).encode()
SCOPE = {
    "type": "http",
    "method": "POST",
    "path": "/graphql",
    "query_string": b"",
    "client": ("203.0.113.9", 4711),
    "headers": [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(BODY))],
}
ROUNDS, REQUESTS = 7, 1_500


def cases(url: str) -> dict[str, ProtectionSettings]:
    """What is switched on in each."""

    def limits(text: str, *denied: str) -> ProtectionSettings:
        networks = tuple(ip_network(network) for network in denied)
        return ProtectionSettings(
            rate_limits=rate_limits_in(text), denied_networks=networks, redis_url=url, redis_timeout=10
        )

    return {
        "nothing": ProtectionSettings(),
        "IP rules": limits("", "10.0.0.0/8", "2001:db8::/32"),
        "one leased limit": limits("a=100000000/1h by ip"),
        "two leased limits and IP rules": limits(
            "a=100000000/1h by ip; b=100000000/1h by ip+operation", "10.0.0.0/8"
        ),
        "one exact limit": limits("a=100000000/1h by ip exact"),
    }


async def costs(url: str) -> dict[str, float]:
    """CPU-ms of a request in each case: the best of several rounds, which take turns."""
    apps: dict[str, RouterApp] = {}
    for name, protection in cases(url).items():
        settings = RouterSettings(protection=protection, planner_process=False, share_requests=False)
        apps[name] = build_app(settings, TextSource(read_supergraph()))
        await apps[name].start()
        await _requests(apps[name], 200)
    seen: dict[str, list[float]] = {name: [] for name in apps}
    for _ in range(ROUNDS):
        for name, app in apps.items():
            before = process_time()
            await _requests(app, REQUESTS)
            seen[name].append((process_time() - before) / REQUESTS * 1000)
    for app in apps.values():
        await app.stop()
    return {name: min(rounds) for name, rounds in seen.items()}


async def _requests(app: RouterApp, count: int) -> None:
    statuses = set()

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": BODY}

    async def send(message: Any) -> None:
        statuses.add(message.get("status", 200))

    for _ in range(count):
        await app(dict(SCOPE), receive, send)
    assert statuses == {200}, statuses
