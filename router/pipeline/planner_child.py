"""The planner as a process of its own: questions on standard input, plans on standard output.

Ends when its input does.
"""

import os
import pickle
import resource
import signal
import struct
import sys
import traceback
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import Any, BinaryIO

from router.errors import ClientError
from router.operation.model import Operation
from router.plan.nodes import Plan
from router.planner.errors import TooManyParts
from router.planner.planner import plan
from router.settings import OperationLimits
from schema.query_graph.build import build_query_graph
from schema.query_graph.model import QueryGraph
from schema.supergraph.parse import parse_supergraph

HEAD = struct.Struct("!I")
MEMORY_BYTES = 2 * 2**30
"""More address space than this the process does not get, whatever it is asked."""

NICENESS = 10
"""Requests that need no long planning come first where processors are scarce."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Learn:
    """From now on plan over this supergraph; answered by `Learnt`."""

    sdl: str


@dataclass(frozen=True, slots=True)
class Learnt:
    """Ready to plan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """Plan an operation; answered by a Plan, Refused or Failed."""

    operation: Operation
    labels: frozenset[str]
    seconds: float
    limits: OperationLimits


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


Question = Learn | Ask
Reply = Learnt | Plan | Refused | Failed


def framed(message: Question | Reply) -> bytes:
    """The message as it goes over the pipe."""
    text = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
    return HEAD.pack(len(text)) + text


def answer(question: Ask, graph: QueryGraph) -> Reply:
    """The plan, or why there is none."""
    try:
        return plan(
            question.operation,
            graph,
            deadline=monotonic() + question.seconds,
            limits=question.limits,
            labels=question.labels,
        )
    except ClientError as error:
        return _refused(error)
    except MemoryError:
        return _refused(TooManyParts(limit=question.limits.max_plan_parts))


def _refused(error: ClientError) -> Refused:
    return Refused(type=type(error), arguments=error.args, state=error.__dict__)


def run(questions: BinaryIO, replies: BinaryIO) -> None:
    """Answer until there are no more questions."""
    graph: QueryGraph | None = None
    while head := questions.read(HEAD.size):
        question: Question = pickle.loads(questions.read(HEAD.unpack(head)[0]))  # noqa: S301 - of our parent
        try:
            match question:
                case Learn(sdl=sdl):
                    graph = None
                    graph = build_query_graph(parse_supergraph(sdl))
                    reply: Reply = Learnt()
                case Ask():
                    assert graph is not None, "asked before it learnt"
                    reply = answer(question, graph)
        except Exception:
            reply = Failed(traceback.format_exc())
        replies.write(framed(reply))
        replies.flush()


def main() -> None:
    """Plan until the parent closes the pipe or is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent says when it is over
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    os.nice(NICENESS)
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as replies, suppress(BrokenPipeError):
        run(sys.stdin.buffer, replies)
