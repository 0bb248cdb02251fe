"""Plans that take long are made in a process of their own, which holds up nobody and can be ended.

A thread shares the interpreter: each time the event loop wants to go on, it waits until the thread lets go.
"""

import asyncio
import os
import pickle
import select
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from time import monotonic

from router.errors import InternalError, PlanTimeout
from router.operation.model import Operation
from router.pipeline.planner_child import HEAD, Ask, Failed, Learn, Learnt, Question, Refused, Reply, framed
from router.plan.nodes import Plan
from router.planner.errors import TooDeep
from router.settings import OperationLimits
from router.snapshot.build import Snapshot

COMMAND = (sys.executable, "-P", "-c", "from router.pipeline.planner_child import main; main()")
"""Not as `__main__`: both sides must mean the same classes."""

LEARN_SECONDS = 60.0
GRACE_SECONDS = 0.5
"""The process keeps the deadline itself; one that is so much later is ended."""

_CHUNK = 1 << 16


class PlannerProcess:
    """Started by the first plan that needs it; one plan at a time, the others wait in a thread's queue."""

    def __init__(self, limits: OperationLimits) -> None:
        self._limits = limits
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="atrium-plan-beside")
        self._process: subprocess.Popen[bytes] | None = None
        self._knows: str | None = None
        self._is_stopping = False
        self.plans = 0
        self.killed = 0

    @property
    def pid(self) -> int | None:
        """The process that there is now."""
        return None if self._process is None else self._process.pid

    async def plan(
        self, operation: Operation, snapshot: Snapshot, labels: frozenset[str], seconds: float
    ) -> Plan:
        """The plan; raises what planning raises, PlanTimeout also when others take too long before."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._plan, operation, snapshot, labels, seconds)

    def stop(self) -> None:
        """End the process; whoever still waits gets an error."""
        self._is_stopping = True
        if self._process is not None:
            self._process.kill()
        self._thread.submit(self._end)
        self._thread.shutdown(wait=False)

    def _plan(self, operation: Operation, snapshot: Snapshot, labels: frozenset[str], seconds: float) -> Plan:
        if self._is_stopping:
            raise InternalError("The planner's process is being stopped.")
        ask = Ask(operation=operation, labels=labels, seconds=seconds, limits=self._limits)
        try:
            self._learn(snapshot)
            reply = self._answer(ask, seconds + GRACE_SECONDS)
        except TimeoutError as cause:
            self._end()
            self.killed += 1
            raise PlanTimeout(seconds) from cause
        except RecursionError as cause:
            raise TooDeep from cause
        except OSError as cause:
            self._end()
            raise InternalError("The planner's process ended.") from cause
        self.plans += 1
        match reply:
            case Plan():
                return reply
            case Refused():
                raise reply.error()
            case _:
                raise InternalError(f"The planner's process failed: {reply}")

    def _learn(self, snapshot: Snapshot) -> None:
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
