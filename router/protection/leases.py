"""Units of limits, counted in this process as far as they were taken in advance, else where all count.

A lease is some units of one counter that this process has paid for and may spend until their window ends.
It is renewed beside before it is used up, so that hardly any request waits. Nothing is ever spent that was
not taken before, so all processes together stay below the limit; what they hold and do not spend until the
window ends is lost. Leases are small therefore: what this process spends in a twentieth of the window (a
second at most), never more than a twentieth of the limit or an eighth of what is free. After a denial a
counter is strict until its window ends: nothing is taken in advance any more.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import NamedTuple

from common.limits.rate_limits import Counting, RateLimit
from common.limits.standing import Standing
from router.cache.recent import Recent
from router.state.counters import Ask, Counters, CountersAway, Part
from router.state.sliding import SHARE

MOST_LEASES = 50_000
FIRST_SIZE = 4
LARGEST_SHARE = 20
LONGEST_SECONDS = 1.0


class Charge(NamedTuple):
    """What one request owes to one limit: `cost` units of the counter `key`. `label`: its name in metrics."""

    limit: RateLimit
    key: str
    cost: int
    label: str = ""


class Denied(Exception):
    """A limit is used up for this caller; `retry_in` seconds, None: it never will do."""

    def __init__(self, charge: Charge, retry_in: float | None) -> None:
        super().__init__(charge.limit.name)
        self.charge = charge
        self.retry_in = retry_in


class Uncounted(Exception):
    """Nobody can count now, and this limit refuses then."""

    def __init__(self, charge: Charge) -> None:
        super().__init__(charge.limit.name)
        self.charge = charge


class Lease:
    """What this process knows of one counter; times are those of its clock."""

    __slots__ = (
        "allowed_again",
        "denied",
        "ends",
        "free",
        "index",
        "left",
        "pending",
        "size",
        "spent",
        "strict_until",
        "taken_at",
    )

    def __init__(self, size: int) -> None:
        self.size = size
        self.left = 0
        self.spent = 0
        self.free = 0
        self.index = 0
        self.ends = 0.0
        self.taken_at = 0.0
        self.strict_until = 0.0
        self.denied = 0  # so many units were too much until `allowed_again`
        self.allowed_again = 0.0
        self.pending: asyncio.Future[None] | None = None


class Counts:
    """What happened here: `leased` and `lost` units show how good the leases are.

    `waited`: requests that had to ask. `uncounted`: charges that passed while nobody could count.
    """

    __slots__ = ("leased", "lost", "uncounted", "waited")

    def __init__(self) -> None:
        self.leased = 0
        self.lost = 0
        self.uncounted = 0
        self.waited = 0


class Leases:
    """Spends units for requests: of all their limits or of none."""

    def __init__(self, counters: Counters, clock: Callable[[], float], *, size: int = MOST_LEASES) -> None:
        self.counts = Counts()
        self._counters = counters
        self._clock = clock
        self._leases: Recent[str, Lease] = Recent(size)
        self._renewals: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._leases)

    def spend_here(self, charges: Sequence[Charge]) -> list[Standing] | None:
        """Spend what this process has, without waiting; None if that is not enough. Raises Denied."""
        now = self._clock()
        held: list[tuple[Charge, Lease]] = []
        for charge in charges:
            lease = self._leases.get(charge.key)
            if lease is None:
                continue
            cost = charge.cost
            if now < lease.allowed_again and cost >= lease.denied:
                raise Denied(charge, lease.allowed_again - now)
            if lease.left >= cost and now < lease.ends:  # an exact limit never has any
                held.append((charge, lease))
        if len(held) < len(charges):
            return None
        standings = []
        for charge, lease in held:
            cost = charge.cost
            left = lease.left = lease.left - cost
            lease.spent += cost
            if left * 2 < lease.size and lease.pending is None and now >= lease.strict_until:
                self._renew_beside(charge, lease)
            standings.append(Standing(charge.limit, lease.free + left, lease.ends - now))
        return standings

    async def spend(self, charges: Sequence[Charge]) -> list[Standing]:
        """Spend, after taking what is missing; raises Denied or Uncounted.

        While nobody can count, limits that are open then are left out.
        """
        for charge in charges:
            if charge.cost > charge.limit.limit:
                raise Denied(charge, None)
        while True:
            here = self.spend_here(charges)
            if here is not None:
                return here
            self.counts.waited += 1
            pending = self._pending_of(charges)
            if pending is not None:
                await asyncio.shield(pending)
                continue
            try:
                return await self._take(charges)
            except CountersAway as away:
                return self._spend_uncounted(charges, away)

    async def close(self) -> None:
        """Wait for nobody any more."""
        for task in tuple(self._renewals):
            task.cancel()
        await asyncio.gather(*self._renewals, return_exceptions=True)

    def _spend_uncounted(self, charges: Sequence[Charge], away: CountersAway) -> list[Standing]:
        """What is held is good while nobody can count; the rest passes, or is refused, as its limit says."""
        now = self._clock()
        held: list[tuple[Charge, Lease]] = []
        for charge in charges:
            lease = self._leases.get(charge.key)
            if lease is not None and lease.left >= charge.cost and now < lease.ends:
                held.append((charge, lease))
            elif not charge.limit.passes_when_away:
                raise Uncounted(charge) from away
            else:
                self.counts.uncounted += 1
        standings = []
        for charge, lease in held:
            lease.left -= charge.cost
            standings.append(Standing(charge.limit, lease.free + lease.left, lease.ends - now))
        return standings

    def _pending_of(self, charges: Sequence[Charge]) -> "asyncio.Future[None] | None":
        """What is on its way for a lease that has too little."""
        now = self._clock()
        for charge in charges:
            lease = self._leases.get(charge.key)
            if lease is None or lease.pending is None:
                continue
            if lease.left < charge.cost or now >= lease.ends:
                return lease.pending
        return None

    async def _take(self, charges: Sequence[Charge]) -> list[Standing]:
        """One call for all that is missing, exact limits among it; others pay with what they have."""
        begun = self._clock()
        missing: list[tuple[Charge, Lease]] = []
        held: list[tuple[Charge, Lease, int]] = []
        for charge in charges:
            lease = self._lease(charge)
            if lease.left >= charge.cost and begun < lease.ends:
                held.append((charge, lease, lease.index))
                lease.left -= charge.cost  # before anybody else spends it meanwhile
            else:
                missing.append((charge, lease))
        try:
            parts = await self._asked(missing, begun)
            self._refuse_short(missing, parts, begun)
        except BaseException:
            for charge, lease, index in held:
                if lease.index == index:  # else it was of a window that is over
                    lease.left += charge.cost
            raise
        standings = []
        for charge, lease, _ in held:
            lease.spent += charge.cost
            standings.append(Standing(charge.limit, lease.free + lease.left, lease.ends - begun))
        for charge, lease in missing:
            lease.left -= charge.cost
            lease.spent += charge.cost
            standings.append(Standing(charge.limit, lease.free + max(lease.left, 0), lease.ends - begun))
        return standings

    async def _asked(self, missing: Sequence[tuple[Charge, Lease]], begun: float) -> Sequence[Part]:
        asks = []
        marks: list[tuple[Lease, asyncio.Future[None]]] = []
        for charge, lease in missing:
            asks.append(self._ask(charge, lease, charge.cost, begun))
            if charge.limit.counting is Counting.LEASED:
                mark: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                lease.pending = mark
                marks.append((lease, mark))
        try:
            parts = await self._counters.take(asks)
            for (charge, lease), part in zip(missing, parts, strict=True):
                self._note(charge, lease, part, begun)
            return parts
        finally:
            for lease, mark in marks:
                lease.pending = None
                if not mark.done():
                    mark.set_result(None)

    def _ask(self, charge: Charge, lease: Lease, need: int, now: float) -> Ask:
        limit = charge.limit
        want = need
        if limit.counting is Counting.LEASED and now >= lease.strict_until:
            self._resize(lease, limit, now)
            want = max(need, lease.size)
        given_back, lease.left = self._unused(lease, now)
        return Ask(
            key=charge.key,
            limit=limit.limit,
            window=limit.window * 1000,
            need=need,
            want=want,
            given_back=given_back,
            given_back_in=lease.index,
        )

    def _unused(self, lease: Lease, now: float) -> tuple[int, int]:
        """What to give back and what to keep: units are good in their window only."""
        if now < lease.ends:
            return 0, lease.left
        self.counts.lost += lease.left
        return lease.left, 0

    def _resize(self, lease: Lease, limit: RateLimit, now: float) -> None:
        """As much as was spent lately in the time that a lease should last, at most doubled or halved."""
        if lease.taken_at:
            elapsed = max(now - lease.taken_at, 0.001)
            wanted = int(lease.spent * _lasting(limit) / elapsed)
            lease.size = min(max(wanted, lease.size // 2), lease.size * 2)
        lease.size = max(min(lease.size, limit.limit // LARGEST_SHARE), 1)

    def _note(self, charge: Charge, lease: Lease, part: Part, begun: float) -> None:
        """What the counters said, later than `begun`: their window ends no earlier than is noted here."""
        limit = charge.limit
        if part.index != lease.index:
            self.counts.lost += lease.left
            lease.left = 0
        lease.index, lease.free = part.index, part.free
        lease.ends = begun + part.ends_in / 1000
        if part.is_short:
            lease.strict_until = lease.ends
            return
        if limit.counting is Counting.LEASED:
            self.counts.leased += part.units
            if part.free < SHARE:  # too little for taking any in advance, for a while
                lease.strict_until = max(lease.strict_until, begun + _lasting(limit))
        lease.left += part.units
        lease.spent, lease.taken_at = 0, begun

    def _refuse_short(
        self, missing: Sequence[tuple[Charge, Lease]], parts: Sequence[Part], begun: float
    ) -> None:
        denied: Denied | None = None
        for (charge, lease), part in zip(missing, parts, strict=True):
            if not part.is_short:
                continue
            if part.retry_in is None:
                raise Denied(charge, None)
            lease.denied, lease.allowed_again = charge.cost, begun + part.retry_in / 1000
            if denied is None or part.retry_in / 1000 > (denied.retry_in or 0.0):
                denied = Denied(charge, part.retry_in / 1000)
        if denied is not None:
            raise denied

    def _renew_beside(self, charge: Charge, lease: Lease) -> None:
        lease.pending = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(self._renew(charge, lease, lease.pending))
        self._renewals.add(task)
        task.add_done_callback(self._renewals.discard)

    async def _renew(self, charge: Charge, lease: Lease, mark: "asyncio.Future[None]") -> None:
        begun = self._clock()
        try:
            (part,) = await self._counters.take([self._ask(charge, lease, 0, begun)])
            self._note(charge, lease, part, begun)
        except CountersAway:
            pass  # what is held is good until its window ends
        finally:
            lease.pending = None
            if not mark.done():
                mark.set_result(None)

    def _lease(self, charge: Charge) -> Lease:
        lease = self._leases.get(charge.key)
        if lease is None:
            lease = Lease(FIRST_SIZE)
            self._leases.put(charge.key, lease)
        return lease


def _lasting(limit: RateLimit) -> float:
    """The seconds for which a lease should last."""
    return min(limit.window / LARGEST_SHARE, LONGEST_SECONDS)
