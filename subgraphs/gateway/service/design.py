"""What a graph is made of, and what becomes of it by a change. Pure: nothing is composed or stored here."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias, assert_never
from uuid import UUID

from common.errors import NotFound
from subgraphs.gateway.providers.protocol import ContractFilter, SubgraphText


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A subgraph of a graph; `id` is None if this version is not stored yet."""

    text: SubgraphText
    id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """Subgraphs and contracts of a graph, by name."""

    parts: Mapping[str, Part]
    contracts: Mapping[str, ContractFilter]


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishSubgraphs:
    """Add subgraphs, or put them in place of those of the same names; all at once or none."""

    subgraphs: tuple[SubgraphText, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RetireSubgraph:
    """Compose without this subgraph from now on."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetContract:
    """Add a contract, or put it in place of that of the same name."""

    contract: ContractFilter


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteContract:
    """Compose without this contract from now on."""

    name: str


Change: TypeAlias = PublishSubgraphs | RetireSubgraph | SetContract | DeleteContract


def changed(design: Design, change: Change) -> Design:
    """The design after the change, the same one if nothing differs; raises NotFound."""
    match change:
        case PublishSubgraphs(subgraphs=subgraphs):
            new = {text.name: Part(text=text) for text in subgraphs if _is_new(design, text)}
            return replace(design, parts={**design.parts, **new}) if new else design
        case RetireSubgraph(name=name):
            if name not in design.parts:
                raise NotFound("subgraph", name, path=("input", "name"))
            return replace(design, parts={key: part for key, part in design.parts.items() if key != name})
        case SetContract(contract=contract):
            if design.contracts.get(contract.name) == contract:
                return design
            return replace(design, contracts={**design.contracts, contract.name: contract})
        case DeleteContract(name=name):
            if name not in design.contracts:
                raise NotFound("contract", name, path=("input", "name"))
            kept = {key: contract for key, contract in design.contracts.items() if key != name}
            return replace(design, contracts=kept)
        case _:
            assert_never(change)


def names_of(change: Change) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The subgraphs and the contracts that a change is about."""
    match change:
        case PublishSubgraphs(subgraphs=subgraphs):
            return tuple(sorted(text.name for text in subgraphs)), ()
        case RetireSubgraph(name=name):
            return (name,), ()
        case SetContract(contract=contract):
            return (), (contract.name,)
        case DeleteContract(name=name):
            return (), (name,)
        case _:
            assert_never(change)


def size_of(design: Design) -> int:
    """The bytes of all its schemas: what every composition has to read."""
    return sum(len(part.text.sdl.encode()) for part in design.parts.values())


def digest_of(text: str) -> str:
    """SHA-256 of a text, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def _is_new(design: Design, text: SubgraphText) -> bool:
    part = design.parts.get(text.name)
    return part is None or part.text != text
