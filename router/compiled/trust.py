"""Whether a program is worth trying: where it is surprised again and again, the interpreter goes first."""

IN_A_ROW = 3
REST = 50


class Trust:
    """One program's record. A run which the interpreter has to finish costs a fifth more than its own."""

    __slots__ = ("_rest", "_surprises")

    def __init__(self) -> None:
        self._surprises = 0
        self._rest = 0

    @property
    def rests(self) -> bool:
        """Whether the next request goes the slow way."""
        return self._rest > 0

    def may_run(self) -> bool:
        """Whether this request goes the fast way; asked once a request."""
        if self._rest == 0:
            return True
        self._rest -= 1
        return False

    def went_well(self) -> None:
        """The program gave the answer."""
        self._surprises = 0

    def was_surprised(self) -> None:
        """The interpreter took over."""
        self._surprises += 1
        if self._surprises >= IN_A_ROW:
            # One more surprise after the rest is enough for the next one.
            self._surprises = IN_A_ROW - 1
            self._rest = REST
