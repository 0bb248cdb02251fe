"""IP rules prepared for being asked on every request: a look-up for each length of prefix, never a scan."""

from collections.abc import Iterable
from socket import AF_INET6, inet_aton, inet_pton

from common.limits.ip_rules import IpAction, IpRule, Network

_MAPPED = b"\0" * 10 + b"\xff\xff"
_Table = tuple[tuple[int, dict[int, bool]], ...]
Address = tuple[int, int]
"""How many bits, and their value."""

IPV4, IPV6 = 32, 128


def address_of(text: str | None) -> Address | None:
    """An address as numbers, IPv4 inside IPv6 as what it is; None if it is none."""
    if text is None:
        return None
    try:
        if ":" not in text:
            return (IPV4, int.from_bytes(inet_aton(text))) if text.count(".") == 3 else None
        packed = inet_pton(AF_INET6, text.partition("%")[0])
    except (OSError, ValueError):
        return None
    if packed.startswith(_MAPPED):
        return IPV4, int.from_bytes(packed[12:])
    return IPV6, int.from_bytes(packed)


class IpRules:
    """Rules by network. `is_empty`: there is nothing to ask."""

    __slots__ = ("_default", "_tables", "is_empty")

    def __init__(self, rules: Iterable[IpRule] = ()) -> None:
        known = tuple(rules)
        self.is_empty = not known
        self._default = all(rule.action is IpAction.DENY for rule in known)
        self._tables = {bits: _table(known, bits) for bits in (IPV4, IPV6)}

    def allow(self, address: Address | None) -> bool:
        """Whether requests from there are let in; who comes from nowhere known is let in by no rule."""
        if address is None:
            return self._default
        bits, value = address
        for shift, networks in self._tables[bits]:  # the narrowest first
            found = networks.get(value >> shift)
            if found is not None:
                return found
        return self._default


def _table(rules: Iterable[IpRule], bits: int) -> _Table:
    by_shift: dict[int, dict[int, bool]] = {}
    for rule in rules:
        network: Network = rule.network
        if network.max_prefixlen == bits:
            shift = bits - network.prefixlen
            networks = by_shift.setdefault(shift, {})
            value = int(network.network_address) >> shift
            networks[value] = networks.get(value, True) and rule.action is IpAction.ALLOW
    return tuple(sorted(by_shift.items()))
