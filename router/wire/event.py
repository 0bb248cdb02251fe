"""One response of many: encoded once, however many clients get it."""

from typing import Any

from router.wire.encode import encode


class Event:
    """A response, and where its source can go on behind it: `id`, if it can."""

    __slots__ = ("_json", "id", "response")

    def __init__(self, response: dict[str, Any], id: str | None = None) -> None:
        self.response = response
        self.id = id
        self._json: bytes | None = None

    @property
    def json(self) -> bytes:
        """The response as it goes over the wire."""
        if self._json is None:
            self._json = encode(self.response)
        return self._json
