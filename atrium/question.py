"""One question to a child process: work on strangers' texts that must neither hold up the loop nor run on.

JSON in, JSON out; the child is ended when it takes too much time, and ends itself for want of memory.
"""

import asyncio
import contextlib
import json
import os
import resource
import sys
from collections.abc import Callable, Mapping
from typing import Any

OUT_OF_MEMORY = 3
"""The exit code of a child that was not given enough."""
_STDERR_KEPT = 2_000
_INHERITED = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "LANG")
"""Of the environment; the secrets in it are no business of a child that reads strangers' texts."""


class ChildExhausted(Exception):
    """The child took more time or memory than it may."""


class ChildBroken(Exception):
    """The child ended without an answer: a bug, not the fault of what was asked."""


async def answer_of(module: str, question: Mapping[str, Any], *, seconds: float) -> Mapping[str, Any]:
    """What `python -m module` answers; raises ChildExhausted or ChildBroken."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",  # whatever lies in the working folder is not imported
        "-m",
        module,
        env={name: os.environ[name] for name in _INHERITED if name in os.environ},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(seconds):
            answer, words = await child.communicate(json.dumps(question).encode())
    except TimeoutError as error:
        raise ChildExhausted from error
    finally:
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()
    if child.returncode == OUT_OF_MEMORY:
        raise ChildExhausted
    if child.returncode != 0:
        raise ChildBroken(words.decode(errors="replace")[-_STDERR_KEPT:])
    told: Mapping[str, Any] = json.loads(answer)
    return told


def answered(answer_of: Callable[[Any], Mapping[str, Any]]) -> int:
    """In the child: answer the question on stdin within the memory that it gives; the exit code."""
    question = json.loads(sys.stdin.buffer.read())
    limit = question["memory_mb"] * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    try:
        answer = json.dumps(answer_of(question))
    except MemoryError:
        return OUT_OF_MEMORY
    sys.stdout.write(answer)
    return 0
