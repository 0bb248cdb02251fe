"""The log of published events: each has a position, in the order of commits; replay reads from one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from common.events.envelope import Envelope

# Wake-ups on this channel carry a `Wake`; they may be lost, the log is what counts.
WAKE_CHANNEL = "atrium:events"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedEvent:
    """A published event and where it stands in the log."""

    position: int
    envelope: Envelope


class EventLog(Protocol):
    """Reads the log as one organisation may see it."""

    async def last_position(self, organisation_id: UUID) -> int:
        """Where the organisation's events end at the moment; 0 before the first."""
        ...

    async def read(
        self, organisation_id: UUID, topics: Sequence[str], after: int, limit: int
    ) -> Sequence[LoggedEvent]:
        """The organisation's next events of these topics behind a position, oldest first."""
        ...
