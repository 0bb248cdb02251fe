"""How long a list may get: what its slicing arguments say, else what is assumed of it."""

from collections.abc import Iterator
from dataclasses import dataclass

from router.cost.amount import Amount, Variables
from router.cost.arguments import Given, Length, length_in
from router.cost.prices import FieldPrice, ListSize
from router.errors import MaxListSizeExceeded, SlicingArgumentRequired


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """What one field of an operation says of its length; `at` names it for people."""

    at: str
    size: ListSize
    found: tuple[tuple[str, int | Length], ...]

    def given(self, variables: Variables) -> list[int]:
        """The lengths that are given in this request."""
        lengths = (each if isinstance(each, int) else each.of(variables) for _, each in self.found)
        return [length for length in lengths if length is not None]

    def check(self, variables: Variables, max_list_size: int) -> None:
        """Raise what is wrong with the lengths, if anything is."""
        given = self.given(variables)
        if self.size.needs_one and len(given) != 1:
            names = [".".join(path) for path in self.size.slicing]
            raise SlicingArgumentRequired(self.at, names, len(given))
        longest = max(given, default=0)
        if longest > max_list_size:
            raise MaxListSizeExceeded(limit=max_list_size, actual=longest, at=self.at)


def slice_of(at: str, price: FieldPrice, given: Given) -> Slice | None:
    """The field's slice; None if no argument says how much is wanted."""
    size = price.list_size
    if size is None or not size.slicing:
        return None
    found = ((".".join(path), length_in(given, path)) for path in size.slicing)
    known = tuple((name, length) for name, length in found if length is not None)
    return Slice(at=at, size=size, found=known or tuple(_defaults(price, size)))


def _defaults(price: FieldPrice, size: ListSize) -> Iterator[tuple[str, int]]:
    """What holds where no argument is given."""
    for path in size.slicing:
        known = price.arguments.get(path[0])
        if len(path) == 1 and known is not None and known.default is not None:
            yield path[0], known.default


def length_of(size: ListSize | None, slice: Slice | None) -> Amount | None:
    """How long it gets; None if nothing says it."""
    if size is None:
        return None
    if slice is None or not slice.found:
        return size.assumed
    fixed = [length for _, length in slice.found if isinstance(length, int)]
    if len(fixed) == len(slice.found):
        return max(fixed)
    return None if size.assumed is None else _or(slice, size.assumed)


def _or(slice: Slice, assumed: int) -> Amount:
    return lambda variables: max(slice.given(variables), default=assumed)
