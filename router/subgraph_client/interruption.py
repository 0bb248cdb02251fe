"""How somebody else ends a wait for the next event."""

from collections.abc import Callable


class Interrupted(Exception):
    """The wait was ended from outside; the source is fine."""


class Interruption:
    """Told once; whoever waits has said how to wake them."""

    __slots__ = ("_is_told", "_wake")

    def __init__(self) -> None:
        self._wake: Callable[[], None] | None = None
        self._is_told = False

    def interrupt(self) -> None:
        """End the wait, or the next one if nobody waits yet."""
        self._is_told = True
        if self._wake is not None:
            self._wake()

    def wakes(self, wake: Callable[[], None] | None) -> None:
        """Call this when told, at once if that has happened; None: nobody waits any more."""
        self._wake = wake
        if self._is_told and wake is not None:
            wake()
