"""A bounded memory of what was used last."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

LARGEST_SHARE = 10
"""A value that would fill more than a tenth of the memory is not kept."""


class Recent(Generic[Key, Value]):
    """Keeps at most `size` values of `capacity` weight together; the one unused for longest goes first.

    Counting alone is not enough where strangers decide how large a value is.
    """

    __slots__ = ("_capacity", "_size", "_values", "_weight")

    def __init__(self, size: int, capacity: int | None = None) -> None:
        self._size = size
        self._capacity = capacity
        self._weight = 0
        self._values: OrderedDict[Key, tuple[Value, int]] = OrderedDict()

    def get(self, key: Key) -> Value | None:
        """The value, now the most recently used."""
        found = self._values.get(key)
        if found is None:
            return None
        self._values.move_to_end(key)
        return found[0]

    def put(self, key: Key, value: Value, weight: int = 1) -> None:
        """Remember it, forgetting the oldest if need be."""
        self.drop(key)
        if self._capacity is not None and weight * LARGEST_SHARE > self._capacity:
            return
        self._values[key] = (value, weight)
        self._weight += weight
        while len(self._values) > self._size or self._is_too_heavy():
            _, (_, forgotten) = self._values.popitem(last=False)
            self._weight -= forgotten

    def drop(self, key: Key) -> None:
        """Forget it, if it is known."""
        found = self._values.pop(key, None)
        if found is not None:
            self._weight -= found[1]

    def clear(self) -> None:
        """Forget everything."""
        self._values.clear()
        self._weight = 0

    @property
    def weight(self) -> int:
        """Of all values together."""
        return self._weight

    def __len__(self) -> int:
        return len(self._values)

    def _is_too_heavy(self) -> bool:
        return self._capacity is not None and self._weight > self._capacity
