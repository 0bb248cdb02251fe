"""Which addresses count as one place."""

import pytest

from subgraphs.auth.service.throttle import network_of


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2ff::1", "2001:db8:1:200::/56"),
        ("2001:db8:1:2ab:9:9:9:9", "2001:db8:1:200::/56"),
        (None, "unknown"),
        ("not an address", "unknown"),
    ],
)
def test_what_one_subscriber_can_change_is_left_out(address: str | None, network: str) -> None:
    assert network_of(address) == network
