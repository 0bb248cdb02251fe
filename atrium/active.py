"""The supergraph that is active in a registry, for those who compare with it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from atrium.failure import Failed
from atrium.registry import Registry, RegistryRefused, Where, with_registry
from subgraphs.gateway.models import PLATFORM_GRAPH


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """Which graph of which registry, and which variant of it."""

    data: Path
    graph: str | None = None
    contract: str = ""
    organization: str | None = None
    endpoint: str | None = None
    api_key: str | None = None


def active_supergraph(wanted: Registered) -> str:
    """The SDL; raises Failed if nothing is active there or it cannot be read."""
    where = Where(
        data=wanted.data,
        graph=wanted.graph or PLATFORM_GRAPH,
        organization=wanted.organization,
        endpoint=wanted.endpoint,
        api_key=wanted.api_key,
    )
    # A string of JSON is one of GraphQL as well.
    selection = f"active {{ supergraph {{ sdl(contract: {json.dumps(wanted.contract)}) }} }}"

    async def read(registry: Registry) -> Any:
        return await registry.read(selection)

    try:
        active = with_registry(where, read)["active"]
    except RegistryRefused as refused:
        raise Failed(str(refused)) from refused
    sdl = active["supergraph"]["sdl"] if active else None
    if not isinstance(sdl, str):
        variant = f" for contract {wanted.contract!r}" if wanted.contract else ""
        raise Failed(f"Nothing is active in the registered graph {where.graph!r}{variant}.")
    return sdl
