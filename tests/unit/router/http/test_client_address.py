"""Whose address counts as the client's, whatever somebody writes into `X-Forwarded-For`."""

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.setting_kinds import Networks
from router.http.scope import client_address_of

PROXIES: Networks = (ip_network("10.0.0.0/8"), ip_network("2001:db8:1::/48"))
PROXY, STRANGER = "10.0.0.1", "203.0.113.9"


def seen(
    *lines: str, peer: str | None = PROXY, trusted: Networks = PROXIES, header: str = "x-forwarded-for"
) -> str | None:
    """The client's address for a request with these header lines."""
    headers = [(b"host", b"x"), *((header.encode(), line.encode("latin-1")) for line in lines)]
    client = None if peer is None else (peer, 4711)
    return client_address_of({"client": client, "headers": headers}, trusted, header)


def test_nobody_is_trusted_unless_told() -> None:
    assert seen(STRANGER, trusted=()) == PROXY


def test_a_stranger_may_write_what_they_like() -> None:
    assert seen("198.51.100.1", "10.0.0.2", peer=STRANGER) == STRANGER


@pytest.mark.parametrize(
    ("lines", "address"),
    [
        ((), PROXY),
        ((STRANGER,), STRANGER),
        ((f"{STRANGER}, 10.0.0.7",), STRANGER),
        ((STRANGER, "10.0.0.7, 10.0.0.8"), STRANGER),
        (("2001:db8:2::1,2001:db8:1::5",), "2001:db8:2::1"),
        ((f"::ffff:{STRANGER}, ::ffff:10.0.0.7",), STRANGER),
    ],
)
def test_behind_proxies_it_is_the_last_that_is_none_of_them(lines: tuple[str, ...], address: str) -> None:
    assert seen(*lines) == address


@pytest.mark.parametrize(
    "invented", ["198.51.100.1", "10.0.0.99", "garbage", "", ",,,", "\xff", "127.0.0.1, 10.0.0.2"]
)
def test_what_stands_before_the_stranger_is_theirs_and_never_read(invented: str) -> None:
    assert seen(f"{invented}, {STRANGER}") == STRANGER
    assert seen(invented, f"{STRANGER}, 10.0.0.7") == STRANGER


@pytest.mark.parametrize(
    "malformed", ["unknown", "", "203.0.113.9:http", "[2001:db8::1", "fe80::1%eth0", "203.0.113.09", "1"]
)
def test_an_entry_that_is_no_address_means_the_other_end(malformed: str) -> None:
    assert seen(f"{STRANGER}, {malformed}") == PROXY
    assert seen(f"{STRANGER}, {malformed}, 10.0.0.7") == PROXY


def test_proxies_alone_mean_the_other_end() -> None:
    assert seen("10.0.0.8, 10.0.0.7") == PROXY
    assert seen(STRANGER, trusted=(ip_network("0.0.0.0/0"),)) == PROXY


@pytest.mark.parametrize(
    ("lines", "address"),
    [
        ((f"for={STRANGER}",), STRANGER),
        ((f"For={STRANGER};proto=https;by=10.0.0.7, for=10.0.0.7",), STRANGER),
        (('for=198.51.100.1, proto=https;for="[2001:db8:2::1]:4711"',), "2001:db8:2::1"),
        ((f'for="{STRANGER}:4711"', "for=10.0.0.7"), STRANGER),
        ((f'for="198.51.100.1, for={STRANGER}',), STRANGER),  # a quote that is left open hides nothing
        ((f'for=198.51.100.1;by="x, for={STRANGER};proto=http',), STRANGER),
        (("for=_hidden",), PROXY),
        (("for=unknown, for=10.0.0.7",), PROXY),
        (("proto=https",), PROXY),
    ],
)
def test_proxies_may_write_forwarded_instead(lines: tuple[str, ...], address: str) -> None:
    assert seen(*lines, header="forwarded") == address


def test_the_header_that_our_proxies_do_not_write_is_never_read() -> None:
    headers = [(b"x-forwarded-for", b"198.51.100.1"), (b"forwarded", f"for={STRANGER}".encode())]
    scope = {"client": (PROXY, 4711), "headers": headers}

    assert client_address_of(scope, PROXIES, "forwarded") == STRANGER
    assert client_address_of(scope, PROXIES) == "198.51.100.1"


@pytest.mark.parametrize("entry", [f"{STRANGER}:4711", f" {STRANGER}:1 "])
def test_a_port_is_of_no_interest(entry: str) -> None:
    assert seen(entry) == STRANGER


def test_ipv4_inside_ipv6_is_ipv4() -> None:
    assert seen(peer=f"::ffff:{STRANGER}", trusted=()) == STRANGER
    assert seen(peer="2001:DB8::0:1", trusted=()) == "2001:db8::1"
    assert seen(peer="fe80::1%eth0", trusted=()) == "fe80::1%eth0"


def test_a_trusted_end_is_known_in_its_mapped_form_too() -> None:
    assert seen(STRANGER, peer="::ffff:10.0.0.1") == STRANGER


@pytest.mark.parametrize("peer", [None, ""])
def test_a_connection_without_an_address_has_none(peer: str | None) -> None:
    assert seen(STRANGER, peer=peer) is None


@given(st.lists(st.text(st.characters(max_codepoint=255), max_size=40), max_size=4))
def test_nothing_invented_gets_past_the_proxy(lines: list[str]) -> None:
    assert seen(*lines, STRANGER) == STRANGER
