"""What takes long is read, planned and compiled in a process of its own: it holds up nobody and can be ended.

A thread shares the interpreter: each time the event loop wants to go on, it waits until the thread lets go.
"""

import asyncio
import os
import pickle
import select
import subprocess
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from time import monotonic
from typing import TypeVar

from router.compiled.program import Written
from router.errors import InternalError, PlannerBusy, PlanTimeout
from router.operation.checked import Checked, Wish
from router.operation.model import Operation
from router.pipeline.planner_child import (
    HEAD,
    Ask,
    Check,
    Compile,
    Failed,
    Later,
    Learn,
    Learnt,
    NotWritten,
    Question,
    Refused,
    Reply,
    framed,
)
from router.plan.nodes import Plan
from router.planner.errors import TooDeep
from router.settings import OperationLimits
from router.snapshot.build import Snapshot

COMMAND = (sys.executable, "-P", "-c", "from router.pipeline.planner_child import main; main()")
"""Not as `__main__`: both sides must mean the same classes."""

LEARN_SECONDS = 60.0
GRACE_SECONDS = 0.5
"""The process keeps the deadline itself; one that is so much later is ended."""

MAX_WAITING = 100
"""Each waits no longer than planning may take; more are refused at once."""

_CHUNK = 1 << 16
_Answer = Checked | Plan | Written | NotWritten | Later
Answered = TypeVar("Answered")


