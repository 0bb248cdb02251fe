"""Rate limits and IP rules, as the graph shows them."""

from datetime import datetime

import strawberry
from strawberry.federation.schema_directives import Key
from strawberry.federation.types import FieldSet

from common.graphql.entities import global_id
from common.graphql.scalars import BigInt
from subgraphs.gateway import models
from subgraphs.gateway.graphql.authors import SchemaAuthor
from subgraphs.gateway.graphql.enums import (
    Counting,
    IpAction,
    LimitBy,
    LimitUnit,
    Reach,
    WhenAway,
)


@strawberry.federation.type(
    keys=[Key(fields=FieldSet("id"), resolvable=False)], description="A key with which an application asks."
)
class ApiKey:
    """Keys belong to another domain: here they are an id."""

    id: strawberry.ID = strawberry.field(description="Opaque, and the same in every service.")


@strawberry.type(description="How much of what may be asked for in which time, and counted for whom.")
class RateLimit:
    """At most so many units in any window."""

    id: strawberry.ID = strawberry.field(description="Opaque.")
    name: str = strawberry.field(description="Its name; whoever is refused is told.")
    limit: BigInt = strawberry.field(description="How many units.")
    window_seconds: int = strawberry.field(description="In so many seconds, which slide.")
    by: list[LimitBy] = strawberry.field(
        description="What gets a count of its own, all of it together; empty: there is one count."
    )
    unit: LimitUnit = strawberry.field(description="What is counted.")
    counting: Counting = strawberry.field(description="How router processes share it.")
    when_away: WhenAway | None = strawberry.field(
        description="While nobody can count; null: requests pass, cost is refused."
    )
    operations: list[str] = strawberry.field(
        description="Only operations with these names, or with these root fields (`Mutation.reportCreate`)."
    )
    api_key: ApiKey | None = strawberry.field(description="Only the holder of this key.")
    reach: Reach = strawberry.field(description="For whom it holds.")
    updated_at: datetime = strawberry.field(description="When it was set last.")
    author: SchemaAuthor = strawberry.field(description="Who set it last.")
    reason: str = strawberry.field(description="Why, if they said so.")

    @classmethod
    def from_row(cls, row: models.RateLimit) -> "RateLimit":
        """The row as the graph shows it."""
        return cls(
            id=global_id("RateLimit", row.id),
            name=row.name,
            limit=BigInt(row.units),
            window_seconds=row.window_seconds,
            by=[LimitBy(by) for by in row.counted_by],
            unit=LimitUnit(row.unit),
            counting=Counting(row.counting),
            when_away=None if row.when_away is None else WhenAway(row.when_away),
            operations=row.operations,
            api_key=None if row.key_id is None else ApiKey(id=global_id("ApiKey", row.key_id)),
            reach=Reach(row.reach),
            updated_at=row.updated_at,
            author=SchemaAuthor.from_row(row),
            reason=row.reason,
        )


@strawberry.type(description="Requests from a network are let in or kept out.")
class IpRule:
    """Of several rules that contain an address the narrowest decides."""

    id: strawberry.ID = strawberry.field(description="Opaque.")
    network: str = strawberry.field(description="As 192.0.2.0/24 or 2001:db8::/32.")
    action: IpAction = strawberry.field(description="What becomes of requests from there.")
    api_key: ApiKey | None = strawberry.field(description="Only for this key.")
    reach: Reach = strawberry.field(description="For whom it holds.")
    note: str = strawberry.field(description="What it is for.")
    updated_at: datetime = strawberry.field(description="When it was set last.")
    author: SchemaAuthor = strawberry.field(description="Who set it last.")
    reason: str = strawberry.field(description="Why, if they said so.")

    @classmethod
    def from_row(cls, row: models.IpRule) -> "IpRule":
        """The row as the graph shows it."""
        return cls(
            id=global_id("IpRule", row.id),
            network=row.network,
            action=IpAction(row.action),
            api_key=None if row.key_id is None else ApiKey(id=global_id("ApiKey", row.key_id)),
            reach=Reach(row.reach),
            note=row.note,
            updated_at=row.updated_at,
            author=SchemaAuthor.from_row(row),
            reason=row.reason,
        )
