"""Hook: one optional async generator per stage, entered before it and resumed with its result."""

from collections.abc import AsyncGenerator
from enum import StrEnum


class Stage(StrEnum):
    """The stages in order; `REQUEST` stands around all of them."""

    REQUEST = "request"
    RECEIVE = "receive"
    PARSE = "parse"
    VALIDATE = "validate"
    AUTHORISE = "authorise"
    PLAN = "plan"
    EXECUTE = "execute"
    PROJECT = "project"
    RESPOND = "respond"


Around = AsyncGenerator[None, object]


class Hook:
    """Override `around` and say in `stages` where it is wanted.

    The generator yields once: it is then sent the stage's result, or thrown its error. It may raise a
    ClientError of its own at either time, which ends the request.
    """

    stages: frozenset[Stage] = frozenset()

    def around(self, stage: Stage, subject: object) -> Around:
        """`subject` is the stage's first argument: what came in, or what is known of the request."""
        raise NotImplementedError
