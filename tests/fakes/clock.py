"""A clock whose hands a test turns."""

from datetime import UTC, datetime, timedelta


class FakeClock:
    """Stands still until told to advance."""

    def __init__(self, now: datetime = datetime(2030, 1, 1, 12, tzinfo=UTC)) -> None:
        self._now = now

    def now(self) -> datetime:
        """The moment the hands show."""
        return self._now

    def advance(self, by: timedelta) -> None:
        """Turn the hands."""
        self._now += by
