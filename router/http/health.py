"""Is the process alive, and is it ready for requests?"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from router.pipeline.router import Router

ReadyCheck = Callable[[], Awaitable[bool]]

SECONDS = 2.0


class Health:
    """`/healthz` says yes as long as the loop turns; `/readyz` asks what requests need."""

    def __init__(self, router: Router, checks: Mapping[str, ReadyCheck]) -> None:
        self._router = router
        self._checks = dict(checks)
        self.is_stopping = False

    async def live(self, request: Request) -> Response:
        """The process answers."""
        return JSONResponse({"status": "alive"}, headers={"cache-control": "no-store"})

    async def ready(self, request: Request) -> Response:
        """200 when a supergraph is loaded and every check holds; 503 with what is missing."""
        names = list(self._checks)
        outcomes = await asyncio.gather(*(self._holds(self._checks[name]) for name in names))
        missing = [name for name, holds in zip(names, outcomes, strict=True) if not holds]
        if not self._router.snapshots.is_loaded:
            missing.insert(0, "supergraph")
        if self.is_stopping:
            missing.insert(0, "stopping")
        status = {"status": "ready"} if not missing else {"status": "not ready", "missing": missing}
        return JSONResponse(
            status, status_code=503 if missing else 200, headers={"cache-control": "no-store"}
        )

    async def _holds(self, check: ReadyCheck) -> bool:
        try:
            async with asyncio.timeout(SECONDS):
                return await check()
        except Exception:  # whatever breaks a check, the thing it asks for is not ready
            return False
