"""When an event that nobody seems to handle is handed over again: ever more rarely."""

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

_REMEMBERED = 10_000
_LONGEST = timedelta(days=1)

Key = tuple[str, UUID]


@dataclass(slots=True, kw_only=True)
class Redelivery:
    """Remembers the last hand-overs; what it forgets is handed over once more, which is harmless."""

    first: timedelta
    _waits: OrderedDict[Key, tuple[datetime, timedelta]] = field(default_factory=OrderedDict)

    def is_due(self, key: Key, now: datetime) -> bool:
        """Whether to hand it over now; if so, the next wait is twice as long."""
        due, wait = self._waits.get(key, (now, self.first))
        if now < due:
            return False
        self._waits[key] = (now + wait, min(wait * 2, _LONGEST))
        self._waits.move_to_end(key)
        if len(self._waits) > _REMEMBERED:
            self._waits.popitem(last=False)
        return True
