"""One HTTP exchange as values, whatever library or protocol carried it."""

from collections.abc import Mapping
from dataclasses import dataclass

from router.subgraph_client.protocol import Failure


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpAnswer:
    """A whole answer. `headers` have lower-case names."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    set_cookies: tuple[str, ...] = ()


class NoAnswer(Exception):
    """Nothing usable came back; `reason` names no address."""

    def __init__(self, failure: Failure, reason: str, *, was_reset: bool = False) -> None:
        super().__init__(reason)
        self.failure = failure
        self.reason = reason
        self.was_reset = was_reset
