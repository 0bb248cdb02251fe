"""How long processes were ready to run and had no processor (Linux, /proc/PID/schedstat)."""

import os
from collections.abc import Sequence


class Waits:
    """The waits of the first thread of each process, which is the one with the event loop."""

    def __init__(self, pids: Sequence[int]) -> None:
        self._files = [os.open(f"/proc/{pid}/task/{pid}/schedstat", os.O_RDONLY) for pid in pids]

    def seconds(self) -> float:
        """All of it so far."""
        return sum(int(os.pread(file, 100, 0).split()[1]) for file in self._files) / 1e9

    def close(self) -> None:
        """Look no more."""
        for file in self._files:
            os.close(file)