class PlannerProcess:
    """Started by what first needs it; does one thing at a time, some others wait and the rest is refused."""

    def __init__(self, limits: OperationLimits) -> None:
        self._limits = limits
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="atrium-plan-beside")
        self._turn = asyncio.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._knows: str | None = None
        self._is_stopping = False
        self.waiting = 0
        self.plans = 0
        self.documents = 0
        self.programs = 0
        self.killed = 0
        self.refused = 0

    @property
    def pid(self) -> int | None:
        """The process that there is now."""
        return None if self._process is None else self._process.pid

    def is_ready(self, snapshot: Snapshot) -> bool:
        """Whether it knows this supergraph, so that nobody waits for its start."""
        return self._knows == snapshot.id

    async def get_ready(self, snapshot: Snapshot) -> None:
        """Start it and teach it the supergraph."""
        await self._in_turn(lambda: self._made_ready(snapshot), LEARN_SECONDS)

    async def check(self, text: str, wish: Wish, snapshot: Snapshot, seconds: float) -> Checked:
        """The operation of a document; raises what is wrong with it, PlannerBusy, or PlanTimeout."""
        question = Check(text=text, wish=wish)
        reply = await self._in_turn(lambda: self._asked(question, snapshot, seconds), seconds)
        assert isinstance(reply, Checked)
        self.documents += 1
        return reply

    async def plan(
        self,
        operation: Operation,
        snapshot: Snapshot,
        labels: frozenset[str],
        seconds: float,
        *,
        work: float | None = None,
    ) -> Plan | None:
        """The plan; None if it takes more than `work`, in seconds of a processor's time.

        Raises what planning raises, PlannerBusy, or PlanTimeout.
        """
        question = Ask(operation=operation, labels=labels, seconds=seconds, work=work, limits=self._limits)
        reply = await self._in_turn(lambda: self._asked(question, snapshot, seconds), seconds)
        if isinstance(reply, Later):
            return None
        assert isinstance(reply, Plan)
        self.plans += 1
        return reply

    async def compile(
        self, plan: Plan, operation: Operation, truth: Mapping[str, bool], snapshot: Snapshot, seconds: float
    ) -> Written | str:
        """The plan's program, or why there is none; raises PlannerBusy, or PlanTimeout."""
        question = Compile(plan=plan, operation=operation, truth=truth)
        reply = await self._in_turn(lambda: self._asked(question, snapshot, seconds), seconds)
        if isinstance(reply, NotWritten):
            return reply.reason
        assert isinstance(reply, Written)
        self.programs += 1
        return reply

    def stop(self) -> None:
        """End the process; whoever still waits gets an error."""
        self._is_stopping = True
        if self._process is not None:
            self._process.kill()
        self._thread.submit(self._end)
        self._thread.shutdown(wait=False)

    async def _in_turn(self, ask: Callable[[], Answered], seconds: float) -> Answered:
        """Who has waited so long gives up, and who finds too many waiting does so at once."""
        if self.waiting >= MAX_WAITING:
            self.refused += 1
            raise PlannerBusy
        self.waiting += 1
        try:
            async with asyncio.timeout(seconds):
                await self._turn.acquire()
        except TimeoutError as cause:
            self.refused += 1
            raise PlannerBusy from cause
        finally:
            self.waiting -= 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, ask)
        finally:
            self._turn.release()

    def _asked(self, question: Check | Ask | Compile, snapshot: Snapshot, seconds: float) -> _Answer:
        try:
            self._learn(snapshot)
            reply = self._answer(question, seconds + GRACE_SECONDS)
        except TimeoutError as cause:
            self._end()
            self.killed += 1
            raise PlanTimeout(seconds) from cause
        except RecursionError as cause:
            raise TooDeep from cause
        except OSError as cause:
            self._end()
            raise InternalError("The planner's process ended.") from cause
        match reply:
            case Checked() | Plan() | Written() | NotWritten() | Later():
                return reply
            case Refused():
                raise reply.error()
            case _:
                raise InternalError(f"The planner's process failed: {reply}")

    def _made_ready(self, snapshot: Snapshot) -> None:
        try:
            self._learn(snapshot)
        except OSError as cause:
            self._end()
            raise InternalError("The planner's process could not be made ready.") from cause

    def _learn(self, snapshot: Snapshot) -> None:
        if self._is_stopping:
            raise InternalError("The planner's process is being stopped.")
        if self._process is None:
            self._process = subprocess.Popen(  # noqa: S603 - nothing in it comes from outside
                COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=_environment()
            )
            for pipe in (self._process.stdin, self._process.stdout):
                assert pipe is not None
                os.set_blocking(pipe.fileno(), False)
        if self._knows == snapshot.id:
            return
        self._knows = None
        match self._answer(Learn(sdl=snapshot.sdl), LEARN_SECONDS):
            case Learnt():
                self._knows = snapshot.id
            case Failed(report):
                raise InternalError(f"The planner's process cannot read the supergraph: {report}")
            case _:
                raise InternalError("The planner's process answered something else.")

    def _answer(self, question: Question, seconds: float) -> Reply:
        """Raises TimeoutError, and OSError when the process is gone."""
        process = self._process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        deadline = monotonic() + seconds
        _write(process.stdin.fileno(), framed(question), deadline)
        length = HEAD.unpack(_read(process.stdout.fileno(), HEAD.size, deadline))[0]
        text = _read(process.stdout.fileno(), length, deadline)
        reply: Reply = pickle.loads(text)  # noqa: S301 - our own process made it
        return reply

    def _end(self) -> None:
        process, self._knows = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        self._process = None


def _environment() -> dict[str, str]:
    """What Python itself needs; the child has no use for our secrets."""
    return {name: value for name, value in os.environ.items() if name == "PATH" or name.startswith("PYTHON")}


def _write(pipe: int, text: bytes, deadline: float) -> None:
    view = memoryview(text)
    while view:
        _wait(pipe, select.POLLOUT, deadline)
        view = view[os.write(pipe, view[:_CHUNK]) :]


def _read(pipe: int, length: int, deadline: float) -> bytes:
    parts: list[bytes] = []
    while length:
        _wait(pipe, select.POLLIN, deadline)
        part = os.read(pipe, min(length, _CHUNK))
        if not part:
            raise BrokenPipeError
        parts.append(part)
        length -= len(part)
    return b"".join(parts)


def _wait(pipe: int, event: int, deadline: float) -> None:
    poll = select.poll()
    poll.register(pipe, event)
    if not poll.poll(max(0.0, deadline - monotonic()) * 1000):
        raise TimeoutError
