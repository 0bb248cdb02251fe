"""What subgraphs write after the beginning of an answer → increments, in any format that is in use.

The specification's draft names lists by ids that were announced (`pending`, `completed`); the format of 2022
says the path of the first new item each time; its predecessor sends one item as a part of its own.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from router.subgraph_client.answer import is_error, read
from router.subgraph_client.protocol import (
    AnswerPath,
    Beginning,
    Failure,
    Increment,
    Items,
    ListEnd,
    SubgraphResponse,
    SubgraphUnavailable,
)

Payloads = AsyncGenerator[Mapping[str, Any], None]
"""The decoded parts of one answer."""

_BROKEN = "broke off its answer"


async def answer_in(subgraph: str, payloads: Payloads) -> SubgraphResponse:
    """The first part of an answer, a Beginning if it goes on; raises SubgraphUnavailable."""
    first = await anext(payloads, None)
    if first is None:
        raise SubgraphUnavailable(subgraph, Failure.BAD_RESPONSE, _BROKEN)
    response = read(subgraph, dict(first))
    if first.get("hasNext") is not True:
        await payloads.aclose()
        return response
    reader = _Reader(subgraph)
    is_announced = "pending" in first
    reader.announce(first)
    return Beginning(
        data=response.data,
        errors=response.errors,
        extensions=response.extensions,
        is_shared=False,
        open=frozenset(reader.open.values()) if is_announced else None,
        more=_More(reader, payloads),
    )


class _More:
    """The parts behind the first. No generator: one that was never asked could not close what it reads."""

    def __init__(self, reader: "_Reader", payloads: Payloads) -> None:
        self._reader = reader
        self._payloads = payloads
        self._is_over = False

    async def __anext__(self) -> tuple[Increment, ...]:
        """Rest: what the next part brings."""
        while not self._is_over:
            payload = await anext(self._payloads, None)
            if payload is None:
                raise self._reader.malformed(_BROKEN)
            self._is_over = payload.get("hasNext") is False
            increments = tuple(self._reader.read(payload))
            if increments:
                return increments
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """Rest: give up the connection, or the execution."""
        self._is_over = True
        await self._payloads.aclose()


@dataclass(slots=True)
class _Reader:
    """Reads the parts of one answer; `open` are announced lists by id."""

    subgraph: str
    open: dict[str, AnswerPath] = field(default_factory=dict)

    def announce(self, payload: Mapping[str, Any]) -> None:
        """Note what is said to come."""
        for each in _list_of_objects(self, payload, "pending"):
            id, path = each.get("id"), each.get("path")
            if not isinstance(id, str):
                raise self.malformed("announced something without an id")
            self.open[id] = self._path(path)

    def read(self, payload: Mapping[str, Any]) -> Iterator[Increment]:
        """What one part brings."""
        self.announce(payload)
        for each in _list_of_objects(self, payload, "incremental"):
            yield self._increment(each)
        if "incremental" not in payload and "path" in payload:
            yield self._increment(payload)
        for each in _list_of_objects(self, payload, "completed"):
            id = each.get("id")
            path = self.open.pop(id, None) if isinstance(id, str) else None
            if path is None:
                raise self.malformed("completed something that it had not announced")
            yield ListEnd(path=path, errors=self._errors(each))

    def malformed(self, reason: str) -> SubgraphUnavailable:
        """What follows cannot be understood."""
        return SubgraphUnavailable(self.subgraph, Failure.BAD_RESPONSE, reason)

    def _increment(self, written: Mapping[str, Any]) -> Increment:
        errors = self._errors(written)
        id = written.get("id")
        items = written.get("items")
        if isinstance(id, str):
            path = self.open.get(id)
            if path is None or not isinstance(items, list):
                raise self.malformed("sent something that it had not announced")
            return Items(path=path, items=items, errors=errors)
        path = self._path(written.get("path"))
        if not path or not isinstance(path[-1], int):
            raise self.malformed("sent something that is no part of a list")
        if isinstance(items, list):
            return Items(path=path[:-1], items=items, errors=errors)
        if "items" not in written and "data" in written:
            return Items(path=path[:-1], items=[written["data"]], errors=errors)
        return ListEnd(path=path[:-1], errors=errors)

    def _path(self, path: Any) -> AnswerPath:
        if not isinstance(path, list | tuple) or not all(type(step) in (str, int) for step in path):
            raise self.malformed("sent a part that belongs nowhere")
        return tuple(path)

    def _errors(self, written: Mapping[str, Any]) -> tuple[dict[str, Any], ...]:
        errors = written.get("errors") or ()
        if not isinstance(errors, list | tuple) or not all(map(is_error, errors)):
            raise self.malformed("sent errors that are none")
        return tuple(errors)


def _list_of_objects(reader: _Reader, payload: Mapping[str, Any], member: str) -> list[Mapping[str, Any]]:
    found = payload.get(member) or []
    if not isinstance(found, list | tuple) or not all(isinstance(each, Mapping) for each in found):
        raise reader.malformed(f"sent a part with unknown {member}")
    return list(found)


def formatted(initial: Mapping[str, Any], subsequent: AsyncIterator[Any]) -> Payloads:
    """The parts of an answer that a GraphQL library in this process executes item by item.

    `initial` and the `formatted` of what follows are as they would be written.
    """

    async def payloads() -> Payloads:
        try:
            yield initial
            async for each in subsequent:
                yield each.formatted
        finally:
            aclose = getattr(subsequent, "aclose", None)
            if aclose is not None:
                await aclose()

    return payloads()
