"""How planning and execution grow: `python -m benchmarks.planning [--rounds N]`; plots need matplotlib."""

import argparse
import gc
import json
import math
import statistics
from collections.abc import Iterable, Mapping
from pathlib import Path

from matplotlib.figure import Figure

from benchmarks.planning.growth import LISTS, PLANNED, executing, planning
from benchmarks.report import RESULTS, about

COLLECTOR = (20_000, 20, 20)
"""As the server sets it: at Python's own thresholds collecting grows faster than what is looked through."""

Points = Mapping[int, float]
"""Milliseconds by size."""


def exponent(points: Points) -> float:
    """The power of the size with which the time grows, over the larger half: small ones are all beginning."""
    larger = sorted(points)[len(points) // 2 - 1 :]
    pairs = [(math.log(size), math.log(points[size])) for size in larger]
    return round(statistics.linear_regression(*zip(*pairs, strict=True)).slope, 2)


def plot(path: Path, title: str, lines: Mapping[str, Points]) -> None:
    """Both axes logarithmic, with a dotted line that grows linearly through each last point."""
    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.subplots()
    for name, points in lines.items():
        sizes = sorted(points)
        (line,) = axes.plot(sizes, [points[size] for size in sizes], marker="o", label=name)
        last = sizes[-1]
        axes.plot(
            sizes,
            [points[last] * size / last for size in sizes],
            linestyle=":",
            linewidth=1,
            color=line.get_color(),
        )
    axes.set(xscale="log", yscale="log", xlabel="size", ylabel="CPU-ms", title=title)
    axes.grid(visible=True, which="both", linewidth=0.3)
    axes.legend(fontsize="small", title="dotted: linear")
    figure.savefig(path, dpi=110)


def table(lines: Mapping[str, Points]) -> str:
    """Sizes, milliseconds and exponents."""
    rows = [
        f"| {name} | {_listed(sorted(points))} | {_listed(points[size] for size in sorted(points))} "
        f"| {exponent(points)} |"
        for name, points in lines.items()
    ]
    return "\n".join(["| what grows | size | CPU-ms | exponent |", "| --- | --- | --- | --- |", *rows])


def _listed(values: Iterable[float]) -> str:
    return " / ".join(f"{value:g}" for value in values)


def main() -> None:
    """Measure, plot, report."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=5)
    rounds = options.parse_args().rounds
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTOR)
    planned = {
        kind.title: {size: round(planning(kind.make(size), rounds), 2) for size in kind.sizes}
        for kind in PLANNED
    }
    executed = {
        name: {size: round(executing(size, min(rounds, 3), is_compiled=way), 2) for size in LISTS}
        for name, way in (("entities of a list, compiled", True), ("entities of a list, interpreted", False))
    }
    RESULTS.mkdir(exist_ok=True)
    plot(RESULTS / "planning-growth.png", "Planning", planned)
    plot(RESULTS / "execution-growth.png", "Execution: a list, 3 fields from 3 subgraphs", executed)
    text = f"""# How planning and execution grow

`make bench-planning` — {about()}

## Planning

{table(planned)}

![planning](planning-growth.png)

## Execution

{table(executed)}

![execution](execution-growth.png)

- CPU-ms: the best of {rounds} rounds; planning with what makes a plan ready to run, without reading
  the document.
- Execution: a list of entities and one field of each from three more subgraphs, down to the shaped answer,
  without HTTP and JSON; what stands for the subgraphs is in it. More than 1,000 entities go to a
  subgraph in several requests, by the interpreter: hence the step.
- Exponent: the power of the size with which the time grows over the larger sizes; 1 is linear.
"""
    (RESULTS / "planning-growth.md").write_text(text)
    record = {"planning": planned, "execution": executed}
    (RESULTS / "planning-growth.json").write_text(json.dumps(record, indent=2) + "\n")
    print(text)


if __name__ == "__main__":
    main()
