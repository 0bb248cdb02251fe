"""The router asked by text, by id and by hash, without HTTP: `python -m benchmarks.persisted [--rounds N]`.

All ways of asking take turns in one process, over a subgraph that answers at once, so that other load on the
machine hits them alike; a round is the processor's time of 300 requests, and the figure the lowest quarter.
"""

import argparse
import asyncio
import hashlib
import json
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson

from benchmarks.gateway.subgraphs import descriptions
from benchmarks.report import RESULTS, about
from common.operations.settings import PersistedSettings
from common.operations.usage import UsageBatch
from router.app import RouterApp, Surroundings, build_app
from router.pipeline.run import run
from router.settings import RouterSettings
from router.snapshot.load import TextSource
from router.subgraph_client.protocol import SubgraphRequest, SubgraphResponse
from router.wire.exchange import Incoming, Outgoing
from schema.compose import Subgraph, compose

SHORT = "query Short($n: ID!) { person(id: $n) { id name team } }"
LONG = SHORT.replace(
    "{ id", "{" + "\n    # what people write for each other and no router needs" * 30 + "\n  id"
)
TEXTS = {"short": SHORT, "long": LONG}
REQUESTS, WARM = 300, 400
SETUPS = {
    "everything may be asked": (PersistedSettings(usage=False), False),
    "only what is registered": (PersistedSettings(usage=False, safelist="known"), False),
    "everything may be asked, counted": (PersistedSettings(), True),
}
HEADERS = {
    "content-type": "application/json",
    "accept": "application/json",
    "graphql-client-name": "web",
    "graphql-client-version": "1.2.0",
}


class Instant:
    """A subgraph that is there at once."""

    async def execute(self, request: SubgraphRequest) -> SubgraphResponse:
        return SubgraphResponse(data={"person": {"id": "p1", "name": "Ann", "team": "Search"}})

    async def subscribe(self, request: SubgraphRequest) -> AsyncIterator[SubgraphResponse]:
        yield await self.execute(request)


class Nowhere:
    """Takes what is counted."""

    async def report(self, batch: UsageBatch) -> None:
        pass


def main() -> None:
    """Measure, print, publish."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=40)
    rounds = options.parse_args().rounds
    figures = asyncio.run(_measured(rounds))
    header = ["", *(f"{size}, by {way}" for size in TEXTS for way in ("text", "id", "hash"))]
    rows = [[setup, *(f"{value:.1f}" for value in row)] for setup, row in figures.items()]
    table = "\n".join("| " + " | ".join(row) + " |" for row in [header, ["---"] * len(header), *rows])
    text = (
        "# Operations by text, id and hash\n\n"
        f"`make bench-persisted` — {about()}\n\nMicroseconds of processor time per request, HTTP apart.\n\n"
        f"{table}\n\n"
        f"- One fetch a request. The short text has {len(SHORT)} characters, the long one, mostly comments, "
        f"{len(LONG)}.\n- The hash is that of a registered document.\n"
    )
    (RESULTS / "persisted.md").write_text(text)
    record = {"about": about(), "microseconds": figures}
    (RESULTS / "persisted.json").write_text(json.dumps(record, indent=2) + "\n")
    print(text)


async def _measured(rounds: int) -> dict[str, list[float]]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "default.json").write_text(json.dumps({_digest(text): text for text in TEXTS.values()}))
        return {
            setup: await _round_about(_app(folder, settings, is_counted=is_counted), rounds)
            for setup, (settings, is_counted) in SETUPS.items()
        }


async def _round_about(app: RouterApp, rounds: int) -> list[float]:
    await app.start()
    asked = [each for text in TEXTS.values() for each in _ways(text)]
    seen: list[list[float]] = [[] for _ in asked]
    for incoming in asked:
        await _ask(app, incoming, WARM)
    for _ in range(rounds):
        for incoming, times in zip(asked, seen, strict=True):
            times.append(await _ask(app, incoming, REQUESTS))
    await app.stop()
    return [round(statistics.quantiles(times, n=4)[0], 2) for times in seen]


async def _ask(app: RouterApp, incoming: Incoming, requests: int) -> float:
    """Microseconds a request."""
    begun = time.process_time()
    for _ in range(requests):
        answer = await run(incoming, app.router)
    seconds = time.process_time() - begun
    assert isinstance(answer, Outgoing)
    assert answer.body.startswith(b'{"data"'), answer.body
    return seconds / requests * 1e6


def _ways(text: str) -> list[Incoming]:
    members: list[dict[str, Any]] = [
        {"query": text},
        {"documentId": _digest(text)},
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": _digest(text)}}},
    ]
    return [
        Incoming(
            method="POST",
            headers=HEADERS,
            request_id="benchmark",
            body=orjson.dumps({**each, "variables": {"n": "p1"}}),
        )
        for each in members
    ]


def _app(folder: Path, settings: PersistedSettings, *, is_counted: bool) -> RouterApp:
    subgraphs = [Subgraph(name=each["name"], url=each["url"], sdl=each["sdl"]) for each in descriptions(4000)]
    wanted = RouterSettings(
        share_requests=False,
        persisted=PersistedSettings(
            manifests=str(folder), safelist=settings.safelist, usage=settings.usage, warm=0
        ),
    )
    surroundings = Surroundings(
        subgraphs={each.name: Instant() for each in subgraphs}, usage=Nowhere() if is_counted else None
    )
    return build_app(wanted, TextSource(compose(subgraphs).supergraph_sdl), surroundings)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


if __name__ == "__main__":
    main()
