"""IP rules: the narrowest network decides, whichever way an address is written."""

from ipaddress import IPv4Address, IPv6Address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.limits.ip_rules import Address, IpAction, IpRule, Network, lets_in, network_of
from common.limits.rate_limits import LimitRefused
from router.protection.ip_rules import IpRules, address_of


def rules(*texts: str) -> IpRules:
    """`+10.0.0.0/8` allows, `-10.1.0.0/16` denies."""
    actions = {"+": IpAction.ALLOW, "-": IpAction.DENY}
    return IpRules(IpRule(network=network_of(text[1:]), action=actions[text[0]]) for text in texts)


@pytest.mark.parametrize(
    ("text", "is_allowed"),
    [
        ("10.2.3.4", True),
        ("10.1.2.3", False),
        ("10.1.9.1", True),
        ("10.1.9.66", False),
        ("::ffff:10.1.9.1", True),
        ("::ffff:10.1.9.66", False),
        ("192.0.2.1", False),
        ("2001:db8::1", True),
        ("2001:db8:0:1::1", False),
        ("garbage", False),
        ("10.1", False),
        (None, False),
    ],
)
def test_the_narrowest_network_decides(text: str | None, is_allowed: bool) -> None:
    some = rules(
        "+10.0.0.0/8", "-10.1.0.0/16", "+10.1.9.0/24", "-10.1.9.66", "+2001:db8::/32", "-2001:db8:0:1::/64"
    )

    assert some.allow(address_of(text)) is is_allowed


def test_without_rules_that_allow_everybody_else_is_let_in() -> None:
    some = rules("-192.0.2.0/24")

    assert not some.allow(address_of("192.0.2.7"))
    assert some.allow(address_of("192.0.3.7"))
    assert some.allow(address_of(None))


def test_of_equals_the_denial_counts() -> None:
    assert not rules("+192.0.2.0/24", "-192.0.2.0/24").allow(address_of("192.0.2.1"))
    assert not rules("-192.0.2.0/24", "+192.0.2.0/24").allow(address_of("192.0.2.1"))


def test_ipv4_inside_ipv6_is_ipv4_in_rules_too() -> None:
    assert not rules("-::ffff:192.0.2.0/120").allow(address_of("192.0.2.1"))


@pytest.mark.parametrize("text", ["192.0.2.1/24", "192.0.2.0/33", "", "x", "2001:db8::1%eth0", "10.0/8"])
def test_what_is_no_network_is_refused(text: str) -> None:
    with pytest.raises(LimitRefused, match=r"A network"):
        network_of(text)


ADDRESSES = st.one_of(st.integers(0, 2**12).map(IPv4Address), st.integers(0, 2**12).map(IPv6Address))
NETWORKS = st.builds(
    lambda address, bits: (
        ip_network((int(address) >> bits << bits, address.max_prefixlen - bits))
        if isinstance(address, IPv4Address)
        else ip_network(f"{IPv6Address(int(address) >> bits << bits)}/{128 - bits}")
    ),
    ADDRESSES,
    st.integers(0, 12),
)


@given(st.lists(st.tuples(NETWORKS, st.sampled_from(IpAction)), max_size=12), ADDRESSES)
def test_the_prepared_rules_say_what_a_scan_would(
    drawn: list[tuple[Network, IpAction]], address: Address
) -> None:
    some = [IpRule(network=network, action=action) for network, action in drawn]

    assert IpRules(some).allow(address_of(str(address))) is lets_in(some, address)
