"""The event bus without Redis: the same Bus over broadcaster's memory backend."""

from broadcaster import Broadcast

from common.events.bus import Bus


def memory_bus() -> Bus:
    """A bus within this process; `open` it inside the event loop."""
    return Bus(Broadcast("memory://"))
