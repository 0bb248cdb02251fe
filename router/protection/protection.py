"""The guard: asked with an address before anything else is done, and with the caller before planning.

check_address → arrive → (credentials) → check_caller → (parse, validate, authorise) → spend → (plan)
"""

from collections import Counter
from collections.abc import Callable, Sequence
from math import ceil

from common.access.principal import ANONYMOUS, Principal
from common.limits.policies import Policies, PoliciesOf
from common.limits.standing import Standing
from router.cache.recent import Recent
from router.errors import IpNotAllowed, LimitsUncounted, RateLimited
from router.operation.model import Operation
from router.protection.ip_rules import address_of
from router.protection.leases import Charge, Denied, Leases, Uncounted
from router.protection.prepared import Asking, Prepared
from router.state.counters import Counters

MOST_ADDRESSES = 10_000
"""Of so many what they owe for coming is remembered."""

Standings = dict[str, Standing]
"""How each limit stands that a request was counted by, under its name; requests of a batch share one."""


class Protection:
    """What settings say always holds; what the control plane says comes and changes with `use`.

    `allowed`, `denied`, `uncounted` count by the label of a limit, `kept_out` what IP rules refused.
    """

    def __init__(
        self, always: PoliciesOf, counters: Counters, clock: Callable[[], float], *, ipv6_prefix: int = 64
    ) -> None:
        self.counters = counters
        self.leases = Leases(counters, clock)
        self.allowed: Counter[str] = Counter()
        self.denied: Counter[str] = Counter()
        self.uncounted: Counter[str] = Counter()
        self.kept_out = 0
        self._always = always
        self._ipv6_prefix = ipv6_prefix
        self._prepared = Prepared((always,), ipv6_prefix=ipv6_prefix)
        self._arrivals: Recent[str | None, list[Charge]] = Recent(MOST_ADDRESSES)

    @property
    def policies(self) -> Prepared:
        """What holds now."""
        return self._prepared

    def use(self, policies: Policies) -> None:
        """These hold from now on, beside those of the settings; counts go on."""
        self._prepared = Prepared((self._always, *policies), ipv6_prefix=self._ipv6_prefix)
        self._arrivals.clear()

    def check_address(self, address: str | None) -> None:
        """Raise IpNotAllowed if nobody may come from there."""
        rules = self._prepared.ip_rules
        if not rules.is_empty and not rules.allow(address_of(address)):
            self.kept_out += 1
            raise IpNotAllowed

    def check_caller(self, principal: Principal, address: str | None) -> None:
        """Raise IpNotAllowed if this caller may not come from there."""
        prepared = self._prepared
        if prepared.has_caller_rules and not prepared.lets_in(principal, address_of(address)):
            self.kept_out += 1
            raise IpNotAllowed

    async def arrive(self, address: str | None, standings: Standings) -> None:
        """Count a request by its address; raises RateLimited or LimitsUncounted."""
        if not self._prepared.arrivals:
            return
        charges = self._arrivals.get(address)
        if charges is None:
            asking = Asking(address=address_of(address), principal=ANONYMOUS)
            charges = self._prepared.arrival_charges(asking)
            self._arrivals.put(address, charges)
        await self._pay(charges, standings)

    async def spend(
        self,
        principal: Principal,
        address: str | None,
        operation: Operation,
        cost: int,
        standings: Standings,
    ) -> None:
        """Count an operation by all the other limits that hold for it, or by none if one refuses.

        Raises RateLimited or LimitsUncounted.
        """
        prepared = self._prepared
        if prepared.has_limits:
            asking = Asking(address=address_of(address), principal=principal, operation=operation, cost=cost)
            await self._pay(prepared.charges(asking), standings)

    def pay_here(
        self, principal: Principal, address: str | None, operation: Operation, cost: int
    ) -> Standings | None:
        """Let in and count, as all of the above do, what can be counted without waiting.

        None: not here, or not at all; nothing has been counted.
        """
        prepared = self._prepared
        here = None if prepared.is_empty else address_of(address)
        if not prepared.ip_rules.is_empty and not prepared.ip_rules.allow(here):
            return None
        if prepared.has_caller_rules and not prepared.lets_in(principal, here):
            return None
        charges: list[Charge] = []
        if prepared.arrivals:
            charges += prepared.arrival_charges(Asking(address=here, principal=ANONYMOUS))
        if prepared.has_limits:
            asking = Asking(address=here, principal=principal, operation=operation, cost=cost)
            charges += prepared.charges(asking)
        if not charges:
            return {}
        try:
            found = self.leases.spend_here(charges)
        except Denied:
            return None
        if found is None:
            return None
        for charge in charges:
            self.allowed[charge.label] += 1
        return {standing.limit.name: standing for standing in found}

    async def close(self) -> None:
        """Give back what is held open."""
        await self.leases.close()
        await self.counters.close()

    async def _pay(self, charges: Sequence[Charge], standings: Standings) -> None:
        if not charges:
            return
        try:
            found = self.leases.spend_here(charges)
            if found is None:
                found = await self.leases.spend(charges)
        except Denied as denied:
            limit, retry_in = denied.charge.limit, denied.retry_in
            self.denied[denied.charge.label] += 1
            standings[limit.name] = Standing(limit, 0, retry_in if retry_in is not None else limit.window)
            seconds = None if retry_in is None else max(ceil(retry_in), 1)
            raise RateLimited(limit, seconds, cost=denied.charge.cost) from None
        except Uncounted as uncounted:
            self.uncounted[uncounted.charge.label] += 1
            raise LimitsUncounted(uncounted.charge.limit.name) from None
        for charge in charges:
            self.allowed[charge.label] += 1
        for standing in found:
            standings[standing.limit.name] = standing
