"""Counters in Redis: one script call takes from all of them or from none; 6.2 commands only.

Whatever is asked while a call is on its way goes out together in the next one, over one connection. When
Redis does not answer in time nobody waits any more: every question fails at once until Redis, which is asked
every now and then beside, answers again.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from hashlib import sha1
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisError

from router.state.counters import Ask, CountersAway, Part
from router.state.sliding import SHARE

log = logging.getLogger(__name__)

TAG = "{atrium:limits}"
"""All keys of one script call have to lie on one node of a cluster."""

MOST_TOGETHER = 200
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0

# KEYS: the counters. ARGV: six numbers each: limit, window, need, want, units given back, and their window.
# Returns five numbers each: units, free, index, milliseconds left of the window, and why it is short: -1 it
# is not, -2 it will always be, else the milliseconds until it may not be. `sliding` has the arithmetic.
SCRIPT = f"""
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local cells, is_short = {{}}, false
for i, key in ipairs(KEYS) do
  local a = (i - 1) * 6
  local limit, window = tonumber(ARGV[a + 1]), tonumber(ARGV[a + 2])
  local need, want = tonumber(ARGV[a + 3]), tonumber(ARGV[a + 4])
  local back, back_in = tonumber(ARGV[a + 5]), tonumber(ARGV[a + 6])
  local known = redis.call('HMGET', key, 'i', 'c', 'p')
  local index, left = math.floor(now / window), window - now % window
  local is_new = not known[1]
  local at, current, previous = tonumber(known[1]) or index, tonumber(known[2]) or 0, tonumber(known[3]) or 0
  if index > at then
    if index == at + 1 then previous = current else previous = 0 end
    current = 0
  elseif index < at then
    index, left = at, window
  end
  if back > 0 then
    if back_in == index then current = math.max(current - back, 0)
    elseif back_in == index - 1 then previous = math.max(previous - back, 0) end
  end
  local free = math.max(math.floor(((limit - current) * window - previous * left) / window), 0)
  local units, short = 0, -1
  if free < need then
    is_short = true
    local room = limit - need
    if room < 0 then short = -2
    elseif current <= room then short = left - math.floor((room - current) * window / previous)
    else short = left + window - math.floor(room * window / current) end
  else
    units = math.min(want, math.max(need, math.floor(free / {SHARE})))
  end
  cells[i] = {{index, current, previous, units, free, left, short, window, is_new, back}}
end
local answer = {{}}
for i, key in ipairs(KEYS) do
  local index, current, previous, units, free, left, short, window, is_new, back = unpack(cells[i])
  if is_short then units = 0 end
  if units > 0 or (back > 0 and not is_new) then
    redis.call('HSET', key, 'i', index, 'c', current + units, 'p', previous)
    redis.call('PEXPIRE', key, window * 2)
  end
  local n = #answer
  answer[n + 1], answer[n + 2], answer[n + 3] = units, free - units, index
  answer[n + 4], answer[n + 5] = left, short
