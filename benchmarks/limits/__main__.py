"""Cost and accuracy of rate limits, with a Redis of its own: `python -m benchmarks.limits`."""

import asyncio
import json
import tempfile
from pathlib import Path

from atrium.embedded import EmbeddedRedis
from benchmarks.limits.accuracy import WINDOW, WINDOWS, Accuracy, Load, accuracy
from benchmarks.limits.cost import costs
from benchmarks.report import RESULTS, about
from common.limits.rate_limits import Counting

LIMIT = 400
LOADS = (
    Load(name="1 process", rates=(400,)),
    Load(name="2 processes", rates=(200, 200)),
    Load(name="4 processes", rates=(100,) * 4),
    Load(name="8 processes", rates=(50,) * 8),
    Load(name="4 processes, one with nearly all", rates=(370, 10, 10, 10)),
)


def main() -> None:
    """Measure, write the results."""
    with tempfile.TemporaryDirectory() as folder:
        redis = EmbeddedRedis(Path(folder), durable=False)
        redis.start()
        try:
            cost = asyncio.run(costs(redis.url))
            exactness = {
                (load.name, counting): accuracy(redis.url, load, LIMIT, counting)
                for load in LOADS
                for counting in Counting
            }
        finally:
            redis.stop()
    publish(cost, exactness)


def publish(cost: dict[str, float], exactness: dict[tuple[str, Counting], Accuracy]) -> None:
    """Write results/limits.json and results/limits.md, and print the latter."""
    off = cost["nothing"]
    lines = [
        "# Rate limits and IP rules",
        "",
        f"`make bench-limits` — {about()}",
        "",
        "| switched on | CPU-ms per request | more than nothing |",
        "| --- | --- | --- |",
        *(f"| {name} | {value:.4f} | {value - off:+.4f} |" for name, value in cost.items()),
        "",
        "`{ __typename }` through the router's ASGI app, headers of the limits included: no socket, no "
        "subgraph. The best of seven rounds that take turns.",
        "",
        "| load | counting | most in any window | passed of what was allowed | calls to Redis per request |",
        "| --- | --- | --- | --- | --- |",
        *(
            f"| {name} | {counting} | {found.most:.1%} | {found.passed:.1%} | {found.calls:.3f} |"
            for (name, counting), found in exactness.items()
        ),
        "",
        f"{LIMIT} requests in {WINDOW} s are allowed and twice as many are asked for, over {WINDOWS} "
        "windows that begin at rest.",
        "",
    ]
    text = "\n".join(lines)
    (RESULTS / "limits.md").write_text(text)
    record = {
        "about": about(),
        "cost": cost,
        "accuracy": [
            {"load": name, "counting": counting, "most": found.most, "passed": found.passed}
            for (name, counting), found in exactness.items()
        ],
    }
    (RESULTS / "limits.json").write_text(json.dumps(record, indent=2) + "\n")
    print(text)


if __name__ == "__main__":
    main()
