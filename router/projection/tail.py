"""The items at the end of a list, found under the indexes that they have there."""

from typing import Any, SupportsIndex

Json = Any


class Tail(list[Json]):
    """As the whole list, with nulls for the items before `start`; made without them."""

    def __init__(self, items: list[Json], start: int) -> None:
        super().__init__(items)
        self._start = start

    def __len__(self) -> int:
        """Of the whole list."""
        return self._start + super().__len__()

    def __getitem__(self, index: SupportsIndex | slice) -> Json:
        """The item under an index of the whole list, which is not negative."""
        assert isinstance(index, int)
        return None if index < self._start else super().__getitem__(index - self._start)
