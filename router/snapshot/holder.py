"""The snapshot in use; a request keeps the one it began with."""

from collections.abc import Callable

from router.errors import NotReady
from router.snapshot.build import Snapshot


class SnapshotHolder:
    """One reference, swapped whole: no lock, no half-new schema in a running request."""

    __slots__ = ("_current", "_told")

    def __init__(self, snapshot: Snapshot | None = None) -> None:
        self._current = snapshot
        self._told: list[Callable[[], None]] = []

    @property
    def is_loaded(self) -> bool:
        """There is a supergraph."""
        return self._current is not None

    @property
    def current(self) -> Snapshot:
        """The snapshot for a request that begins now; raises NotReady."""
        if self._current is None:
            raise NotReady("No supergraph is loaded yet.")
        return self._current

    def is_current(self, snapshot: Snapshot) -> bool:
        """It is the one in use."""
        return self._current is snapshot

    def swap(self, snapshot: Snapshot) -> None:
        """Use this one from now on."""
        self._current = snapshot
        for told in self._told:
            told()

    def on_swap(self, told: Callable[[], None]) -> None:
        """Call this whenever another snapshot came into use."""
        self._told.append(told)
