"""What each client holds at a time."""

from uuid import uuid4

import pytest

from common.access.principal import ANONYMOUS, Principal, PrincipalKind
from router.errors import TooManyConnections, TooManyOperations
from router.http.holdings import Holdings, holder
from router.settings import ClientSettings

SETTINGS = ClientSettings(
    max_connections_per_address=2,
    max_connections_per_caller=1,
    max_operations_per_address=2,
    max_operations_per_caller=1,
)


def test_each_address_may_hold_so_many_connections() -> None:
    held = Holdings(SETTINGS).from_address
    for address in ("10.0.0.1", "10.0.0.1", "10.0.0.2"):
        held.take(address)

    with pytest.raises(TooManyConnections, match="from this address than the limit of 2"):
        held.take("10.0.0.1")
    held.give_back("10.0.0.1")
    held.take("10.0.0.1")


def test_who_holds_nothing_is_not_remembered() -> None:
    held = Holdings(SETTINGS).of_caller
    held.take("a")
    with pytest.raises(TooManyConnections):
        held.take("a")
    held.give_back("a")

    assert len(held) == 0


def test_operations_are_counted_by_caller_and_by_address() -> None:
    held = Holdings(SETTINGS)
    held.begin_operation("10.0.0.1", "a")
    with pytest.raises(TooManyOperations, match="for this caller than the limit of 1"):
        held.begin_operation("10.0.0.2", "a")
    held.begin_operation("10.0.0.1", "b")
    with pytest.raises(TooManyOperations, match="from this address than the limit of 2"):
        held.begin_operation("10.0.0.1", "c")
    held.begin_operation("10.0.0.3", "c")
    held.end_operation("10.0.0.1", "a")
    held.begin_operation("10.0.0.1", "a")


def test_nobody_may_hold_any_number() -> None:
    held = Holdings(SETTINGS).of_caller
    for _ in range(3):
        held.take(holder(ANONYMOUS))
    held.give_back(holder(ANONYMOUS))

    assert len(held) == 0


def test_a_network_of_ipv6_is_one_origin() -> None:
    holdings = Holdings(SETTINGS)
    here = {holdings.origin(f"2001:db8::{number:x}") for number in range(1, 9)}

    assert len(here) == 1
    assert holdings.origin("2001:db8:0:1::1") not in here
    assert holdings.origin("10.0.0.1") == "10.0.0.1"
    assert holdings.origin("not an address:") == "not an address:"
    assert holdings.origin(None) is None


def test_a_person_is_one_holder_in_all_sessions_and_every_key_is_its_own() -> None:
    person, application = uuid4(), uuid4()
    sessions = [Principal(kind=PrincipalKind.USER, id=person, session_id=uuid4()) for _ in range(2)]
    keys = [Principal(kind=PrincipalKind.APPLICATION, id=application, key_id=uuid4()) for _ in range(2)]

    assert holder(sessions[0]) == holder(sessions[1])
    assert holder(keys[0]) != holder(keys[1])
