"""What a roll-back goes back to."""

import pytest

from subgraphs.gateway.service.history import before_the_last


@pytest.mark.parametrize(
    ("activations", "expected"),
    [
        ("", None),
        ("p1", None),
        ("p1 p2", 1),
        ("p1 p2 p3", 2),
        ("p1 p2 p3 r2", 1),
        ("p1 p2 p3 r2 r1", None),
        ("p1 p2 p3 r2 p4", 2),
        ("p1 p2 p3 a1", 3),
        ("p1 p2 p3 r1", None),
        ("p1 p2 a1 a2", 1),
        ("p2 r1", 2),
        ("p1 p2 p3 r2 a3", 2),
    ],
)
def test_a_roll_back_takes_back_what_stands(activations: str, expected: int | None) -> None:
    kinds = {"p": "publish", "a": "activate", "r": "rollback"}

    assert before_the_last((kinds[one[0]], int(one[1:])) for one in activations.split()) == expected
