"""Tables of graphs and what is published into them. Organisations, people and applications are ids here.

What was published, composed or activated never changes: those rows are only ever added.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from common.db.base import Identified
from subgraphs.gateway.models.tables import Authored, Base

PLATFORM_GRAPH = "atrium"
"""The name of the platform's own graph; no other may have it."""


class ActivationKind(StrEnum):
    """How a supergraph became the active one."""

    PUBLISH = "publish"
    ACTIVATE = "activate"
    ROLLBACK = "rollback"


class Graph(Base, Identified):
    """A federated graph of an organisation; at most one is the platform's own.

    `revision` grows with every change of its subgraphs and contracts, and of what is active.
    """

    __tablename__ = "graphs"
    __table_args__ = (
        Index("uq_graphs_organization_id_name", "organization_id", "name", unique=True),
        Index(
            "uq_graphs_is_platform",
            "is_platform",
            unique=True,
            postgresql_where=text("is_platform"),
        ),
        Index("ix_graphs_organization_id_created_at", "organization_id", "created_at", "id"),
    )

    organization_id: Mapped[UUID]
    name: Mapped[str]
    is_platform: Mapped[bool] = mapped_column(default=False)
    revision: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]


class Contract(Base, Identified):
    """A named variant of a graph: what its tags let through."""

    __tablename__ = "contracts"
    __table_args__ = (Index("uq_contracts_graph_id_name", "graph_id", "name", unique=True),)

    organization_id: Mapped[UUID]
    graph_id: Mapped[UUID] = mapped_column(ForeignKey("gateway.graphs.id"))
    name: Mapped[str]
    include: Mapped[list[str]] = mapped_column(ARRAY(Text))
    exclude: Mapped[list[str]] = mapped_column(ARRAY(Text))
    hide_unreachable: Mapped[bool]
    updated_at: Mapped[datetime]


class SubgraphVersion(Base, Identified, Authored):
    """The schema of a subgraph as it was published once. `sdl` is loaded only where it is asked for."""

    __tablename__ = "subgraph_versions"
    __table_args__ = (
        Index(
            "ix_subgraph_versions_graph_id_name",
            "graph_id",
            "name",
            text("published_at desc"),
            text("id desc"),
        ),
    )

    organization_id: Mapped[UUID]
    graph_id: Mapped[UUID] = mapped_column(ForeignKey("gateway.graphs.id"))
    name: Mapped[str]
    url: Mapped[str]
    sdl: Mapped[str] = mapped_column(deferred=True, deferred_raiseload=True)
    sha256: Mapped[str]
    published_at: Mapped[datetime]
    git_revision: Mapped[str] = mapped_column(default="")


class Supergraph(Base, Identified, Authored):
    """One composition of a graph; `number` counts them from 1. `hints`: [{"code", "level", "message"}]."""

    __tablename__ = "supergraph_versions"
    __table_args__ = (Index("uq_supergraph_versions_graph_id_number", "graph_id", "number", unique=True),)

    organization_id: Mapped[UUID]
    graph_id: Mapped[UUID] = mapped_column(ForeignKey("gateway.graphs.id"))
    number: Mapped[int]
    composed_at: Mapped[datetime]
    git_revision: Mapped[str] = mapped_column(default="")
    hints: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)


class Member(Base):
    """Which version of which subgraph a supergraph was composed from."""

    __tablename__ = "supergraph_members"
    __table_args__ = (Index("ix_supergraph_members_subgraph_version_id", "subgraph_version_id"),)

    supergraph_id: Mapped[UUID] = mapped_column(
        ForeignKey("gateway.supergraph_versions.id"), primary_key=True
    )
    name: Mapped[str] = mapped_column(primary_key=True)
    organization_id: Mapped[UUID]
    subgraph_version_id: Mapped[UUID] = mapped_column(ForeignKey("gateway.subgraph_versions.id"))


class Variant(Base):
    """The text of a supergraph: the whole (''), and one for each contract it was composed with."""

    __tablename__ = "supergraph_variants"

    supergraph_id: Mapped[UUID] = mapped_column(
        ForeignKey("gateway.supergraph_versions.id"), primary_key=True
    )
    name: Mapped[str] = mapped_column(primary_key=True)
    organization_id: Mapped[UUID]
    sdl: Mapped[str] = mapped_column(deferred=True, deferred_raiseload=True)
    sha256: Mapped[str]


class Activation(Base, Identified, Authored):
    """A supergraph became the active one; that with the highest `serial` of its graph still is."""

    __tablename__ = "activations"
    __table_args__ = (
        Index("uq_activations_graph_id_serial", "graph_id", "serial", unique=True),
        Index("ix_activations_supergraph_id", "supergraph_id"),
    )

    organization_id: Mapped[UUID]
    graph_id: Mapped[UUID] = mapped_column(ForeignKey("gateway.graphs.id"))
    serial: Mapped[int]
    supergraph_id: Mapped[UUID] = mapped_column(ForeignKey("gateway.supergraph_versions.id"))
    kind: Mapped[str]
    activated_at: Mapped[datetime]
