"""The planner as a process of its own: questions on standard input, what it made on standard output.

Ends when its input does.
"""

import gc
import os
import pickle
import resource
import signal
import struct
import sys
import traceback
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic, thread_time
from typing import Any, BinaryIO

from graphql import GraphQLSchema

from router.compiled.program import Written, write_program
from router.compiled.source import NotCompilable
from router.errors import ClientError, PlanTimeout
from router.operation.checked import Checked, Wish, checked
from router.operation.directives import with_parts
from router.operation.model import Operation
from router.operation.parse import parse
from router.plan.nodes import Plan
from router.planner.errors import TooManyParts
from router.planner.planner import plan
from router.settings import OperationLimits
from schema.query_graph.build import build_query_graph
from schema.supergraph.api import api_schema
from schema.supergraph.parse import parse_supergraph

HEAD = struct.Struct("!I")
MEMORY_BYTES = 2 * 2**30
"""More address space than this the process does not get, whatever it is asked."""

_COLLECTOR = (20_000, 20, 20)

NICENESS = 5
"""Requests that need no long planning come first where processors are scarce."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Learn:
    """From now on work over this supergraph; answered by `Learnt`."""

    sdl: str


@dataclass(frozen=True, slots=True)
class Learnt:
    """Ready to plan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Read and check a document; answered by Checked, Refused or Failed."""

    text: str
    wish: Wish


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """Plan an operation; answered by a Plan, Refused or Failed, or by Later after `work` seconds of it."""

    operation: Operation
    labels: frozenset[str]
    seconds: float
    work: float | None
    limits: OperationLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class Compile:
    """Write the program of a plan, for one outcome of its conditions; answered by Written or NotWritten."""

    plan: Plan
    operation: Operation
    truth: Mapping[str, bool]


@dataclass(frozen=True, slots=True)
class NotWritten:
    """Why there is no program."""

    reason: str


@dataclass(frozen=True, slots=True)
class Later:
    """It takes more work than was to be done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """What planning raised, taken apart, since not every error can be pickled as it is."""

    type: type[ClientError]
    arguments: tuple[Any, ...]
    state: dict[str, Any]

    def error(self) -> ClientError:
        """The error again."""
        made = self.type.__new__(self.type, *self.arguments)
        made.__dict__.update(self.state)
        return made


@dataclass(frozen=True, slots=True)
class Failed:
    """A mistake of ours, as the log shall have it."""

    report: str


Question = Learn | Check | Ask | Compile
Reply = Learnt | Checked | Plan | Written | NotWritten | Later | Refused | Failed


def framed(message: Question | Reply) -> bytes:
    """The message as it goes over the pipe."""
    text = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
    return HEAD.pack(len(text)) + text


class Learned:
    """What the process knows of a supergraph; the schema is made when a document first needs it."""

    def __init__(self, sdl: str) -> None:
        self._supergraph = parse_supergraph(sdl)
        self._schema: GraphQLSchema | None = None
        self.graph = build_query_graph(self._supergraph)

    @property
    def schema(self) -> GraphQLSchema:
        """What clients may ask."""
        if self._schema is None:
            self._schema = with_parts(api_schema(self._supergraph))
        return self._schema

    def check(self, question: Check) -> Reply:
        """The operation, or why there is none."""
        try:
            document = parse(question.text, max_tokens=question.wish.limits.max_tokens)
            found = checked(document, self.schema, question.wish)
        except ClientError as error:
            return _refused(error)
        assert found is not None
        return found

    def plan(self, question: Ask) -> Reply:
        """The plan, or why there is none."""
        clock, seconds = monotonic, question.seconds
        if question.work is not None:
            clock, seconds = thread_time, question.work
        try:
            return plan(
                question.operation,
                self.graph,
                deadline=clock() + seconds,
                clock=clock,
                limits=question.limits,
                labels=question.labels,
            )
        except PlanTimeout as error:
            return _refused(error) if question.work is None else Later()
        except ClientError as error:
            return _refused(error)
        except MemoryError:
            return _refused(TooManyParts(limit=question.limits.max_plan_parts))

    def compile(self, question: Compile) -> Reply:
        """The program, or why there is none."""
        try:
            return write_program(
                question.plan,
                question.operation,
                schema=self.schema,
                supergraph=self._supergraph,
                truth=question.truth,
            )
        except NotCompilable as why:
            return NotWritten(str(why))


def _refused(error: ClientError) -> Refused:
    return Refused(type=type(error), arguments=error.args, state=error.__dict__)


def run(questions: BinaryIO, replies: BinaryIO) -> None:
    """Answer until there are no more questions."""
    learned: Learned | None = None
    while head := questions.read(HEAD.size):
        question: Question = pickle.loads(questions.read(HEAD.unpack(head)[0]))  # noqa: S301 - of our parent
        try:
            match question:
                case Learn(sdl=sdl):
                    learned = None
                    learned = Learned(sdl)
                    reply: Reply = Learnt()
                case Check():
                    assert learned is not None, "asked before it learnt"
                    reply = learned.check(question)
                case Ask():
                    assert learned is not None, "asked before it learnt"
                    reply = learned.plan(question)
                case Compile():
                    assert learned is not None, "asked before it learnt"
                    reply = learned.compile(question)
        except Exception:
            reply = Failed(traceback.format_exc())
        replies.write(framed(reply))
        replies.flush()


def main() -> None:
    """Plan until the parent closes the pipe or is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent says when it is over
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    os.nice(NICENESS)
    gc.set_threshold(*_COLLECTOR)
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as replies, suppress(BrokenPipeError):
        run(sys.stdin.buffer, replies)
