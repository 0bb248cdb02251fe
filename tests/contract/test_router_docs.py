"""`docs/router.md` names every code of the router, and no setting that does not exist."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import router
from router.errors import ClientError, LimitExceeded, OperationRefused
from router.settings import VARIABLES
from router.subgraph_client.protocol import Failure

TEXT = (Path(__file__).parents[2] / "docs" / "router.md").read_text()
BASES = (OperationRefused, LimitExceeded)
"""Never raised themselves."""


def _subclasses(root: type[ClientError]) -> Iterator[type[ClientError]]:
    for each in root.__subclasses__():
        yield each
        yield from _subclasses(each)


def test_every_code_is_documented() -> None:
    for module in pkgutil.walk_packages(router.__path__, "router."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    raised = [each for each in _subclasses(ClientError) if each.__module__.startswith("router.")]
    codes = {each.code for each in raised if each not in BASES} | {failure.value for failure in Failure}

    assert not {code for code in codes if f"`{code}`" not in TEXT}


def test_no_setting_is_named_that_does_not_exist() -> None:
    keys = {"ATRIUM_ROUTER_KEY", "ATRIUM_ROUTER_PUBLIC_KEYS"}
    assert set(re.findall(r"`(ATRIUM_ROUTER_[A-Z_]+)", TEXT)) <= VARIABLES | keys
