"""Platforms that several tests share: the default start, and one with two workers."""

from collections.abc import Iterator

import pytest

from tests.e2e.running import Platform, started


@pytest.fixture(scope="package")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """What a person gets who types `make run`."""
    with started(tmp_path_factory.mktemp("default") / "data") as running:
        yield running


@pytest.fixture(scope="package")
def two_workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """A platform with two web processes."""
    with started(tmp_path_factory.mktemp("two") / "data", "--workers", "2") as running:
        yield running
