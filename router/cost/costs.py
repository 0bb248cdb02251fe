"""Policy around prices: what is estimated, refused, counted and told."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from router.cost.actual import Count, actual
from router.cost.amount import Variables
from router.cost.estimate import Estimate, estimate
from router.cost.prices import Prices, prices_of
from router.errors import CostTooHigh
from router.operation.model import Operation
from router.settings import CostMode, CostSettings, ShowCost
from schema.supergraph.model import Supergraph

HEADER = "atrium-cost"
Observe = Callable[[str, int], None]
"""Hears `estimated` or `actual`, and the number."""


@dataclass(frozen=True, slots=True)
class Pricing:
    """What one operation costs."""

    estimate: Estimate
    actual: Count


class Costs:
    """Prices operations of the snapshot in use; the one before is remembered for what still runs."""

    def __init__(self, settings: CostSettings, observe: Observe | None = None) -> None:
        self.settings = settings
        self._observe = observe
        self._prices: dict[str, Prices] = {}

    def pricing(self, operation: Operation, supergraph: Supergraph, id: str) -> Pricing:
        """How to price the operation; made beside its validation. `id` is that of the snapshot."""
        prices = self._prices.get(id)
        if prices is None:
            prices = prices_of(supergraph)
            kept = dict(list(self._prices.items())[-1:])
            self._prices = {**kept, id: prices}
        made = estimate(operation, prices, list_size=self.settings.list_size)
        return Pricing(made, actual(operation, prices))

    def charge(self, pricing: Pricing, variables: Variables) -> int:
        """The same as `price`, counted; raises CostTooHigh besides."""
        cost = self.price(pricing, variables)
        self.estimated(cost)
        if not self.is_allowed(cost):
            raise CostTooHigh(estimated=cost, limit=self.settings.max)
        return cost

    def price(self, pricing: Pricing, variables: Variables) -> int:
        """What the request may cost; raises what is wrong with the lengths it asks for."""
        settings = self.settings
        if settings.mode is CostMode.ENFORCE:
            pricing.estimate.check(variables, settings.max_list_size)
        return pricing.estimate.of(variables)

    def is_allowed(self, cost: int) -> bool:
        """Whether anything may cost so much."""
        return cost <= self.settings.max or self.settings.mode is not CostMode.ENFORCE

    def estimated(self, cost: int) -> None:
        """Count what a request may cost."""
        if self._observe is not None:
            self._observe("estimated", cost)

    def is_asked(self, headers: Mapping[str, str]) -> bool:
        """Whether this client wants to know, and may."""
        return self.settings.show is ShowCost.ASKED and HEADER in headers

    def is_told(self, headers: Mapping[str, str]) -> bool:
        """Whether the answer says what it cost."""
        return self.settings.show is ShowCost.ALWAYS or self.is_asked(headers)

    def counted(
        self, pricing: Pricing, estimated: int, data: Any, variables: Variables, headers: Mapping[str, str]
    ) -> Mapping[str, Any] | None:
        """What `extensions.cost` says of an answer, if it is told; counts it if anybody listens."""
        is_told = self.is_told(headers)
        if not is_told and self._observe is None:
            return None
        cost = pricing.actual(data, variables)
        if self._observe is not None:
            self._observe("actual", cost)
        if not is_told:
            return None
        limit = {} if self.settings.mode is CostMode.OFF else {"max": self.settings.max}
        return {"estimated": estimated, "actual": cost, **limit}
