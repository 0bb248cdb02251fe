"""`docs/operations.md` names every setting of the platform, and none that does not exist."""

import re
from collections.abc import Sequence
from pathlib import Path

from atrium.environment import READ
from atrium.settings import PROCESSES
from common.settings import AtriumSettings, variables_of

TEXT = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()
SETTINGS: Sequence[type[AtriumSettings]] = (*READ, *PROCESSES)


def test_exactly_the_settings_that_exist_are_documented() -> None:
    existing = frozenset[str]().union(*(variables_of(each) for each in SETTINGS))
    documented = {name for name in re.findall(r"`([A-Z_0-9]+_[A-Z_0-9]+)`", TEXT) if not _is_elsewhere(name)}

    assert documented == existing


def _is_elsewhere(name: str) -> bool:
    """Codes, and the router's own settings: `docs/router.md` has those."""
    is_of_the_router = name.startswith("ATRIUM_ROUTER_") and name not in {
        "ATRIUM_ROUTER_KEY",
        "ATRIUM_ROUTER_PUBLIC_KEYS",
    }
    return is_of_the_router or name == "DATABASE_UNAVAILABLE"
