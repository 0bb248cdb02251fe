"""Deliveries, idle sockets, overload: `python -m benchmarks.realtime [--only deliveries|idle|overload]`."""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.load import Job
from benchmarks.processes import ATRIUM, Session, free_port, load, running, wait_for, wait_for_port
from benchmarks.realtime.clients import QUERY, Answered, Delivered, Listening, Traffic
from benchmarks.realtime.source import SDL
from benchmarks.report import RESULTS, about

TOPICS = 100
SOCKETS = 2_000
IDLE = 10_000
ENOUGH = {
    "ATRIUM_ROUTER_MAX_CONNECTIONS_PER_ADDRESS": "20000",
    "ATRIUM_ROUTER_MAX_DIRECTIVES": "50",
}
ALONE = {"ATRIUM_ROUTER_SHARE_REQUESTS": "no", "ATRIUM_ROUTER_SUBSCRIPTION_SHARE": "no"}
ACCEPTABLE_MS = 250.0
CEILING = (100, 500, 1_000, 1_500, 2_000, 3_000)
CEILING_ALONE = (100, 200, 300, 400, 600)


class Bench:
    """A folder with the supergraph, and the processes for one measurement."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port, self._source_port = free_port(), free_port()
        described = [{"name": "ticks", "url": f"http://127.0.0.1:{self._source_port}/graphql", "sdl": SDL}]
        (folder / "subgraphs.json").write_text(json.dumps(described))
        command = [ATRIUM, "schema", "compose", "--subgraphs", str(folder / "subgraphs.json")]
        composed = subprocess.run(command, capture_output=True, check=True)
        self._supergraph = folder / "supergraph.graphql"
        self._supergraph.write_bytes(composed.stdout)

    @contextmanager
    def router(self, events_per_second: float, environment: Mapping[str, str]) -> Iterator[Session]:
        """The router over a source with this pace."""
        port = str(self._port)
        source = [sys.executable, "-m", "benchmarks.realtime.source", str(self._source_port), str(TOPICS)]
        router = [ATRIUM, "serve", "router", "--supergraph", str(self._supergraph), "--port", port]
        with running([*source, str(events_per_second)], self._folder / "source.log"):
            wait_for_port(self._source_port)
            with running(router, self._folder / "router.log", ENOUGH | dict(environment)) as session:
                log = self._folder / "router.log"
                wait_for(f"http://127.0.0.1:{self._port}/readyz", session, log)
                yield session

    def deliveries(self, events_per_second: float, environment: Mapping[str, str], seconds: float) -> Any:
        """2 000 subscriptions, each event for 20 of them."""
        with self.router(events_per_second, environment) as session:
            job = Listening(port=self._port, sockets=SOCKETS, topics=TOPICS, seconds=seconds)
            with clients("listen", asdict(job)) as finish:
                before = session.cpu_seconds()
                result = Delivered(**finish())
                cpu = session.cpu_seconds() - before
                return result, cpu, session.memory_mib()

    def idle(self) -> tuple[float, float, float, int]:
        """Memory before and with 10 000 sockets, and the CPU time of a minute in which nothing happens."""
        with self.router(0.001, {}) as session:
            before = session.memory_mib()
            with clients("listen", asdict(Listening(port=self._port, sockets=IDLE, seconds=60.0))) as finish:
                cpu = session.cpu_seconds()
                delivered = Delivered(**finish())
                return before, session.memory_mib(), session.cpu_seconds() - cpu, delivered.lost

    def overload(self, seconds: float) -> list[tuple[str, float, Answered, float]]:
        """Capacity, twice as much for a while, then what the process can do right after."""
        found: list[tuple[str, float, Answered, float]] = []
        with self.router(0.001, {"ATRIUM_ROUTER_SHARE_REQUESTS": "no"}) as session:
            capacity = self._capacity()
            for name, rate, duration in (
                ("before", capacity * 0.6, 10.0),
                ("twice what it can answer", capacity * 2, seconds),
                ("right after", capacity * 0.6, 10.0),
            ):
                cpu = session.cpu_seconds()
                answered = self._send(rate, duration)
                found.append((name, rate, answered, session.cpu_seconds() - cpu))
        return found

    def _capacity(self) -> float:
        """Requests a second that are answered when 64 clients ask again as soon as they have an answer."""
        bodies = [json.dumps({"query": QUERY, "variables": {"n": number}}) for number in range(1_000)]
        job = Job(port=self._port, path="/graphql", bodies=bodies, requests=8_000, connections=64)
        load(job)
        return job.requests / load(job).seconds

    def _send(self, rate: float, seconds: float) -> Answered:
        with clients("send", asdict(Traffic(port=self._port, per_second=rate, seconds=seconds))) as finish:
            return Answered(**finish())


@contextmanager
def clients(kind: str, job: dict[str, Any]) -> Iterator[Any]:
    """A process of clients, all connected; calling what is given waits for what they measured."""
    command = [sys.executable, "-m", "benchmarks.realtime.clients"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps([kind, job]).encode())
        process.stdin.close()
        if process.stdout.readline() != b"ready\n":
            raise RuntimeError("the clients did not become ready")
        output = process.stdout
        try:
            yield lambda: json.loads(output.readline())
        finally:
            process.kill()


def main() -> None:
    """Measure and report."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--only", choices=["deliveries", "idle", "overload"])
    options.add_argument("--seconds", type=float, default=15.0)
    options.add_argument("--overload-seconds", type=float, default=120.0)
    arguments = options.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    parts: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as name:
        bench = Bench(Path(name))
        if arguments.only in (None, "deliveries"):
            parts["deliveries"] = deliveries(bench, arguments.seconds)
        if arguments.only in (None, "idle"):
            parts["idle"] = idle(bench)
        if arguments.only in (None, "overload"):
            parts["overload"] = overload(bench, arguments.overload_seconds)
    publish(parts)


