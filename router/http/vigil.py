"""Watches over the credentials behind an open connection: they may expire, be revoked, or lose their trust.

Revocations are told by events. Events can be lost, so that API keys are asked about again now and then.
"""

import asyncio
from collections.abc import Callable, Mapping
from time import time

from router.access.identity import Caller, Door
from router.errors import ClientError, CredentialsUnchecked, Forbidden, TokenExpired
from router.http.wheel import Wheel

RECHECK_SECONDS = 60.0
CREDENTIAL_HEADERS = ("authorization", "x-api-key")


class Vigils:
    """All of one process."""

    def __init__(self, door: Door, seconds: float = RECHECK_SECONDS) -> None:
        self._door = door
        self._wheel = Wheel(seconds)

    def keep(
        self, caller: Caller, headers: Mapping[str, str], ended: Callable[[ClientError], None]
    ) -> "Vigil":
        """Call `ended`, once, with TokenExpired or Forbidden."""
        return Vigil(self._door, self._wheel, caller, headers, ended)


class Vigil:
    """Over one connection, until `stop`."""

    __slots__ = ("_asking", "_door", "_ended", "_forget", "_headers", "_spoke", "_timer", "_wheel")

    def __init__(
        self,
        door: Door,
        wheel: Wheel,
        caller: Caller,
        headers: Mapping[str, str],
        ended: Callable[[ClientError], None],
    ) -> None:
        self._door = door
        self._wheel = wheel
        self._ended = ended
        self._timer: asyncio.TimerHandle | None = None
        self._asking: asyncio.Task[None] | None = None
        self._spoke: int | None = None
        self._headers = {name: headers[name] for name in CREDENTIAL_HEADERS if name in headers}
        self._forget = door.revocations.watch(caller.principal, self._revoked)
        if caller.expires_at is not None:
            left = max(caller.expires_at - time(), 0.0)
            self._timer = asyncio.get_running_loop().call_later(left, self._expired)
        if caller.principal.key_id is not None:
            self._spoke = wheel.add(self._ask)

    def stop(self) -> None:
        """The connection ends anyway."""
        self._forget()
        if self._timer is not None:
            self._timer.cancel()
        if self._spoke is not None:
            self._wheel.remove(self._spoke, self._ask)
            self._spoke = None
        if self._asking is not None and self._asking is not asyncio.current_task():
            self._asking.cancel()

    def _expired(self) -> None:
        self._ended(TokenExpired("The access token has expired."))

    def _revoked(self) -> None:
        self._ended(Forbidden("The session has ended or the API key was revoked."))

    def _ask(self) -> None:
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask_again())

    async def _ask_again(self) -> None:
        try:
            await self._door.identify(self._headers)
        except CredentialsUnchecked:
            pass  # nobody can say now; the next turn asks again
        except ClientError:
            self._revoked()
