"""Rate limits and IP rules: set and taken away, by those who may, without locking themselves out."""

from dataclasses import dataclass
from ipaddress import ip_address
from uuid import UUID

from common.access.scopes import require_organisation, require_scope
from common.clock import Clock
from common.db.pages import CursorCodec, Page, PageRequest
from common.db.session import UnitOfWork
from common.errors import InvalidInput, NotFound
from common.ids import uuid7
from common.limits.ip_rules import IpAction, lets_in, network_of, plain
from common.limits.ip_rules import IpRule as Rule
from common.limits.rate_limits import Counting, LimitBy, LimitRefused, LimitUnit, WhenAway
from common.limits.rate_limits import RateLimit as Limit
from common.texts import clean_description
from subgraphs.gateway.errors import NotThePlatforms, TooManyInGraph, WouldLockOut
from subgraphs.gateway.events import PoliciesChanged
from subgraphs.gateway.models import IpRule, RateLimit, Reach
from subgraphs.gateway.policies import READ_LIMITS, WRITE_LIMITS
from subgraphs.gateway.repository.limits import LimitRepository
from subgraphs.gateway.service.authors import Purpose, authored
from subgraphs.gateway.settings import GatewaySettings


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleWish:
    """An IP rule as a person writes it. `from_address`: where they are now, None if nobody knows."""

    network: str
    action: IpAction
    reach: Reach = Reach.ORGANIZATION
    key_id: UUID | None = None
    note: str = ""
    from_address: str | None = None


def rate_limit_of(row: RateLimit) -> Limit:
    """A row as routers understand it."""
    return Limit(
        name=row.name,
        limit=row.units,
        window=row.window_seconds,
        by=tuple(LimitBy(by) for by in row.counted_by),
        unit=LimitUnit(row.unit),
        counting=Counting(row.counting),
        when_away=None if row.when_away is None else WhenAway(row.when_away),
        operations=tuple(row.operations),
        key_id=row.key_id,
    )


def ip_rule_of(row: IpRule) -> Rule:
    """A row as routers understand it."""
    return Rule(network=network_of(row.network), action=IpAction(row.action), key_id=row.key_id)


