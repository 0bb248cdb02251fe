"""Guessing passwords gets slow: for one account from one network, and for one network at all.

An account is never locked for everybody: whoever fails too often is shut out with the network they come
from, the owner signs in from elsewhere as before. Unknown addresses are counted like known ones.
"""

from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv6Address, ip_address, ip_network

from common.db.session import UnitOfWork
from subgraphs.auth.keys.keyring import hmac_sha256
from subgraphs.auth.repository.throttle import ThrottleRepository
from subgraphs.auth.service.parts import AuthParts

_V4_NETWORK = 24
_V6_NETWORK = 56


@dataclass(frozen=True, slots=True, kw_only=True)
class Buckets:
    """What an attempt is counted under; hashes, so that the table names nobody."""

    account: bytes
    network: bytes


def buckets_of(parts: AuthParts, target: str, address: str | None) -> Buckets:
    """Where attempts at this target (a folded e-mail address or a person's id) from this address count."""
    pepper = parts.keyring.current.throttle_pepper
    network = network_of(address).encode()
    return Buckets(
        account=hmac_sha256(pepper, b"account", target.encode("utf-8", "surrogatepass"), network),
        network=hmac_sha256(pepper, b"network", network),
    )


async def wait_for(parts: AuthParts, work: UnitOfWork, buckets: Buckets) -> timedelta | None:
    """Count an attempt; how long to wait if there were too many, None to go on."""
    now, settings = parts.clock.now(), parts.settings
    throttle = ThrottleRepository(work.session)
    # Always in this order, network first: parallel attempts wait for each other, never in a circle.
    network = await throttle.attempted(buckets.network, now, settings.throttle_window)
    account = await throttle.attempted(buckets.account, now, settings.throttle_window)
    waits = [
        attempts.window_ends_at - now
        for attempts, limit in (
            (network, settings.throttle_per_network),
            (account, settings.throttle_per_account),
        )
        if attempts.count > limit
    ]
    return max(waits, default=None)


async def forget(work: UnitOfWork, buckets: Buckets) -> None:
    """The password was right: the attempt does not count, nor do the account's failures before it.

    Call it with the person's password row held, never the other way round: sign-ins and changes of one
    person meet in both places.
    """
    await ThrottleRepository(work.session).succeeded(buckets.account, buckets.network)


def network_of(address: str | None) -> str:
    """The network an address belongs to: what one subscriber can easily change is left out.

    "203.0.113.77" becomes "203.0.113.0/24"
    """
    try:
        ip = ip_address(address or "")
    except ValueError:
        return "unknown"
    if isinstance(ip, IPv6Address):
        if ip.ipv4_mapped is None:
            return str(ip_network((int(ip), _V6_NETWORK), strict=False))
        ip = ip.ipv4_mapped
    return str(ip_network((int(ip), _V4_NETWORK), strict=False))
