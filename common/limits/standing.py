"""How a limit stands for whoever was counted."""

from typing import NamedTuple

from common.limits.rate_limits import RateLimit


class Standing(NamedTuple):
    """`remaining` units as far as this process knows; `resets_in` seconds all counts are new."""

    limit: RateLimit
    remaining: int
    resets_in: float
