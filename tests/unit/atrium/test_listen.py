"""Sockets are bound before anything starts; what cannot be bound is named."""

import socket

import pytest

from atrium.listen import CannotListen, listening


def test_a_taken_port_is_named() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        with (
            pytest.raises(CannotListen, match=f"Port {port} on 127.0.0.1 is taken"),
            listening("127.0.0.1", port, 1),
        ):
            pass


@pytest.mark.parametrize("workers", [1, 2])
def test_two_platforms_never_share_a_port(workers: int) -> None:
    with listening("127.0.0.1", 0, workers) as sockets:
        port = sockets[0].getsockname()[1]

        with pytest.raises(CannotListen, match=str(port)), listening("127.0.0.1", port, 2):
            pass


def test_each_worker_gets_a_socket_on_the_same_address() -> None:
    with listening("127.0.0.1", 0, 3) as sockets:
        assert len({one.fileno() for one in sockets}) == 3
        assert len({one.getsockname() for one in sockets}) == 1


def test_an_address_of_another_machine_is_refused() -> None:
    with (
        pytest.raises(CannotListen, match=r"192\.0\.2\.1 is not an address of this machine"),
        listening("192.0.2.1", 0, 1),
    ):
        pass


def test_a_name_that_does_not_exist_is_refused() -> None:
    with (
        pytest.raises(CannotListen, match=r"Cannot listen on no-such-host\.invalid port 0"),
        listening("no-such-host.invalid", 0, 1),
    ):
        pass
