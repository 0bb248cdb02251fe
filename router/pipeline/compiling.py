"""Plan → its program, made once the plan turns out to be used again; nobody waits for it."""

import asyncio
import logging
from typing import Any

from router.compiled.programs import Outcome, Programs
from router.errors import PlannerBusy, PlanTimeout
from router.pipeline.beside import Beside
from router.pipeline.router import Router
from router.snapshot.build import Snapshot

log = logging.getLogger(__name__)

LONG_CHARACTERS = 1_200
"""The programs of plans with longer documents are made in a process, if there is one.

Python reads a program in one go, and while it does so in a thread nothing else runs: up to 40 ms for the
longest there may be, and about 4 for those that are not left to the process.
"""

_making: set[asyncio.Task[Any]] = set()
"""The loop holds tasks weakly."""


def make_soon(programs: Programs, outcome: Outcome, snapshot: Snapshot, router: Router) -> None:
    """Begin to make the program; what goes wrong is in the log, and the plan is interpreted."""
    task = asyncio.create_task(_made(programs, outcome, snapshot, router))
    _making.add(task)
    task.add_done_callback(_end)


def _end(task: asyncio.Task[None]) -> None:
    _making.discard(task)
    if not task.cancelled() and task.exception() is not None:
        log.error("a plan could not be compiled; it is interpreted", exc_info=task.exception())


async def _made(programs: Programs, outcome: Outcome, snapshot: Snapshot, router: Router) -> None:
    loop, beside = asyncio.get_running_loop(), router.beside
    length = sum(len(fetch.document) for fetch in programs.plan.fetches)
    if beside is None or length <= LONG_CHARACTERS:
        await loop.run_in_executor(router.planners, programs.make, outcome)
    else:
        await _made_beside(programs, outcome, snapshot, beside, router)


async def _made_beside(
    programs: Programs, outcome: Outcome, snapshot: Snapshot, beside: Beside, router: Router
) -> None:
    truth, seconds = programs.truth(outcome), router.settings.timeouts.plan
    try:
        written = await beside.compile(programs.plan, programs.operation, truth, snapshot, seconds)
    except PlannerBusy:
        programs.want_again(outcome)
    except PlanTimeout as why:  # not to be tried over and over
        programs.take(outcome, str(why))
    else:
        await asyncio.get_running_loop().run_in_executor(router.planners, programs.take, outcome, written)
