"""New items of lists with the objects around them, and nothing else: what fetches for these items work on."""

from collections.abc import Sequence
from typing import Any

from router.plan.result import FetchError

Json = Any
Place = tuple[str | int, ...]


class Spine:
    """A thin copy of a tree. Lists in it hold only what leads to the items, so their indexes are its own."""

    def __init__(self, tree: dict[str, Json]) -> None:
        self._tree = tree
        self.data: dict[str, Json] = dict(tree)
        self._copies: dict[Place, Json] = {(): self.data}
        self._indexes: dict[Place, list[int]] = {}
        self._known: dict[Place, int] = {}

    def put(self, place: Place, items: Sequence[Json], start: int) -> None:
        """Add the items that will stand in the list at `place` from index `start` on."""
        real: Json = self._tree
        own: Json = self.data
        at: Place = ()
        for length, step in enumerate(place):
            real = real[step]
            key = step if isinstance(step, str) else self._index(place[: length + 1], at, own, step)
            at = (*at, key)
            known = self._copies.get(at)
            if known is None:
                known = self._copies[at] = [] if isinstance(real, list) else dict(real)
                own[key] = known
            own = known
        self._indexes.setdefault(at, []).extend(range(start, start + len(items)))
        own.extend(items)

    def _index(self, real_place: Place, at: Place, own: list[Json], step: int) -> int:
        """Where in a list of this copy the item stands that the tree has at `step`."""
        index = self._known.get(real_place)
        if index is None:
            index = self._known[real_place] = len(own)
            own.append(None)
            self._indexes.setdefault(at, []).append(step)
        return index

    def located(self, error: FetchError) -> FetchError:
        """An error about this copy, told about the tree."""
        if error.path is None:
            return error
        path: list[str | int] = []
        for length, step in enumerate(error.path):
            indexes = self._indexes.get(error.path[:length])
            if indexes is not None and isinstance(step, int) and 0 <= step < len(indexes):
                path.append(indexes[step])
            else:
                path.append(step)
        return FetchError(message=error.message, path=tuple(path), extensions=error.extensions)
