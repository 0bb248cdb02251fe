"""What `atrium up` shows at the console: one line a message, with who says it."""

import contextlib
import sys
from typing import TextIO

_WIDTH = 8
_COLOURS = {"web": "36", "relay": "35", "worker": "33", "atrium": "1"}


class Console:
    """Shows lines of the parent and of its children."""

    def __init__(self, stream: TextIO = sys.stderr) -> None:
        self._stream = stream
        self._coloured = stream.isatty()
        self._is_quiet = False

    def say(self, speaker: str, line: str) -> None:
        """Show a line; children are no longer heard once it is quiet (their log files go on)."""
        if self._is_quiet and speaker != "atrium":
            return
        with contextlib.suppress(OSError):  # the terminal may be gone; what is running is not
            print(f"{self._mark(speaker)} {line}", file=self._stream, flush=True)

    def quiet(self, word: str) -> None:
        """Show a last line and hear only the parent from now on: what stops in any order complains a lot."""
        self.say("atrium", word)
        self._is_quiet = True

    def _mark(self, speaker: str) -> str:
        text = f"{speaker:<{_WIDTH}}|"
        colour = _COLOURS.get(speaker.partition("-")[0])
        return f"\033[{colour}m{text}\033[0m" if self._coloured and colour else text
