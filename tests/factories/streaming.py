"""Subgraphs of the world that hand lists over item by item, in any format that subgraphs write."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from inspect import isawaitable
from random import Random
from typing import Any

from graphql import ExecutionResult, experimental_execute_incrementally, parse

from router.subgraph_client.increments import answer_in, formatted
from router.subgraph_client.protocol import SubgraphRequest, SubgraphResponse
from tests.factories.federations import WorldSubgraph, resolve, resolve_type

DECLARED = "\ndirective @stream(if: Boolean! = true, label: String, initialCount: Int = 0) on FIELD\n"
FORMATS = ("current", "2022", "single")


class StreamingSubgraph(WorldSubgraph):
    """Executed by graphql-core, which streams; what it writes is cut into portions, and told in a format."""

    def __init__(self, sdl: str, random: Random) -> None:
        super().__init__(sdl)
        self._random = random
        self.format = random.choice(FORMATS)
        self.streamed = 0
        self.open = 0

    async def execute(self, request: SubgraphRequest) -> SubgraphResponse:
        """The beginning, if whoever asks takes parts and the world's answer goes on."""
        if not request.takes_parts:
            assert "@stream" not in request.document
            return await super().execute(request)
        self.requests.append(request)
        executed = experimental_execute_incrementally(
            self.schema,
            parse(request.document),
            variable_values=dict(request.variables),
            field_resolver=resolve,
            type_resolver=resolve_type,
        )
        result = await executed if isawaitable(executed) else executed
        if isinstance(result, ExecutionResult):
            return SubgraphResponse(
                data=result.data, errors=tuple(dict(each.formatted) for each in result.errors or ())
            )
        self.streamed += 1
        return await answer_in("x", self._written(dict(result.initial_result.formatted), result))

    async def _written(self, initial: dict[str, Any], result: Any) -> AsyncGenerator[Mapping[str, Any], None]:
        self.open += 1
        try:
            yield initial if self.format == "current" else {**_without(initial, "pending")}
            paths = {each["id"]: each["path"] for each in initial.get("pending", ())}
            lengths: dict[str, int] = {}
            rest = formatted({}, result.subsequent_results)
            await anext(rest)
            async for payload in rest:
                paths |= {each["id"]: each["path"] for each in payload.get("pending", ())}
                for portion in self._portions(dict(payload)):
                    if self._random.random() < 0.5:
                        await asyncio.sleep(0)
                    if self.format == "current":
                        yield portion
                    else:
                        for each in self._of_2022(portion, paths, lengths, initial["data"]):
                            yield each
        finally:
            self.open -= 1

    def _portions(self, payload: dict[str, Any]) -> list[dict[str, Any]]:
        """The same as one part or several."""
        increments = payload.pop("incremental", [])
        several = [
            {"id": each["id"], "items": [item], "errors": each.get("errors", []) if not index else []}
            for each in increments
            for index, item in enumerate(each["items"])
        ]
        if self._random.random() < 0.5:
            return [payload | {"incremental": increments}]
        return [*({"incremental": [each], "hasNext": True} for each in several), payload]

    def _of_2022(
        self, payload: dict[str, Any], paths: dict[str, Any], lengths: dict[str, int], data: Any
    ) -> list[dict[str, Any]]:
        written = []
        for each in payload.get("incremental", ()):
            id = each["id"]
            if id not in lengths:
                found = data
                for step in paths[id]:
                    found = found[step]
                lengths[id] = len(found)
            path = [*paths[id], lengths[id]]
            lengths[id] += len(each["items"])
            written.append({"path": path, "items": each["items"], "errors": each.get("errors", [])})
        for each in payload.get("completed", ()):
            if each.get("errors"):
                path = [*paths[each["id"]], 0]
                written.append({"path": path, "items": None, "errors": each["errors"]})
        has_next = payload["hasNext"]
        if self.format == "2022" or not written:
            return [{"incremental": written, "hasNext": has_next}]
        singles = [
            {"path": [*each["path"][:-1], each["path"][-1] + index], "data": item, "hasNext": True}
            for each in written
            for index, item in enumerate(each["items"] or ())
        ]
        return [*singles, {"hasNext": has_next}]


def _without(payload: Mapping[str, Any], member: str) -> dict[str, Any]:
    return {key: value for key, value in payload.items() if key != member}
