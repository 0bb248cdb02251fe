"""Usage for a registry in another process: its signed internal endpoint."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from uuid import UUID

from common.operations.usage import UsageBatch, write_usage
from router.subgraph_client.http import HttpPool

PATH = "/internal/usage"


class NotTaken(Exception):
    """The registry did not take the batch; says how it answered."""


class HttpUsageSink:
    """Posts batches of one graph, None being the platform's own. `sign` proves that the router asks."""

    def __init__(
        self,
        pool: HttpPool,
        registry: str,
        *,
        graph: UUID | None,
        sign: Callable[[bytes], Mapping[str, str]],
        seconds: float = 5.0,
    ) -> None:
        self._pool = pool
        self._url = registry.rstrip("/") + PATH
        self._graph = graph
        self._sign = sign
        self._seconds = seconds

    async def report(self, batch: UsageBatch) -> None:
        """Send one batch; raises NoAnswer or NotTaken."""
        body = write_usage(replace(batch, graph=self._graph))
        headers = {"content-type": "application/json", **self._sign(body)}
        answer = await self._pool.send("POST", self._url, headers=headers, body=body, seconds=self._seconds)
        if answer.status != 200:
            raise NotTaken(f"the registry answered with the HTTP status {answer.status}")
