"""How many responses follow each other in one HTTP answer: what is common to every such format."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Framing:
    """Bytes around responses, each of which is JSON already.

    `opened` begins the answer, `heartbeat` (if any) shows that it lives on, `event` frames one response,
    whose source can go on behind the id that comes with it, if any.
    It ends with `completed`; with `failed` around the JSON list of the errors that end it; or, when only this
    server has to end and the client may ask again elsewhere, with `interrupted`, which gets such a list as
    well. `whole` is an answer of one response.
    """

    content_type: bytes
    opened: bytes
    heartbeat: bytes
    event: Callable[[bytes, str | None], bytes]
    completed: bytes
    failed: Callable[[bytes], bytes]
    interrupted: Callable[[bytes], bytes]
    whole: Callable[[bytes], bytes]
