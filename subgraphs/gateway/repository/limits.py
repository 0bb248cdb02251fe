"""Rate limits and IP rules of organisations, and how often they changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, delete, false, func, select, true
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import InstrumentedAttribute

from common.access.principal import Principal
from common.db.pages import Ascending, CursorCodec, Order, Page, PageRequest, page_of
from common.db.repository import Repository
from subgraphs.gateway.models import Graph, IpRule, PolicySerial, RateLimit, Reach

_BY_NAME = Order("rate-limits", Ascending(RateLimit.name), Ascending(RateLimit.id))
_BY_AGE = Order("ip-rules", Ascending(IpRule.updated_at), Ascending(IpRule.id))


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyState:
    """Up to which change the policies that hold for a graph are known.

    `organisation_id`: only those of its owner hold there; None: it is the platform's own, where those of
    every organisation do, and of `owner` those that are for everyone.
    """

    graph_id: UUID
    is_platform: bool
    owner: UUID
    organisation_id: UUID | None
    serial: int
    changed_at: datetime


class LimitRepository(Repository):
    """Rows of `gateway.rate_limits`, `gateway.ip_rules` and `gateway.policy_serials`."""

    async def changed(self, organisation_id: UUID, now: datetime) -> int:
        """Count a change; whoever changes something of the organisation besides waits for this one."""
        statement = insert(PolicySerial).values(organization_id=organisation_id, serial=1, changed_at=now)
        statement = statement.on_conflict_do_update(
            index_elements=["organization_id"],
            set_={"serial": PolicySerial.serial + 1, "changed_at": now},
        )
        return (await self.session.execute(statement.returning(PolicySerial.serial))).scalar_one()

    async def rate_limit(self, principal: Principal, name: str) -> RateLimit | None:
        """The caller's organisation's limit with this name."""
        mine = _mine(RateLimit.organization_id, principal)
        return await self.one_or_none(select(RateLimit).where(mine, RateLimit.name == name))

    async def rate_limits(
        self, principal: Principal, request: PageRequest, cursors: CursorCodec
    ) -> Page[RateLimit]:
        """Limits of the caller's organisation, by name."""
        query = select(RateLimit).where(_mine(RateLimit.organization_id, principal))
        return await page_of(self.session, query, _BY_NAME, request, cursors)

    async def count_rate_limits(self, principal: Principal) -> int:
        """How many limits the caller's organisation has."""
        query = select(func.count()).where(_mine(RateLimit.organization_id, principal))
        return (await self.session.execute(query)).scalar_one()

    async def delete_rate_limit(self, principal: Principal, id: UUID) -> None:
        """Take a limit away."""
        await self.session.execute(
            delete(RateLimit).where(_mine(RateLimit.organization_id, principal), RateLimit.id == id)
        )

    async def ip_rule(self, principal: Principal, id: UUID) -> IpRule | None:
        """One rule of the caller's organisation."""
        mine = _mine(IpRule.organization_id, principal)
        return await self.one_or_none(select(IpRule).where(mine, IpRule.id == id))

    async def same_ip_rule(self, principal: Principal, rule: IpRule) -> IpRule | None:
        """The rule that the caller's organisation has for the same network, key and reach."""
        query = select(IpRule).where(
            _mine(IpRule.organization_id, principal),
            IpRule.network == rule.network,
            IpRule.reach == rule.reach,
            IpRule.key_id.is_not_distinct_from(rule.key_id),
        )
        return await self.one_or_none(query)

    async def ip_rules(
        self, principal: Principal, request: PageRequest, cursors: CursorCodec
    ) -> Page[IpRule]:
        """Rules of the caller's organisation, the oldest first."""
        query = select(IpRule).where(_mine(IpRule.organization_id, principal))
        return await page_of(self.session, query, _BY_AGE, request, cursors)

    async def all_ip_rules(self, principal: Principal) -> Sequence[IpRule]:
        """Every rule of the caller's organisation: bounded by a setting."""
        query = select(IpRule).where(_mine(IpRule.organization_id, principal))
        return (await self.session.scalars(query)).all()

    async def delete_ip_rule(self, principal: Principal, id: UUID) -> None:
        """Take a rule away."""
        await self.session.execute(
            delete(IpRule).where(_mine(IpRule.organization_id, principal), IpRule.id == id)
        )

    async def owns_platform(self, principal: Principal) -> bool:
        """Whether the platform's own graph is the caller's organisation's."""
        query = select(Graph.id).where(_mine(Graph.organization_id, principal), Graph.is_platform)
        return await self.one_or_none(query) is not None

    async def state_for_system(self, graph_id: UUID | None) -> PolicyState | None:
        """The state of a graph (None: the platform's own); None if there never was a policy for it."""
        wanted = Graph.is_platform if graph_id is None else Graph.id == graph_id
        graph = await self.one_or_none(select(Graph).where(wanted))
        if graph is None:
            return None
        owner = None if graph.is_platform else graph.organization_id
        of = true() if owner is None else PolicySerial.organization_id == owner
        query = select(func.sum(PolicySerial.serial), func.max(PolicySerial.changed_at)).where(of)
        serial, changed_at = (await self.session.execute(query)).one()
        if serial is None:
            return None
        return PolicyState(
            graph_id=graph.id,
            is_platform=graph.is_platform,
            owner=graph.organization_id,
            organisation_id=owner,
            serial=int(serial),
            changed_at=changed_at,
        )

    async def policies_for_system(self, state: PolicyState) -> tuple[Sequence[RateLimit], Sequence[IpRule]]:
        """Every limit and rule that holds there, in an order that does not change by itself."""
        limits, rules = select(RateLimit), select(IpRule)
        if state.organisation_id is not None:
            limits = limits.where(RateLimit.organization_id == state.organisation_id)
            rules = rules.where(IpRule.organization_id == state.organisation_id)
        limits = limits.order_by(RateLimit.organization_id, RateLimit.id)
        rules = rules.order_by(IpRule.organization_id, IpRule.id)
        return (await self.session.scalars(limits)).all(), (await self.session.scalars(rules)).all()


def holds_for_everyone(row: RateLimit | IpRule, state: PolicyState) -> bool:
    """Whether it is for all callers of the graph: only the owner of the platform may have said so."""
    return row.reach == Reach.EVERYONE and state.is_platform and row.organization_id == state.owner


def _mine(column: InstrumentedAttribute[UUID], principal: Principal) -> ColumnElement[bool]:
    return column == principal.organisation_id if principal.organisation_id else false()
