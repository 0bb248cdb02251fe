"""Who may come from where: networks that are let in or kept out."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from uuid import UUID

from common.limits.rate_limits import LimitRefused

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address


class IpAction(StrEnum):
    """What becomes of requests from a network."""

    ALLOW = "allow"
    DENY = "deny"


@dataclass(frozen=True, slots=True, kw_only=True)
class IpRule:
    """Requests from a network. Of several that contain an address the narrowest decides, of equals a denial.

    What no rule contains is let in, unless there are rules that allow. `key_id`: for this API key alone.
    """

    network: Network
    action: IpAction
    key_id: UUID | None = None


def network_of(text: str) -> Network:
    """A network or a single address, IPv4 inside IPv6 as what it is; raises LimitRefused."""
    try:
        network = ip_network(text.strip(), strict=True)
    except ValueError as cause:
        raise LimitRefused(
            f"A network is written as 192.0.2.0/24 or 2001:db8::/32, with no bits set behind its prefix, "
            f"not {text[:60]!r}."
        ) from cause
    if isinstance(network, IPv6Network) and network.network_address.scope_id:
        raise LimitRefused(f"A network has no zone: {text[:60]!r}.")
    return plain(network)


def plain(network: Network) -> Network:
    """IPv4 inside IPv6 as what it is."""
    if isinstance(network, IPv6Network) and network.prefixlen >= 96:
        mapped = network.network_address.ipv4_mapped
        if mapped is not None:
            return IPv4Network((int(mapped), network.prefixlen - 96))
    return network


def lets_in(rules: Iterable[IpRule], address: Address) -> bool:
    """What the rules, all of them for the same callers, say of an address; `IpRules` says it faster."""
    known = tuple(rules)
    fitting = [rule for rule in known if rule.network.version == address.version and address in rule.network]
    if not fitting:
        return all(rule.action is IpAction.DENY for rule in known)
    narrowest = max(rule.network.prefixlen for rule in fitting)
    return all(rule.action is IpAction.ALLOW for rule in fitting if rule.network.prefixlen == narrowest)


def rules_of(allowed: tuple[Network, ...], denied: tuple[Network, ...]) -> tuple[IpRule, ...]:
    """Rules out of two lists."""
    return (
        *(IpRule(network=plain(network), action=IpAction.ALLOW) for network in allowed),
        *(IpRule(network=plain(network), action=IpAction.DENY) for network in denied),
    )
