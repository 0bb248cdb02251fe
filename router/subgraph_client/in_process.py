"""A subgraph in the same process: no HTTP and no JSON, Python values go straight through."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from functools import partial
from typing import Protocol

from router.prompt import in_task
from router.subgraph_client.answer import checked
from router.subgraph_client.headers import HeaderPolicy
from router.subgraph_client.protocol import (
    Beginning,
    Failure,
    Increment,
    Rest,
    SubgraphRequest,
    SubgraphResponse,
    SubgraphUnavailable,
)

log = logging.getLogger(__name__)


class InProcessSubgraph(Protocol):
    """A subgraph's executor. `request.context.principal` is verified; its headers are already filtered."""

    async def execute(self, request: SubgraphRequest) -> SubgraphResponse:
        """Run a query or mutation; resolver errors are in the response."""
        ...

    def subscribe(self, request: SubgraphRequest) -> AsyncIterator[SubgraphResponse]:
        """One response per event, until the source ends."""
        ...


class InProcessClient:
    """One subgraph reached by a plain call, under the same rules as over HTTP."""

    def __init__(
        self, *, name: str, subgraph: InProcessSubgraph, policy: HeaderPolicy, seconds: float
    ) -> None:
        self._name = name
        self._subgraph = subgraph
        self._policy = policy
        self._seconds = seconds

    async def execute(self, request: SubgraphRequest) -> SubgraphResponse:
        """Run a query or mutation; raises SubgraphUnavailable."""
        request = replace(request, context=self._policy.restrict(request.context))
        end = min(request.context.deadline, asyncio.get_running_loop().time() + self._seconds)
        try:
            async with asyncio.timeout_at(end):
                response = checked(self._name, await in_task(self._subgraph.execute(request)))
        except asyncio.CancelledError as cause:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            raise self._failed(request, cause) from cause  # something inside was given up, not this request
        except TimeoutError as cause:
            raise SubgraphUnavailable(self._name, Failure.TIMEOUT, "did not answer in time") from cause
        except Exception as cause:  # where a remote subgraph would have answered with status 500
            raise self._failed(request, cause) from cause
        if isinstance(response, Beginning):
            response = replace(response, more=_Rest(response.more, partial(self._failed, request)))
        return replace(response, set_cookies=self._policy.handed_over(response.set_cookies))

    async def subscribe(self, request: SubgraphRequest) -> AsyncIterator[SubgraphResponse]:
        """One response per event, until the source ends; raises SubgraphUnavailable."""
        request = replace(request, context=self._policy.restrict(request.context))
        events = self._subgraph.subscribe(request)
        try:
            async for response in events:
                yield response
        except Exception as cause:  # as above
            raise self._failed(request, cause) from cause
        finally:
            aclose = getattr(events, "aclose", None)
            if aclose is not None:
                await aclose()

    async def close(self) -> None:
        """Nothing is held."""

    def _failed(self, request: SubgraphRequest, cause: BaseException) -> SubgraphUnavailable:
        if isinstance(cause, SubgraphUnavailable):
            return cause
        log.error(
            "a subgraph in process failed",
            exc_info=cause,
            extra={"subgraph": self._name, "request_id": request.context.request_id},
        )
        return SubgraphUnavailable(self._name, Failure.HTTP_ERROR, "failed inside")


class _Rest:
    """What follows the beginning of an answer; whatever goes wrong there is a failure of the subgraph."""

    def __init__(self, inner: Rest, failed: Callable[[Exception], SubgraphUnavailable]) -> None:
        self._inner = inner
        self._failed = failed

    async def __anext__(self) -> tuple[Increment, ...]:
        """Rest: the next portion."""
        try:
            return await anext(self._inner)
        except StopAsyncIteration:
            raise
        except Exception as cause:
            raise self._failed(cause) from cause

    async def aclose(self) -> None:
        """Rest: end the execution."""
        try:
            await self._inner.aclose()
        except Exception as cause:  # it is over in any case; the log has why
            self._failed(cause)
