"""The value of @fromContext(field:): a context's name and a selection on it."""

import re
from dataclasses import dataclass

CONTEXT_VALUE = re.compile(r"[\s,]*\$[\s,]*([A-Za-z_][A-Za-z0-9_]*)(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextValue:
    """What @fromContext(field: "$user { id }") says: context `user`, selection ` { id }`."""

    context: str
    selection: str


def parse_context_value(text: str) -> ContextValue | None:
    """The two parts of the text; None when it does not begin with a context's name."""
    match = CONTEXT_VALUE.fullmatch(text)
    return ContextValue(context=match[1], selection=match[2]) if match else None
