"""One HTTP exchange as values, whatever library or protocol carried it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from router.subgraph_client.plain_head import headers_in
from router.subgraph_client.protocol import Failure


@dataclass(slots=True)
class HttpAnswer:
    """A whole answer. `known_headers` have lower-case names; None: they still stand in the `head`."""

    status: int
    body: bytes
    known_headers: Mapping[str, str] | None = None
    set_cookies: tuple[str, ...] = ()
    head: bytes = field(default=b"", repr=False)

    @property
    def headers(self) -> Mapping[str, str]:
        """By lower-case names; hardly anybody asks."""
        if self.known_headers is None:
            self.known_headers = headers_in(self.head)
        return self.known_headers


class NoAnswer(Exception):
    """Nothing usable came back; `reason` names no address."""

    def __init__(self, failure: Failure, reason: str, *, was_reset: bool = False) -> None:
        super().__init__(reason)
        self.failure = failure
        self.reason = reason
        self.was_reset = was_reset
