"""The tour of the documentation works against the started platform, and takes a second run."""

import subprocess
from pathlib import Path

import pytest

from tests.e2e.running import Platform

pytestmark = pytest.mark.platform

TOUR = Path(__file__).resolve().parents[2] / "docs" / "tour.sh"


def _tour(address: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["/bin/sh", str(TOUR), address],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={"PATH": "/usr/bin:/bin", **environment},
    )


@pytest.mark.parametrize("time", ["first", "second"])
def test_the_tour_crosses_three_subgraphs(platform: Platform, time: str) -> None:
    done = _tour(platform.address)

    assert done.returncode == 0, done.stdout + done.stderr
    crossing = next(line for line in done.stdout.splitlines() if '"organization"' in line)
    for words in ('"name":"Tour"', '"createdBy":{"name":"Olga Owner"', '"createdAt"', '"prefix"'):
        assert words in crossing
    assert '"environments"' in done.stdout.splitlines()[-1]


def test_the_tour_ends_at_the_first_error(platform: Platform) -> None:
    done = _tour(platform.address, PASSWORD="wrong")

    assert done.returncode == 1
    assert "2. Create the organization" not in done.stdout
