"""Subgraphs that fail in every way there is, decided by a seed so that a failure can be repeated."""

from collections.abc import AsyncIterator, Sequence
from copy import deepcopy
from hashlib import blake2b
from typing import Any

from graphql import GraphQLSchema, is_object_type

from router.subgraph_client.protocol import (
    Failure,
    SubgraphClient,
    SubgraphRequest,
    SubgraphResponse,
    SubgraphUnavailable,
)

GARBAGE: tuple[Any, ...] = (
    None,
    True,
    7,
    -1.5,
    "x",
    [],
    {},
    [[]],
    [None],
    {"__typename": "Ghost"},
    {"id": []},
)


def field_names(schema: GraphQLSchema) -> frozenset[str]:
    """Every name of a field of an object of the schema."""
    objects = (each for each in schema.type_map.values() if is_object_type(each) and each.name[0] != "_")
    return frozenset(name for each in objects for name in each.fields)


class FaultySubgraph:
    """A subgraph in front of which something goes wrong with about one request in `one_in`.

    A hostile one says something that is wrong without saying so; `unasked` are names under which it may tell
    more than it was asked.
    """

    def __init__(
        self,
        inner: SubgraphClient,
        seed: str,
        one_in: int,
        *,
        is_hostile: bool = False,
        unasked: Sequence[str] = (),
    ) -> None:
        self._inner = inner
        self._unasked = unasked
        self._seed = seed
        self._one_in = one_in
        self._is_hostile = is_hostile
        self.failures = 0

    async def execute(self, request: SubgraphRequest) -> SubgraphResponse:
        """The answer, or what became of it."""
        number = _number(f"{self._seed}{request.document}{sorted(map(str, request.variables.items()))}")
        response = await self._inner.execute(request)
        if number % self._one_in:
            return response
        self.failures += 1
        number //= self._one_in
        if self._is_hostile:
            data = deepcopy(response.data)
            number, adds = divmod(number, 2)
            spoiled = (
                _added(data, number, self._unasked) if adds and self._unasked else _spoiled(data, number)
            )
            return SubgraphResponse(data=spoiled, errors=response.errors)
        return _failed(response, number)

    async def subscribe(self, request: SubgraphRequest) -> AsyncIterator[SubgraphResponse]:
        """One event."""
        yield await self.execute(request)

    async def close(self) -> None:
        """Nothing is held."""


def _failed(response: SubgraphResponse, number: int) -> SubgraphResponse:
    """Failures that a well-behaved client and server report."""
    kind, number = number % 5, number // 5
    match kind:
        case 0:
            raise SubgraphUnavailable("x", Failure.TIMEOUT, "took too long")
        case 1:
            return SubgraphResponse(data=None, errors=({"message": "all is lost"},))
        case 2:
            return SubgraphResponse(data=None)
        case _:
            data = deepcopy(response.data)
            places = list(_nullable_places(data))
            if not places:
                return SubgraphResponse(data=None, errors=({"message": "all is lost"},))
            path = places[number % len(places)]
            _put(data, path, None)
            code = {"code": "LOST"} if number % 2 else {}
            return SubgraphResponse(
                data=data, errors=({"message": "lost", "path": path, "extensions": code},)
            )


def _spoiled(data: Any, number: int) -> Any:
    """One value replaced by something that has no business there, without any error."""
    places = [[], *_nullable_places(data)]
    path = places[number % len(places)]
    garbage = deepcopy(GARBAGE[number // len(places) % len(GARBAGE)])
    if not path:
        return garbage if garbage is None or isinstance(garbage, dict) else {}
    _put(data, path, garbage)
    return data


def _added(data: Any, number: int, names: Sequence[str]) -> Any:
    """Members in some of the objects that nobody asked for."""
    objects = [found for found in _objects(data) if found]
    if not objects:
        return data
    number, at = divmod(number, len(objects))
    for found in objects[at:]:
        name = names[number % len(names)]
        found.setdefault(name, deepcopy(GARBAGE[number % len(GARBAGE)]))
        number //= 2
    return data


def _objects(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, list):
        return [found for item in value for found in _objects(item)]
    if not isinstance(value, dict):
        return []
    return [value, *(found for below in value.values() for found in _objects(below))]


def _nullable_places(value: Any, path: tuple[str | int, ...] = ()) -> list[list[str | int]]:
    """Every place in a value, keys of entities and type names apart: without them nothing can be told."""
    places: list[list[str | int]] = []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in items:
        if key == "__typename":
            continue
        places.append([*path, key])
        places.extend(_nullable_places(below, (*path, key)))
    return places


def _put(data: Any, path: list[str | int], value: Any) -> None:
    for step in path[:-1]:
        data = data[step]
    data[path[-1]] = value


def _number(seed: str) -> int:
    return int.from_bytes(blake2b(seed.encode(), digest_size=6).digest())
