"""What is active in a registry, for those who compare with it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from atrium.failure import Failed
from atrium.reach import Where, reach_of
from atrium.registry import PLATFORM_GRAPH, Registry, RegistryRefused
from schema.contracts.filter import Filter
from schema.subgraph.model import Subgraph


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """Which graph of which registry, and which variant of it."""

    data: Path
    graph: str | None = None
    contract: str = ""
    organization: str | None = None
    endpoint: str | None = None
    api_key: str | None = None

    @property
    def where(self) -> Where:
        """The graph, and where its registry is."""
        return Where(
            data=self.data,
            graph=self.graph or PLATFORM_GRAPH,
            organization=self.organization,
            endpoint=self.endpoint,
            api_key=self.api_key,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Active:
    """The supergraph in use, what it was composed from, and the filter of its variant."""

    sdl: str
    subgraphs: tuple[Subgraph, ...]
    contract: Filter | None


def active(wanted: Registered) -> Active:
    """What is in use there; raises Failed if nothing is or it cannot be read."""
    # A string of JSON is one of GraphQL as well.
    supergraph = f"sdl(contract: {json.dumps(wanted.contract)}) subgraphs {{ name url sdl }}"
    selection = (
        f"active {{ supergraph {{ {supergraph} }} }} contracts {{ name include exclude hideUnreachable }}"
    )

    async def read(registry: Registry) -> Any:
        return await registry.read(selection)

    try:
        graph = reach_of(wanted.where).use(read)
    except RegistryRefused as refused:
        raise Failed(str(refused)) from refused
    found = graph["active"]["supergraph"] if graph["active"] else None
    if found is None or not isinstance(found["sdl"], str):
        variant = f" for contract {wanted.contract!r}" if wanted.contract else ""
        raise Failed(f"Nothing is active in the registered graph {wanted.where.graph!r}{variant}.")
    return Active(
        sdl=found["sdl"],
        subgraphs=tuple(
            Subgraph(name=one["name"], url=one["url"], sdl=one["sdl"]) for one in found["subgraphs"]
        ),
        contract=_filter(graph["contracts"], wanted.contract),
    )


def _filter(contracts: Sequence[Mapping[str, Any]], name: str) -> Filter | None:
    for contract in contracts:
        if contract["name"] == name:
            return Filter(
                include=frozenset(contract["include"]),
                exclude=frozenset(contract["exclude"]),
                hide_unreachable=contract["hideUnreachable"],
            )
    return None
