"""The golden checks: folders with two schemas, recorded operations and what a check says of them."""

from pathlib import Path

from schema.checks.check import Checked, check
from schema.checks.kinds import Criticality
from schema.checks.recorded import RecordedOperation, read_operations
from schema.checks.side import Side, read_side
from schema.compose import Subgraph, compose

CASES = Path(__file__).parents[1] / "golden" / "checks"


def all_cases() -> list[Path]:
    """Every case, sorted by name."""
    return sorted(path for path in CASES.iterdir() if path.is_dir())


def side_of(case: Path, name: str) -> Side:
    """`old.graphql`, or the supergraph of the subgraphs in `old/`."""
    folder = case / name
    if not folder.is_dir():
        return read_side((case / f"{name}.graphql").read_text(encoding="utf-8"), f"{name}.graphql")
    subgraphs = [
        Subgraph(name=path.stem, url=f"http://{path.stem}", sdl=path.read_text(encoding="utf-8"))
        for path in sorted(folder.glob("*.graphql"))
    ]
    return read_side(compose(subgraphs).supergraph_sdl, name)


def operations_of(case: Path) -> tuple[RecordedOperation, ...] | None:
    """What is recorded in `operations.jsonl`, if it is there."""
    file = case / "operations.jsonl"
    return read_operations(file.read_text(encoding="utf-8")) if file.exists() else None


def check_case(case: Path, fail_on: Criticality = Criticality.BREAKING) -> Checked:
    """What a check of the case finds."""
    return check(side_of(case, "old"), side_of(case, "new"), operations_of(case), fail_on=fail_on)