def deliveries(bench: Bench, seconds: float) -> str:
    """The section about deliveries; the pace grows until they come late."""
    rows = []
    for label, environment, paces in (("shared", {}, CEILING), ("each alone", ALONE, CEILING_ALONE)):
        for pace in paces:
            result, cpu, memory = bench.deliveries(pace, environment, seconds)
            wanted = pace * SOCKETS / TOPICS
            is_late = result.p99_ms > ACCEPTABLE_MS or result.deliveries < 0.95 * wanted * seconds
            rows.append(
                [
                    label,
                    f"{pace}",
                    f"{result.deliveries / seconds:.0f} of {wanted:.0f}",
                    f"{result.p50_ms}",
                    f"{result.p99_ms}",
                    f"{result.worst_ms}",
                    f"{100 * cpu / seconds:.0f} %",
                    f"{1e6 * cpu / max(result.deliveries, 1):.0f}",
                    f"{memory:.0f}",
                    f"{result.lost}",
                    f"{100 * result.busy:.0f} %",
                ]
            )
            print(rows[-1], flush=True)
            if is_late:
                break
    header = [
        "subscriptions", "events/s", "deliveries/s", "p50 ms", "p99 ms", "worst ms",
        "CPU of one core", "CPU-µs a delivery", "MiB", "sockets lost", "clients' CPU",
    ]  # fmt: skip
    return f"## {SOCKETS} subscriptions on one process\n\n" + table(header, rows)


def idle(bench: Bench) -> str:
    """The section about idle sockets."""
    before, after, cpu, lost = bench.idle()
    row = [
        f"{IDLE}", f"{before:.0f}", f"{after:.0f}", f"{(after - before) * 1024 / IDLE:.1f}",
        f"{100 * cpu / 60:.1f} %", f"{lost}",
    ]  # fmt: skip
    header = ["sockets", "MiB before", "MiB with them", "KiB a socket", "CPU of one core", "sockets lost"]
    return "## Idle sockets, pinged every 20 s\n\n" + table(header, [row])


def overload(bench: Bench, seconds: float) -> str:
    """The section about more requests than can be answered."""
    rows = [
        [
            name,
            f"{rate:.0f}",
            f"{answered.sent + answered.not_sent}",
            f"{answered.answered}",
            f"{answered.shed}",
            f"{answered.lost}",
            f"{answered.mixed_up}",
            f"{answered.failed}",
            f"{answered.not_sent}",
            f"{answered.p50_ms}",
            f"{answered.p99_ms}",
            f"{answered.shed_p99_ms}",
        ]
        for name, rate, answered, _ in bench.overload(seconds)
    ]
    header = [
        "traffic", "requests/s", "requests", "answered", "refused (503)", "lost", "mixed up", "failed",
        "not sent", "p50 ms", "p99 ms", "p99 ms refused",
    ]  # fmt: skip
    return f"## More than can be answered, for {seconds:.0f} s\n\n" + table(header, rows)


def table(header: list[str], rows: list[list[str]]) -> str:
    """Markdown."""
    return "\n".join("| " + " | ".join(row) + " |" for row in [header, ["---"] * len(header), *rows]) + "\n"


NOTES = """
- *shared*: subscriptions that are the same are run once (the default); here 100 of them, 20 clients each.
  *each alone*: sharing is off, every client has a subscription of its own down to the subgraph.
- Milliseconds from the clock of the source, before it writes, to the clock of the client, after it has read.
- The pace grows until p99 is above 250 ms or deliveries are missing; the last line of each kind is too much.
- Overload: what can be answered is what 64 connections get that ask again at once. Then requests are sent
  when due, whether others were answered or not. Answers are lists of 400 objects and hold the number of
  their request. *not sent*: all 2 000 connections of the clients were waiting for answers.
- Source, router and clients share the cores of the machine. What of a core the router got is in the table;
  with all of it to itself it goes as far as its CPU-µs a delivery say.
"""


def publish(parts: Mapping[str, str]) -> None:
    """Write results/realtime.md anew, keeping sections that were not measured now."""
    file = RESULTS / "realtime.md"
    kept = json.loads((RESULTS / "realtime.json").read_text()) if (RESULTS / "realtime.json").exists() else {}
    kept |= {name: f"{text}\n{about()}\n" for name, text in parts.items()}
    sections = [kept[name] for name in ("deliveries", "idle", "overload") if name in kept]
    file.write_text("# Realtime\n\n`make bench-realtime`\n\n" + "\n".join(sections) + NOTES)
    (RESULTS / "realtime.json").write_text(json.dumps(kept, indent=2) + "\n")
    print(file.read_text())


if __name__ == "__main__":
    main()
