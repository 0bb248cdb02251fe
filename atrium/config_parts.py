"""What a part of the platform cannot start without, named before it is started."""

import os
from collections.abc import Mapping, Sequence

from atrium.settings import RelaySettings, RouterEnvironment, SubgraphEnvironment
from common.settings import AtriumSettings, CommonSettings, SettingsError, load

_NEEDED: Mapping[str, Sequence[type[AtriumSettings]]] = {
    "router": (RouterEnvironment,),
    "subgraph": (CommonSettings, SubgraphEnvironment),
    "worker": (CommonSettings, RelaySettings),
}


def problems_to_start(part: str, environment: Mapping[str, str]) -> list[str]:
    """A sentence for each."""
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(environment)
    try:
        return [problem for each in _NEEDED[part] if (problem := _problem(each)) is not None]
    finally:
        os.environ.clear()
        os.environ.update(before)


def _problem(settings: type[AtriumSettings]) -> str | None:
    try:
        load(settings)
    except SettingsError as wrong:
        return str(wrong)
    return None
