"""Listening sockets, one for each worker process, bound by the parent before anything else starts."""

import contextlib
import errno
import os
import socket
from collections.abc import Iterator

from atrium.failure import Failed

_BACKLOG = 2048


class CannotListen(Failed):
    """The address cannot be used; the message names it."""


@contextlib.contextmanager
def listening(host: str, port: int, workers: int) -> Iterator[tuple[socket.socket, ...]]:
    """One listening socket a worker, all on the same address; port 0 picks a free one.

    The kernel spreads new connections over them evenly (SO_REUSEPORT). A worker that is started again gets
    the socket of the one that crashed: who has connected in between waits instead of being refused.
    """
    with contextlib.ExitStack() as closing:
        try:
            family, address = _resolve(host, port)
            # Alone first: with SO_REUSEPORT a second platform of this user would share the port unseen.
            first = closing.enter_context(_bound(family, address, shared=False))
            address = first.getsockname()
            if workers == 1:
                sockets = [first]
            else:
                first.close()
                sockets = [
                    closing.enter_context(_bound(family, address, shared=True)) for _ in range(workers)
                ]
            for one in sockets:
                one.listen(_BACKLOG)
        except OSError as problem:
            raise CannotListen(_sentence(host, port, problem)) from problem
        yield tuple(sockets)


def address_of(one: socket.socket) -> str:
    """Where a person on this machine reaches the socket."""
    host, port = one.getsockname()[:2]
    if host in {"0.0.0.0", "::"}:  # noqa: S104  shown, not bound
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _resolve(host: str, port: int) -> tuple[socket.AddressFamily, tuple[object, ...]]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, _, _, _, address = found[0]
    return family, address


def _bound(family: socket.AddressFamily, address: tuple[object, ...], *, shared: bool) -> socket.socket:
    one = socket.socket(family, socket.SOCK_STREAM)
    try:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        one.bind(address)
    except BaseException:
        one.close()
        raise
    return one


def _sentence(host: str, port: int, problem: OSError) -> str:
    match problem.errno:
        case errno.EADDRINUSE:
            return f"Port {port} on {host} is taken by another program; choose one with --port."
        case errno.EACCES:
            return f"Port {port} on {host} needs more rights than this user has; choose one above 1023."
        case errno.EADDRNOTAVAIL:
            return f"{host} is not an address of this machine."
        case code:
            reason = os.strerror(code) if code and code > 0 else problem.strerror or str(problem)
            return f"Cannot listen on {host} port {port}: {reason}."
