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
    shown = [standing for standing in standings if is_own(standing.limit)]
    if not shown:
        return ()
    tightest = min(shown, key=_room)
    return (
        (b"ratelimit-policy", b", ".join([_policy(standing.limit) for standing in shown])),
        (b"ratelimit", ", ".join([_state(standing) for standing in shown]).encode()),
        (b"ratelimit-limit", b"%d" % tightest.limit.limit),
        (b"ratelimit-remaining", b"%d" % max(tightest.remaining, 0)),
        (b"ratelimit-reset", b"%d" % ceil(tightest.resets_in)),
    )


def is_own(limit: RateLimit) -> bool:
    """It counts by something that belongs to the caller."""
    return any(by is not LimitBy.OPERATION for by in limit.by)


def _room(standing: Standing) -> float:
    return standing.remaining / standing.limit.limit


def _state(standing: Standing) -> str:
    return f'"{standing.limit.name}";r={max(standing.remaining, 0)};t={ceil(standing.resets_in)}'


@lru_cache(maxsize=1_000)
def _policy(limit: RateLimit) -> bytes:
    return f'"{limit.name}";q={limit.limit};w={limit.window}'.encode()
