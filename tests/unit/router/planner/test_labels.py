"""Which override labels hold for a request."""

import pytest

from router.planner.labels import active_labels

LABELS = ("percent(0)", "percent(5)", "percent(30.5)", "percent(100)", "beta", "percent(x)")


@pytest.mark.parametrize(
    ("dice", "active"),
    [
        (0.0, {"percent(5)", "percent(30.5)", "percent(100)"}),
        (0.05, {"percent(30.5)", "percent(100)"}),
        (0.3049, {"percent(30.5)", "percent(100)"}),
        (0.305, {"percent(100)"}),
        (0.999999, {"percent(100)"}),
    ],
)
def test_one_throw_decides_over_all_percentages(dice: float, active: set[str]) -> None:
    assert active_labels(LABELS, dice) == active


def test_other_labels_are_switched_on_by_name() -> None:
    assert active_labels(("beta", "gamma"), 0.0, frozenset({"beta", "unknown"})) == {"beta"}
