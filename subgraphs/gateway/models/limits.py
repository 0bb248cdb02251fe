"""Tables of rate limits and IP rules. API keys are ids here."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, Index, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from common.db.base import Identified
from subgraphs.gateway.models.tables import Authored, Base


class Reach(StrEnum):
    """For whom a limit or rule holds."""

    ORGANIZATION = "organization"
    EVERYONE = "everyone"


class PolicySerial(Base):
    """Counts the changes to an organisation's limits and rules."""

    __tablename__ = "policy_serials"

    organization_id: Mapped[UUID] = mapped_column(primary_key=True)
    serial: Mapped[int] = mapped_column(BigInteger)
    changed_at: Mapped[datetime]


class RateLimit(Base, Identified, Authored):
    """A rate limit: `units` in `window_seconds`. See common.limits for what its columns mean."""

    __tablename__ = "rate_limits"
    __table_args__ = (Index("uq_rate_limits_organization_id_name", "organization_id", "name", unique=True),)

    organization_id: Mapped[UUID]
    name: Mapped[str]
    reach: Mapped[str]
    units: Mapped[int] = mapped_column(BigInteger)
    window_seconds: Mapped[int]
    counted_by: Mapped[list[str]] = mapped_column(ARRAY(Text))
    unit: Mapped[str]
    counting: Mapped[str]
    when_away: Mapped[str | None]
    operations: Mapped[list[str]] = mapped_column(ARRAY(Text))
    key_id: Mapped[UUID | None]
    updated_at: Mapped[datetime]


class IpRule(Base, Identified, Authored):
    """Requests from a network are let in or kept out."""

    __tablename__ = "ip_rules"
    __table_args__ = (
        Index(
            "uq_ip_rules_organization_id_reach_network_key_id",
            "organization_id",
            "reach",
            "network",
            "key_id",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
        Index("ix_ip_rules_organization_id_updated_at", "organization_id", "updated_at", "id"),
    )

    organization_id: Mapped[UUID]
    network: Mapped[str]
    action: Mapped[str]
    reach: Mapped[str]
    key_id: Mapped[UUID | None]
    note: Mapped[str]
    updated_at: Mapped[datetime]
