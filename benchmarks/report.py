"""Figures of a workload: medians over rounds, as a table a person reads and as JSON for comparison."""

import json
import os
import platform
import statistics
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.load import Job
from benchmarks.processes import Session, load

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Medians over the rounds. `cpu_ms`: user and system time of the server's processes per request."""

    cpu_ms: float
    p50_ms: float
    p95_ms: float
    requests_per_second: float
    failed: int


def measure(session: Session, job: Job, rounds: int) -> Figures:
    """Warm up once, then run the job `rounds` times."""
    load(job)
    return measure_each(session, [job] * rounds)


def measure_each(session: Session, jobs: Sequence[Job]) -> Figures:
    """Run every job once; each is a round."""
    seen = []
    for job in jobs:
        before = session.cpu_seconds()
        measured = load(job)
        cpu = session.cpu_seconds() - before
        seen.append(
            Figures(
                cpu_ms=cpu * 1000 / job.requests,
                p50_ms=measured.percentile(0.5),
                p95_ms=measured.percentile(0.95),
                requests_per_second=job.requests / measured.seconds,
                failed=measured.failed,
            )
        )
    return Figures(
        cpu_ms=round(statistics.median(f.cpu_ms for f in seen), 3),
        p50_ms=round(statistics.median(f.p50_ms for f in seen), 2),
        p95_ms=round(statistics.median(f.p95_ms for f in seen), 2),
        requests_per_second=round(statistics.median(f.requests_per_second for f in seen), 1),
        failed=sum(f.failed for f in seen),
    )


def publish(
    name: str, title: str, command: str, figures: Mapping[str, Figures], notes: Sequence[str]
) -> None:
    """Write results/NAME.json and results/NAME.md, and print the table."""
    header = ["workload", "CPU-ms per request", "p50 ms", "p95 ms", "requests/s", "failed"]
    rows = [[workload, *(str(value) for value in asdict(f).values())] for workload, f in figures.items()]
    table = "\n".join("| " + " | ".join(row) + " |" for row in [header, ["---"] * len(header), *rows])
    text = (
        f"# {title}\n\n`{command}` — {about()}\n\n{table}\n\n"
        + "\n".join(f"- {note}" for note in notes)
        + "\n"
    )
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.md").write_text(text)
    record = {"about": about(), "command": command, "figures": {key: asdict(f) for key, f in figures.items()}}
    (RESULTS / f"{name}.json").write_text(json.dumps(record, indent=2) + "\n")
    print(text)


def about() -> str:
    """When, of which commit and on what."""
    machine = f"Python {platform.python_version()}, {os.cpu_count()} cores"
    return f"{datetime.now(UTC):%Y-%m-%d}, revision {revision()}, {machine}"


def revision() -> str:
    """The commit the working tree stands on."""
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or "unknown"