class LimitService:
    """Limits and rules of the organisation the caller acts in."""

    def __init__(self, work: UnitOfWork, clock: Clock, settings: GatewaySettings) -> None:
        self._limits = LimitRepository(work.session)
        self._work = work
        self._clock = clock
        self._settings = settings

    async def rate_limits(self, request: PageRequest, cursors: CursorCodec) -> Page[RateLimit]:
        """Limits, by name."""
        require_scope(self._work.principal, READ_LIMITS)
        require_organisation(self._work.principal)
        return await self._limits.rate_limits(self._work.principal, request, cursors)

    async def ip_rules(self, request: PageRequest, cursors: CursorCodec) -> Page[IpRule]:
        """Rules, the oldest first."""
        require_scope(self._work.principal, READ_LIMITS)
        require_organisation(self._work.principal)
        return await self._limits.ip_rules(self._work.principal, request, cursors)

    async def set_rate_limit(self, limit: Limit, reach: Reach, purpose: Purpose) -> RateLimit:
        """Add a limit, or change the one of this name."""
        here = await self._may_write(reach)
        serial = await self._limits.changed(here, self._clock.now())  # from here on one after the other
        row = await self._limits.rate_limit(self._work.principal, limit.name)
        if row is None:
            most = self._settings.rate_limits_per_organization
            if await self._limits.count_rate_limits(self._work.principal) >= most:
                raise TooManyInGraph("rate limits", most)
            row = RateLimit(id=uuid7(), organization_id=here, name=limit.name)
            self._work.session.add(row)
        elif row.reach != reach:
            await self._may_write(Reach(row.reach))
        row.reach = reach.value
        row.units, row.window_seconds = limit.limit, limit.window
        row.counted_by, row.operations = [by.value for by in limit.by], list(limit.operations)
        row.unit, row.counting = limit.unit.value, limit.counting.value
        row.when_away = None if limit.when_away is None else limit.when_away.value
        row.key_id = limit.key_id
        self._sign(row, purpose)
        await self._limits.flush()
        self._tell(here, serial, "rate_limit", limit.name, is_set=True)
        return row

    async def delete_rate_limit(self, name: str) -> RateLimit:
        """Take a limit away."""
        here = await self._may_write(Reach.ORGANIZATION)
        serial = await self._limits.changed(here, self._clock.now())
        row = await self._limits.rate_limit(self._work.principal, name) if name.isprintable() else None
        if row is None:
            raise NotFound("rate limit", name, path=("input", "name"))
        await self._may_write(Reach(row.reach))
        await self._limits.delete_rate_limit(self._work.principal, row.id)
        self._tell(here, serial, "rate_limit", name, is_set=False)
        return row

    async def set_ip_rule(self, wish: RuleWish, purpose: Purpose) -> IpRule:
        """Add a rule, or change the one for the same network and key."""
        here = await self._may_write(wish.reach)
        serial = await self._limits.changed(here, self._clock.now())
        row = IpRule(
            id=uuid7(),
            organization_id=here,
            network=_network(wish.network),
            reach=wish.reach.value,
            key_id=wish.key_id,
        )
        known = await self._limits.same_ip_rule(self._work.principal, row)
        standing = await self._limits.all_ip_rules(self._work.principal)
        if known is None:
            if len(standing) >= self._settings.ip_rules_per_organization:
                raise TooManyInGraph("IP rules", self._settings.ip_rules_per_organization)
            self._work.session.add(row)
        else:
            row = known
        row.action, row.note = wish.action.value, clean_description(wish.note, "note")
        self._sign(row, purpose)
        await self._limits.flush()
        others = [each for each in standing if each.id != row.id]
        self._refuse_lock_out([*others, row], wish.from_address)
        self._tell(here, serial, "ip_rule", row.network, is_set=True)
        return row

    async def delete_ip_rule(self, id: UUID, from_address: str | None) -> IpRule:
        """Take a rule away."""
        here = await self._may_write(Reach.ORGANIZATION)
        serial = await self._limits.changed(here, self._clock.now())
        row = await self._limits.ip_rule(self._work.principal, id)
        if row is None:
            raise NotFound("IP rule", id, path=("input", "id"))
        await self._may_write(Reach(row.reach))
        standing = await self._limits.all_ip_rules(self._work.principal)
        self._refuse_lock_out([each for each in standing if each.id != id], from_address)
        await self._limits.delete_ip_rule(self._work.principal, id)
        self._tell(here, serial, "ip_rule", row.network, is_set=False)
        return row

    async def _may_write(self, reach: Reach) -> UUID:
        principal = self._work.principal
        require_scope(principal, WRITE_LIMITS)
        here = require_organisation(principal)
        if reach is Reach.EVERYONE and not await self._limits.owns_platform(principal):
            raise NotThePlatforms
        return here

    def _refuse_lock_out(self, rules: list[IpRule], from_address: str | None) -> None:
        """The caller could not take back what keeps the caller out."""
        if from_address is None:
            return
        try:
            address = ip_address(from_address.partition("%")[0])
        except ValueError:
            return
        for reach in Reach:
            for key_id in {None, self._work.principal.key_id}:
                same = [rule for rule in rules if rule.reach == reach and rule.key_id == key_id]
                if not lets_in(map(ip_rule_of, same), getattr(address, "ipv4_mapped", None) or address):
                    raise WouldLockOut

    def _sign(self, row: RateLimit | IpRule, purpose: Purpose) -> None:
        row.updated_at = self._clock.now()
        for column, value in authored(self._work.principal, purpose.cleaned()).items():
            setattr(row, column, value)

    def _tell(self, here: UUID, serial: int, what: str, name: str, *, is_set: bool) -> None:
        self._work.outbox.add(
            PoliciesChanged(organisation_id=here, serial=serial, what=what, name=name, is_set=is_set)
        )


def _network(text: str) -> str:
    try:
        return str(plain(network_of(text)))
    except LimitRefused as refused:
        raise InvalidInput(str(refused), path=("input", "network")) from refused
