"""One HTTP request as it came in and one answer as it goes out, free of any server's types."""

from collections.abc import Mapping
from dataclasses import field

from common.limits.standing import Standing
from common.values import value
from router.wire.incremental import PartsFormat

HeaderList = tuple[tuple[bytes, bytes], ...]


@value
class Incoming:
    """An HTTP request, body read. `headers` have lower-case names, repeated ones joined.

    `payload`: the body decoded, where that was done already. `standings`: how the limits stand that it was
    counted by, under their names; filled on the way.
    """

    method: str
    headers: Mapping[str, str]
    request_id: str
    query_string: bytes = b""
    body: bytes = b""
    payload: object = None
    client_address: str | None = None
    standings: dict[str, Standing] = field(default_factory=dict)


@value
class SocketFrame:
    """One `subscribe` message; `headers`: of the upgrade, without cookies, and of `connection_init`.

    `parts`: how an answer in parts is written.
    """

    payload: Mapping[str, object]
    headers: Mapping[str, str]
    request_id: str
    client_address: str | None = None
    standings: dict[str, Standing] = field(default_factory=dict)
    parts: PartsFormat = PartsFormat.CURRENT


@value
class Outgoing:
    """An answer, ready for the socket."""

    status: int
    body: bytes
    headers: HeaderList = field(default=())
