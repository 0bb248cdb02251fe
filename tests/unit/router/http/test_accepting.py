"""New connections are taken in bulk."""

import asyncio
import errno
import socket
from contextlib import ExitStack, suppress
from typing import cast

from router.http.accepting import Accepting


class Greeting(asyncio.Protocol):
    """Says hello to whoever comes."""

    def __init__(self, met: "list[Greeting]") -> None:
        met.append(self)
        self.has_begun = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.has_begun = True
        self.transport = cast("asyncio.Transport", transport)
        self.transport.write(b"hello")


async def turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def until(met: list[Greeting], count: int) -> None:
    async with asyncio.timeout(10):
        while sum(each.has_begun for each in met) != count:
            await asyncio.sleep(0.001)


async def test_all_who_came_meanwhile_are_taken_in_a_few_turns() -> None:
    met: list[Greeting] = []
    with ExitStack() as stack:
        listening = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        accepting = Accepting(listening, lambda: Greeting(met))
        accepting.start(1000)
        clients = [stack.enter_context(socket.create_connection(listening.getsockname())) for _ in range(100)]

        await turns(20)

        assert len(met) == 100
        await until(met, 100)
        for client in clients:
            client.settimeout(10)
            assert client.recv(5) == b"hello"
        accepting.close()
        accepting.close()
        await accepting.wait_closed()
        for each in met:
            each.transport.abort()


async def test_who_comes_when_no_file_can_be_opened_waits_until_one_can() -> None:
    met: list[Greeting] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        accepting = Accepting(listening, lambda: Greeting(met))
        accepting.start(10)
        accepting._pause(OSError(errno.EMFILE, "Too many open files"))
        with socket.create_connection(listening.getsockname()) as client:
            await turns(20)
            assert not met
            assert accepting._retry is not None

            await until(met, 1)
            accepting.close()
            client.settimeout(10)
            assert client.recv(5) == b"hello"
        await turns(5)
        for each in met:
            each.transport.abort()


async def test_nobody_is_taken_after_the_end() -> None:
    met: list[Greeting] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        accepting = Accepting(listening, lambda: Greeting(met))
        accepting.start(10)
        accepting._pause(OSError(errno.EMFILE, "Too many open files"))
        accepting.close()
        with suppress(OSError), socket.create_connection(listening.getsockname()):
            await turns(20)

    assert not met
