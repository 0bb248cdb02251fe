"""Where what takes long is done: in two processes beside the router, so that it holds up nothing else.

The first one does what needs a moment. Whatever turns out to need more is left to the second, so that
operations made to take as long as they may only wait for each other.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress

from router.compiled.program import Written
from router.errors import RouterError
from router.operation.checked import Checked, Wish
from router.operation.model import Operation
from router.pipeline.planner_process import PlannerProcess
from router.plan.nodes import Plan
from router.settings import OperationLimits
from router.snapshot.build import Snapshot

PATIENCE_SECONDS = 30.0
"""So long a process that could not be made ready is left alone."""

MOMENT_SECONDS = 0.1
"""So much of a processor's time a plan gets in the first process."""


class Beside:
    """Both processes; each is started by what first needs it."""

    def __init__(self, limits: OperationLimits, *, moment: float = MOMENT_SECONDS) -> None:
        self._moment = moment
        self.first = PlannerProcess(limits)
        self.second = PlannerProcess(limits)
        self.getting_ready: asyncio.Task[None] | None = None
        self._again_at = 0.0

    @property
    def processes(self) -> tuple[PlannerProcess, PlannerProcess]:
        """The one for a moment, and the one for what takes longer."""
        return self.first, self.second

    def is_ready(self, snapshot: Snapshot) -> bool:
        """Whether documents for this supergraph may be checked here without waiting for a start."""
        return self.first.is_ready(snapshot)

    def get_ready(self, snapshot: Snapshot) -> None:
        """Begin to; nobody waits for it. Where it fails it is not tried again for a while."""
        is_getting = self.getting_ready is not None and not self.getting_ready.done()
        if not is_getting and asyncio.get_running_loop().time() >= self._again_at:
            self.getting_ready = asyncio.create_task(self._get_ready(snapshot))

    async def check(self, text: str, wish: Wish, snapshot: Snapshot, seconds: float) -> Checked:
        """The operation of a document; raises what is wrong with it, PlannerBusy, or PlanTimeout."""
        return await self.first.check(text, wish, snapshot, seconds)

    async def plan(
        self, operation: Operation, snapshot: Snapshot, labels: frozenset[str], seconds: float
    ) -> Plan:
        """The plan; raises what planning raises, PlannerBusy, or PlanTimeout."""
        work = self._moment if self._moment < seconds else None
        made = await self.first.plan(operation, snapshot, labels, seconds, work=work)
        if made is None:
            made = await self.second.plan(operation, snapshot, labels, seconds)
        assert made is not None
        return made

    async def compile(
        self, plan: Plan, operation: Operation, truth: Mapping[str, bool], snapshot: Snapshot, seconds: float
    ) -> Written | str:
        """The plan's program, or why there is none; raises PlannerBusy, or PlanTimeout."""
        return await self.first.compile(plan, operation, truth, snapshot, seconds)

    def stop(self) -> None:
        """End both."""
        if self.getting_ready is not None:
            self.getting_ready.cancel()
        for each in self.processes:
            each.stop()

    async def _get_ready(self, snapshot: Snapshot) -> None:
        with suppress(RouterError, RuntimeError):  # documents are read in threads meanwhile
            await self.first.get_ready(snapshot)
        if not self.first.is_ready(snapshot):
            self._again_at = asyncio.get_running_loop().time() + PATIENCE_SECONDS
