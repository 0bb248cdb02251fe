"""Python source while it is written: lines with indentation, fresh names, constants by name."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from time import thread_time
from typing import Any

MAX_LINES = 1_500
"""In all functions together. Python reads them in one go, and nothing else runs meanwhile."""

MAX_SECONDS = 0.1
"""Of work for one program, in whichever thread it is made."""


class NotCompilable(Exception):
    """The fast path has no code for this plan; the reference executor runs it."""


class Unanswered(NotCompilable):
    """No fetch asks for a field, so that objects of these types have none."""


class Constants:
    """Values that generated code refers to by name; equal ones have one name. Also counts what is written."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {}
        self._lines = 0
        self._end = thread_time() + MAX_SECONDS
        self._known: dict[Any, str] = {}

    def count(self) -> None:
        """One more line, thrown away or not; raises NotCompilable when it becomes too much."""
        self._lines += 1
        if self._lines > 4 * MAX_LINES or thread_time() > self._end:
            raise NotCompilable("too long")

    def name(self, value: Any) -> str:
        """The global name of a hashable value."""
        known = self._known.get(value)
        if known is None:
            known = self._known[value] = f"c{len(self._known)}"
            self.names[known] = value
        return known


class Lines:
    """The body of one function. `written` is the number of lines in the whole program so far."""

    def __init__(self, constants: Constants, number: int = 0, depth: int = 1) -> None:
        self.constants = constants
        self.text: list[str] = []
        self.number = number
        self.depth = depth

    def line(self, text: str) -> None:
        """One line at the present indentation."""
        self.constants.count()
        self.text.append(" " * self.depth + text)

    def fresh(self, prefix: str) -> str:
        """A name that nothing else in the function has."""
        self.number += 1
        return f"{prefix}{self.number}"

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """Lines below a head, one step further in."""
        self.line(head)
        self.depth += 1
        length = len(self.text)
        try:
            yield
        finally:
            if len(self.text) == length:
                self.line("pass")
            self.depth -= 1

    def part(self) -> "Lines":
        """Lines to be written at this place, or thrown away; names go on from here."""
        return Lines(self.constants, self.number, self.depth)

    def take(self, part: "Lines") -> None:
        """Write the lines of a part."""
        self.text.extend(part.text)
        self.number = max(self.number, part.number)

    def __str__(self) -> str:
        return "\n".join(self.text)


def each_of(items: Sequence[str], lists: Sequence[str]) -> str:
    """The head of a loop over one list, or several side by side."""
    if len(lists) == 1:
        return f"for {items[0]} in {lists[0]}:"
    return f"for {', '.join(items)} in zip({', '.join(lists)}, strict=True):"
