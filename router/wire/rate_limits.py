"""How limits stand, as headers: those of the IETF's draft, and the three that were common before."""

from collections.abc import Iterable
from functools import lru_cache
from math import ceil

from common.limits.rate_limits import LimitBy, RateLimit
from common.limits.standing import Standing
from router.wire.exchange import HeaderList


def rate_limit_headers(standings: Iterable[Standing]) -> HeaderList:
    """RateLimit-Policy, RateLimit (draft-ietf-httpapi-ratelimit-headers-10), and of the tightest the three.

    `RateLimit-Policy: "per-user";q=100;w=60` and `RateLimit: "per-user";r=98;t=12`. What all callers are
    counted by together is not shown: it would tell what others do.
    """
    policies: list[bytes] = []
    states: list[bytes] = []
    least, tightest = 2.0, (0, 0, 0)
    for limit, left, resets_in in standings:  # on the way of every request: plain on purpose
        if not is_own(limit):
            continue
        remaining, seconds = max(left, 0), ceil(resets_in)
        policies.append(_policy(limit.name, limit.limit, limit.window))
        states.append(b'"%b";r=%d;t=%d' % (limit.name.encode(), remaining, seconds))
        room = remaining / limit.limit
        if room < least:
            least, tightest = room, (limit.limit, remaining, seconds)
    if not states:
        return ()
    return (
        (b"ratelimit-policy", b", ".join(policies)),
        (b"ratelimit", b", ".join(states)),
        (b"ratelimit-limit", b"%d" % tightest[0]),
        (b"ratelimit-remaining", b"%d" % tightest[1]),
        (b"ratelimit-reset", b"%d" % tightest[2]),
    )


def is_own(limit: RateLimit) -> bool:
    """It counts by something that belongs to the caller."""
    by = limit.by
    return bool(by) and (len(by) > 1 or by[0] is not LimitBy.OPERATION)


@lru_cache(maxsize=1_000)
def _policy(name: str, limit: int, window: int) -> bytes:
    return f'"{name}";q={limit};w={window}'.encode()
