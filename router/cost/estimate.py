"""Operation → what it costs at most: one function of its variables, made once.

The price of a field is (its own weight + what is selected of it) × how many values it has, + its arguments.
Of fragments on different types only the dearest counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from router.cost.amount import Amount, Dynamic, Variables, evaluate, largest, times, total
from router.cost.arguments import given_to, price_of_arguments
from router.cost.lists import Slice, length_of, slice_of
from router.cost.prices import BASE, FieldPrice, Prices
from router.operation.model import Conditions, Field, InlineFragment, Operation, SelectionSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What an operation may cost, and the lengths of lists that its variables say."""

    amount: Amount
    slices: tuple[Slice, ...] = ()

    def of(self, variables: Variables) -> int:
        """The estimate for one request."""
        return evaluate(self.amount, variables)

    def check(self, variables: Variables, max_list_size: int) -> None:
        """Raise what is wrong with the lengths of lists that are asked for."""
        for each in self.slices:
            each.check(variables, max_list_size)


def estimate(operation: Operation, prices: Prices, *, list_size: int) -> Estimate:
    """The estimate of an operation; lists of which nothing is said are `list_size` long."""
    counting = _Counting(prices, list_size)
    amount = total([BASE[operation.kind], counting.selected(operation.selections, {})])
    return Estimate(amount=amount, slices=tuple(counting.slices))


@dataclass(slots=True)
class _Counting:
    """Adds up one operation."""

    prices: Prices
    list_size: int
    slices: list[Slice] = field(default_factory=list)

    def selected(self, selections: SelectionSet, lengths: Mapping[str, Amount]) -> Amount:
        """What one value of the parent costs; `lengths` are those of fields that the parent speaks of."""
        always: list[Amount] = []
        fragments: list[tuple[InlineFragment, Amount]] = []
        for item in selections:
            if isinstance(item, Field):
                always.append(_if(item.conditions, self.priced(selections.parent_type, item, lengths)))
            else:
                below = _if(item.conditions, self.selected(item.selections, lengths))
                fragments.append((item, below))
        return total([*always, self._dearest(selections.parent_type, fragments)])

    def priced(self, parent: str, item: Field, lengths: Mapping[str, Amount]) -> Amount:
        """What one field costs; what the router answers itself costs nothing."""
        at = f"{parent}.{item.name}"
        price = self.prices.fields.get(at)
        if price is None:
            return 0
        given = given_to(item) if item.arguments else {}
        slice = slice_of(at, price, given)
        if slice is not None:
            self.slices.append(slice)
        length = self._length(price, slice)
        below: Amount = 0
        if item.selections is not None:
            below = self.selected(item.selections, self._sized(price, length))
        count = self._count(price, length, lengths.get(item.name))
        arguments = price_of_arguments(given, price.arguments, self.prices) if given else 0
        return total([times(count, total([price.weight, below])), arguments])

    def _length(self, price: FieldPrice, slice: Slice | None) -> Amount | None:
        size = price.list_size
        if size is not None and size.assumed is None and slice is not None:
            size = replace(size, assumed=self.list_size)
        return length_of(size, slice)

    def _sized(self, price: FieldPrice, length: Amount | None) -> Mapping[str, Amount]:
        if price.list_size is None or length is None:
            return {}
        return dict.fromkeys(price.list_size.sized, length)

    def _count(self, price: FieldPrice, length: Amount | None, told: Amount | None) -> Amount:
        """How many values there are at most; of lists in lists, only the outer length can be told."""
        if price.list_depth == 0:
            return 1
        if told is not None:
            own: Amount = told
        elif length is not None and not (price.list_size and price.list_size.sized):
            own = length
        else:
            own = self.list_size
        return times(own, self.list_size ** (price.list_depth - 1))

    def _dearest(self, parent: str, fragments: list[tuple[InlineFragment, Amount]]) -> Amount:
        if not fragments:
            return 0
        possible = self.prices.possible
        here, applying = frozenset(possible.get(parent, ())), dict[str, list[int]]()
        for index, (each, _) in enumerate(fragments):
            for name in possible.get(each.type_condition, ()):
                if name in here:
                    applying.setdefault(name, []).append(index)
        return largest(
            total(fragments[index][1] for index in indices) for indices in set(map(tuple, applying.values()))
        )


def _if(conditions: Conditions, amount: Amount) -> Amount:
    """The amount as far as conditions let it take part."""
    if not conditions or amount == 0:
        return amount

    def taking_part(variables: Variables) -> int:
        for each in conditions:
            if (variables.get(each.variable) is True) is not each.wanted:
                return 0
        return evaluate(amount, variables)

    counted: Dynamic = taking_part
    return counted