end
return answer
"""
_SHA = sha1(SCRIPT.encode(), usedforsecurity=False).hexdigest()
_LOST = (RedisError, OSError, TimeoutError)

_Asked = tuple[tuple[Any, ...], "asyncio.Future[Sequence[Part]]"]


class RedisCounters:
    """Counters at an address; used from one event loop. `errors` counts the calls that failed, by kind."""

    def __init__(self, url: str, *, seconds: float) -> None:
        self.errors: Counter[str] = Counter()
        self.calls = 0
        self._url = url
        self._seconds = seconds
        self._client: Redis | None = None
        self._asked: list[_Asked] = []
        self._sending: asyncio.Task[None] | None = None
        self._recovering: asyncio.Task[None] | None = None

    @property
    def is_away(self) -> bool:
        """It did not answer, and has not been seen again."""
        return self._recovering is not None

    async def take(self, asks: Sequence[Ask]) -> Sequence[Part]:
        """A part for each. If one is short, nothing was taken of any; raises CountersAway."""
        if self._recovering is not None:
            raise CountersAway("Redis is away")
        future: asyncio.Future[Sequence[Part]] = asyncio.get_running_loop().create_future()
        self._asked.append((_arguments(asks), future))
        if self._sending is None:
            self._sending = asyncio.create_task(self._send())
        return await future

    async def close(self) -> None:
        """End what goes on and close the connection."""
        for task in (self._sending, self._recovering):
            if task is not None:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
        self._fail(self._asked, CountersAway("this process ends"))
        await self._disconnect()

    async def _send(self) -> None:
        """Ask until nobody wants anything."""
        try:
            while self._asked:
                together, self._asked = self._asked[:MOST_TOGETHER], self._asked[MOST_TOGETHER:]
                try:
                    async with asyncio.timeout(self._seconds):
                        answers = await self._called([arguments for arguments, _ in together])
                except _LOST as problem:
                    self._lose(together, problem)
                    return
                except BaseException:
                    self._fail(together, CountersAway("this process ends"))
                    raise
                for (_, future), answer in zip(together, answers, strict=True):
                    if not future.done():
                        future.set_result(answer)
        finally:
            self._sending = None

    async def _called(self, calls: Sequence[tuple[Any, ...]]) -> list[Sequence[Part]]:
        try:
            return await self._pipelined(calls)
        except NoScriptError:  # Redis is new, or was emptied
            await self._connected().script_load(SCRIPT)
            return await self._pipelined(calls)

    async def _pipelined(self, calls: Sequence[tuple[Any, ...]]) -> list[Sequence[Part]]:
        self.calls += 1
        client = self._connected()
        if len(calls) == 1:
            answer = client.execute_command("EVALSHA", _SHA, *calls[0])  # type: ignore[no-untyped-call]
            return [_parts(await answer)]
        pipeline = client.pipeline(transaction=False)
        for call in calls:
            pipeline.execute_command("EVALSHA", _SHA, *call)
        # The script runs for all of them or, when it is not loaded, for none: so they may be sent once more.
        return [_parts(answer) for answer in await pipeline.execute()]

    def _connected(self) -> Redis:
        if self._client is None:
            self._client = Redis.from_url(
                self._url,
                socket_timeout=None,  # the calls have their own time
                socket_connect_timeout=self._seconds,
                retry=Retry(NoBackoff(), 0),
                single_connection_client=True,
            )
        return self._client

    def _lose(self, together: list[_Asked], problem: BaseException) -> None:
        self.errors[type(problem).__name__] += 1
        log.warning(
            "rate limits cannot be counted, Redis is away: %s", str(problem) or type(problem).__name__
        )
        asked, self._asked = [*together, *self._asked], []
        self._recovering = asyncio.create_task(self._recover())
        self._fail(asked, CountersAway("Redis is away"))

    def _fail(self, asked: list[_Asked], problem: CountersAway) -> None:
        for _, future in asked:
            if not future.done():
                future.set_exception(problem)

    async def _recover(self) -> None:
        pause = FIRST_PAUSE
        while True:
            await self._disconnect()
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
            try:
                async with asyncio.timeout(max(self._seconds, 1.0)):
                    await self._connected().script_load(SCRIPT)
            except _LOST as problem:
                self.errors[type(problem).__name__] += 1
                continue
            log.info("rate limits are counted again, Redis is back")
            self._recovering = None
            return

    async def _disconnect(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            with suppress(*_LOST):
                async with asyncio.timeout(self._seconds):
                    await client.aclose()


def _arguments(asks: Sequence[Ask]) -> tuple[Any, ...]:
    numbers = [
        number
        for ask in asks
        for number in (ask.limit, ask.window, ask.need, ask.want, ask.given_back, ask.given_back_in)
    ]
    return (len(asks), *(TAG + ask.key for ask in asks), *numbers)


def _parts(answer: Sequence[int]) -> Sequence[Part]:
    return [
        Part(
            units=answer[at],
            free=answer[at + 1],
            index=answer[at + 2],
            ends_in=answer[at + 3],
            is_short=answer[at + 4] != -1,
            retry_in=None if answer[at + 4] < 0 else answer[at + 4],
        )
        for at in range(0, len(answer), 5)
    ]
