"""Tables of clients, the documents that they registered, and how operations are used."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, ForeignKeyConstraint, Index, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from common.db.base import Identified
from subgraphs.gateway.models.tables import Authored, Base


class ChangeKind(StrEnum):
    """What was done to the registered operations of a graph."""

    PUBLISH = "publish"
    RETIRE = "retire"
    MODE = "mode"
    APPLICATIONS = "applications"


class Safelist(Base):
    """What holds for all clients of a graph; `serial` counts what was changed in its registered operations.

    Whoever changes any of them holds this row.
    """

    __tablename__ = "safelists"

    graph_id: Mapped[UUID] = mapped_column(ForeignKey("gateway.graphs.id"), primary_key=True)
    organization_id: Mapped[UUID]
    default_mode: Mapped[str]
    serial: Mapped[int]
    changed_at: Mapped[datetime]


class StoredDocument(Base):
    """A text that somebody registered or sent, once in a graph whoever it was; `sha256` is that of the text.

    `operations`: [{"name", "kind"}], once it was checked; `checked_in`: against which schema, empty if never.
    `needed_at`: it is kept for a while after this even if nothing refers to it.
    """

    __tablename__ = "documents"
    __table_args__ = (Index("ix_documents_needed_at", "needed_at"),)

    graph_id: Mapped[UUID] = mapped_column(ForeignKey("gateway.graphs.id"), primary_key=True)
    sha256: Mapped[str] = mapped_column(primary_key=True)
    organization_id: Mapped[UUID]
    body: Mapped[str] = mapped_column(deferred=True, deferred_raiseload=True)
    operations: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONB)
    checked_in: Mapped[str] = mapped_column(default="")
    needed_at: Mapped[datetime]


class Client(Base, Identified):
    """An application that asks a graph. `mode` None: the graph's default holds."""

    __tablename__ = "clients"
    __table_args__ = (Index("uq_clients_graph_id_name", "graph_id", "name", unique=True),)

    organization_id: Mapped[UUID]
    graph_id: Mapped[UUID] = mapped_column(ForeignKey("gateway.graphs.id"))
    name: Mapped[str]
    mode: Mapped[str | None]
    created_at: Mapped[datetime]


class ClientApplication(Base):
    """An AI application whose API keys are a client; of at most one in a graph."""

    __tablename__ = "client_applications"
    __table_args__ = (Index("ix_client_applications_client_id", "client_id"),)

    graph_id: Mapped[UUID] = mapped_column(ForeignKey("gateway.graphs.id"), primary_key=True)
    application_id: Mapped[UUID] = mapped_column(primary_key=True)
    organization_id: Mapped[UUID]
    client_id: Mapped[UUID] = mapped_column(ForeignKey("gateway.clients.id"))


class ClientVersion(Base, Identified, Authored):
    """What a client registered under one version; `sha256`: of its ids and their digests."""

    __tablename__ = "client_versions"
    __table_args__ = (
        Index("uq_client_versions_client_id_name", "client_id", "name", unique=True),
        Index(
            "ix_client_versions_client_id_published_at",
            "client_id",
            text("published_at desc"),
            text("id desc"),
        ),
        Index("ix_client_versions_graph_id", "graph_id"),
    )

    organization_id: Mapped[UUID]
    graph_id: Mapped[UUID] = mapped_column(ForeignKey("gateway.graphs.id"))
    client_id: Mapped[UUID] = mapped_column(ForeignKey("gateway.clients.id"))
    name: Mapped[str]
    sha256: Mapped[str]
    documents: Mapped[int]
    published_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]
    git_revision: Mapped[str] = mapped_column(default="")


class ClientDocument(Base):
    """The id by which a client version asks for a document."""

    __tablename__ = "client_documents"
    __table_args__ = (
        ForeignKeyConstraint(
            ["graph_id", "sha256"], ["gateway.documents.graph_id", "gateway.documents.sha256"]
        ),
        Index("ix_client_documents_graph_id_sha256", "graph_id", "sha256"),
    )

    client_version_id: Mapped[UUID] = mapped_column(
        ForeignKey("gateway.client_versions.id"), primary_key=True
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    organization_id: Mapped[UUID]
    graph_id: Mapped[UUID]
    sha256: Mapped[str]


class OperationChange(Base, Identified, Authored):
    """One change of the registered operations of a graph; these rows are only ever added.

    `client` is empty if all are meant, `version` if none is, and names several with commas between;
    `documents`: how many it was about.
    """

    __tablename__ = "operation_changes"
    __table_args__ = (Index("uq_operation_changes_graph_id_serial", "graph_id", "serial", unique=True),)

    organization_id: Mapped[UUID]
    graph_id: Mapped[UUID] = mapped_column(ForeignKey("gateway.graphs.id"))
    serial: Mapped[int]
    kind: Mapped[str]
    client: Mapped[str]
    version: Mapped[str]
    documents: Mapped[int]
    mode: Mapped[str | None]
    changed_at: Mapped[datetime]


class Operation(Base, Identified):
    """An operation of a document, registered or sent; `last_seen` None if nobody has sent it."""

    __tablename__ = "operations"
    __table_args__ = (
        Index("uq_operations_graph_id_sha256_name", "graph_id", "sha256", "name", unique=True),
        Index("ix_operations_graph_id_id", "graph_id", text("id desc")),
    )

    organization_id: Mapped[UUID]
    graph_id: Mapped[UUID] = mapped_column(ForeignKey("gateway.graphs.id"))
    sha256: Mapped[str]
    name: Mapped[str]
    kind: Mapped[str]
    first_seen: Mapped[datetime]
    last_seen: Mapped[datetime | None]


class OperationUsage(Base):
    """What one client version did with one operation in one hour."""

    __tablename__ = "operation_usage"
    __table_args__ = (Index("ix_operation_usage_graph_id_hour", "graph_id", "hour"),)

    operation_id: Mapped[UUID] = mapped_column(ForeignKey("gateway.operations.id"), primary_key=True)
    hour: Mapped[datetime] = mapped_column(primary_key=True)
    client: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[str] = mapped_column(primary_key=True)
    organization_id: Mapped[UUID]
    graph_id: Mapped[UUID]
    count: Mapped[int] = mapped_column(BigInteger)
    errors: Mapped[int] = mapped_column(BigInteger)
    duration_ms: Mapped[float]
    slowest_ms: Mapped[float]
    buckets: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    last_seen: Mapped[datetime]
