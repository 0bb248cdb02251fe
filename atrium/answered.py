"""How commands that ask a registry end: with what it said, as text or JSON, or with why it refused."""

import json
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from atrium.registry import Reach, Registry, RegistryRefused

AnswerT = TypeVar("AnswerT")


def answered(
    reach: Reach,
    ask: Callable[[Registry], Awaitable[AnswerT]],
    show: Callable[[AnswerT], None],
    reasons: Callable[[RegistryRefused], Sequence[str]],
    *,
    as_json: bool,
) -> int:
    """Ask and print; the exit code."""
    try:
        answer = reach.use(ask)
    except RegistryRefused as refused:
        if as_json:
            print(json.dumps({"errors": refused.errors}, indent=2))
        else:
            print("\n".join(reasons(refused)), file=sys.stderr)
        return 1
    if as_json:
        print(json.dumps(answer, indent=2))
    else:
        show(answer)
    return 0
