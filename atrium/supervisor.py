"""Child processes kept alive: started together, waited for, restarted after a crash, stopped in order.

One thread, one loop: what the children write and which signals came is read with `select`; everything else
is looked at between two turns. Light on purpose: the parent of `atrium up` imports no framework.
"""

import os
import selectors
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from atrium import child
from atrium.failure import Failed
from atrium.ready import VARIABLE

_TURN_SECONDS = 0.1
_BUSY_TURN_SECONDS = 0.02
_FIRST_DELAY = 0.5
_LONGEST_DELAY = 30.0
_STEADY_SECONDS = 60.0
_LARGEST_LOG = 20_000_000

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class ChildFailed(Failed):
    """A child ended, or did not become ready, while everything was starting; one line for a person."""


class Supervised(Protocol):
    """Something with a process: a program of ours or an embedded store."""

    @property
    def name(self) -> str:
        """How logs call it."""
        ...

    def launch(self) -> None:
        """Start without waiting."""
        ...

    def is_ready(self) -> bool:
        """It does its work."""
        ...

    def is_running(self) -> bool:
        """Its process is there."""
        ...

    def ask_to_stop(self) -> None:
        """Begin a clean end."""
        ...

    def kill(self) -> None:
        """End it now."""
        ...

    def last_words(self) -> str:
        """The last line it wrote: most likely why it ended."""
        ...


Say = Callable[[str, str], None]
"""Takes who speaks and one line."""


@dataclass(slots=True)
class _Life:
    """How one child has fared."""

    launched_at: float = 0.0
    failures: int = 0
    restart_at: float | None = None
    announced: bool = False


class Program:
    """A program of ours: `run`, called in a fork of this process; reports over a pipe when it is ready.

    Forking spares every child the imports that this process has made. It must have no other thread then.
    """

    def __init__(
        self,
        name: str,
        run: Callable[[], None],
        environment: Mapping[str, str],
        *,
        log: Path,
        inherited: Sequence[int] = (),
    ) -> None:
        self.name = name
        self.output: int | None = None
        self.exit_code: int | None = None
        self._run = run
        self._environment = dict(environment)
        self._inherited = tuple(inherited)
        self._log = log
        self._pid: int | None = None
        self._readiness: int | None = None
        self._is_ready = False
        self._rest = b""
        self._last_words = "it said nothing"

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._pid

    def launch(self) -> None:
        """Start without waiting."""
        self._close()
        readiness, told = os.pipe()
        output, written = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        parent = os.getpid()
        self._pid = os.fork()
        if self._pid == 0:
            child.become(
                self._run_clearly,
                name=f"atrium {self.name}",
                environment={**self._environment, VARIABLE: str(told)},
                output=written,
                keep=(told, *self._inherited),
                parent=parent,
            )
        os.close(told)
        os.close(written)
        os.set_blocking(readiness, False)
        os.set_blocking(output, False)
        self._readiness, self.output = readiness, output
        self._is_ready, self.exit_code = False, None

    def is_ready(self) -> bool:
        """It reported."""
        if not self._is_ready and self._readiness is not None:
            try:
                self._is_ready = bool(os.read(self._readiness, 64))
            except BlockingIOError:
                return False
        return self._is_ready

    def is_running(self) -> bool:
        """Its process is there."""
        return self._pid is not None and not self._has_ended(os.WNOHANG)

    def ask_to_stop(self) -> None:
        """Begin a clean end."""
        if self.is_running() and self._pid is not None:
            os.kill(self._pid, signal.SIGTERM)

    def kill(self) -> None:
        """End it now."""
        if self.is_running() and self._pid is not None:
            os.kill(self._pid, signal.SIGKILL)
            self._has_ended(0)

    def last_words(self) -> str:
        """The last line it wrote: most likely why it ended."""
        return self._last_words

    def lines(self) -> Iterator[str]:
        """What it has written since the last call, line by line; also kept in its log file."""
        if self.output is None:
            return
        while True:
            try:
                got = os.read(self.output, 65_536)
            except BlockingIOError:
                return
            if not got:
                os.close(self.output)
                self.output = None
                if self._rest:
                    got = b"\n"
                else:
                    return
            with self._log.open("ab") as log:
                log.write(got)
            *whole, self._rest = (self._rest + got).split(b"\n")
            for line in whole:
                text = line.decode("utf-8", errors="replace").rstrip()
                if text:
                    self._last_words = text
                    yield text
            if self.output is None:
                return

    def _run_clearly(self) -> None:
        try:
            self._run()
        except Failed as failure:
            raise SystemExit(str(failure)) from failure

    def _has_ended(self, how: int) -> bool:
        assert self._pid is not None
        ended, status = os.waitpid(self._pid, how)
        if ended:
            self.exit_code = os.waitstatus_to_exitcode(status)
            self._pid = None
        return bool(ended)

    def _close(self) -> None:
        for descriptor in (self._readiness, self.output):
            if descriptor is not None:
                os.close(descriptor)
        self._readiness = self.output = None
        self._rest = b""
        self._log.parent.mkdir(parents=True, exist_ok=True)
        if self._log.exists() and self._log.stat().st_size > _LARGEST_LOG:
            self._log.replace(self._log.with_suffix(".log.1"))


@dataclass(slots=True)
class Supervisor:
    """Keeps `children` running until a signal asks to stop; `say` shows a line at the console."""

    say: Say
    stop_seconds: float = 15.0
    children: list[Supervised] = field(default_factory=list)
    _lives: dict[str, _Life] = field(default_factory=dict)
    _asked: signal.Signals | None = None
    _wake: int = -1

    @property
    def is_asked_to_stop(self) -> bool:
        """A signal has come."""
        return self._asked is not None

    @contextmanager
    def signals(self) -> Iterator[None]:
        """Within it, SIGINT, SIGTERM and SIGHUP ask for a clean stop; a second one hurries it."""
        reading, writing = os.pipe()
        os.set_blocking(reading, False)
        os.set_blocking(writing, False)
        self._wake = reading
        before = {number: signal.signal(number, self._note) for number in STOP_SIGNALS}
        woken_before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(woken_before)
            for number, handler in before.items():
                signal.signal(number, handler)
            os.close(reading)
            os.close(writing)
            self._wake = -1

    def start(self, children: Sequence[Supervised], *, within: float) -> None:
        """Launch them all at once and wait for them."""
        self.launch(children)
        self.wait(children, within=within)

    def launch(self, children: Sequence[Supervised]) -> None:
        """Begin to start them all."""
        for one in children:
            self._launch(one)
            self.children.append(one)

    def wait(self, children: Sequence[Supervised], *, within: float) -> None:
        """Return when each is ready; ChildFailed if one does not get there.

        Returns early when a signal asks to stop.
        """
        limit = time.monotonic() + within
        while not self.is_asked_to_stop:
            waiting = [one for one in children if not self._ready(one)]
            if not waiting:
                return
            for one in waiting:
                if not one.is_running():
                    self._turn(0)
                    raise ChildFailed(f"{one.name} did not start: {one.last_words()}")
            if time.monotonic() > limit:
                names = ", ".join(one.name for one in waiting)
                raise ChildFailed(f"{names} did not become ready within {within:.0f} s")
            self._turn(_BUSY_TURN_SECONDS)

    def run_to_end(self, program: Program) -> None:
        """Run a command that ends by itself; ChildFailed with its last line if it fails."""
        program.launch()
        self.children.append(program)
        while program.is_running():
            if self.is_asked_to_stop:
                program.ask_to_stop()
            self._turn(_BUSY_TURN_SECONDS)
        self._turn(0)
        self.children.remove(program)
        if program.exit_code != 0 and not self.is_asked_to_stop:
            raise ChildFailed(f"{program.name} failed: {program.last_words()}")

    def watch(self) -> None:
        """Restart what crashes, until a signal asks to stop."""
        while not self.is_asked_to_stop:
            for one in self.children:
                self._look_after(one)
            self._turn(_TURN_SECONDS)

    def stop(self, children: Sequence[Supervised]) -> None:
        """Ask these to stop, all at once; kill what has not ended in time, or when asked a second time."""
        self._asked = None
        for one in children:
            if one.is_running():
                one.ask_to_stop()
        limit = time.monotonic() + self.stop_seconds
        while any(one.is_running() for one in children):
            if self.is_asked_to_stop or time.monotonic() > limit:
                for one in (late for late in children if late.is_running()):
                    self.say("atrium", f"{one.name} did not stop in time and is killed")
                    one.kill()
                break
            self._turn(_BUSY_TURN_SECONDS)
        self._turn(0)
        self.children = [one for one in self.children if one not in children]

    def _note(self, number: int, _frame: object) -> None:
        self._asked = signal.Signals(number)

    def _launch(self, one: Supervised) -> None:
        life = self._lives.setdefault(one.name, _Life())
        life.launched_at, life.restart_at, life.announced = time.monotonic(), None, False
        one.launch()

    def _ready(self, one: Supervised) -> bool:
        life = self._lives[one.name]
        if not life.announced:
            life.announced = one.is_ready()
        return life.announced

    def _look_after(self, one: Supervised) -> None:
        life, now = self._lives[one.name], time.monotonic()
        if life.restart_at is not None:
            if now >= life.restart_at:
                self._relaunch(one)
        elif not one.is_running():
            if now - life.launched_at > _STEADY_SECONDS:
                life.failures = 0
            delay = min(_FIRST_DELAY * 2**life.failures, _LONGEST_DELAY)
            life.failures += 1
            life.restart_at = now + delay
            self.say("atrium", f"{one.name} ended unexpectedly; starting it again in {delay:g} s")
        elif not life.announced and self._ready(one):
            self.say("atrium", f"{one.name} is ready again")

    def _relaunch(self, one: Supervised) -> None:
        try:
            self._launch(one)
        except Exception as problem:  # whatever it is, the others go on and this one is tried again
            self.say("atrium", f"{one.name} could not be started again: {problem}")

    def _turn(self, seconds: float) -> None:
        """Wait for output or a signal, at most so long; hand the output on."""
        with selectors.DefaultSelector() as selector:
            if self._wake >= 0:
                selector.register(self._wake, selectors.EVENT_READ)
            programs = {one.output: one for one in self.children if isinstance(one, Program)}
            for descriptor in programs:
                if descriptor is not None:
                    selector.register(descriptor, selectors.EVENT_READ)
            ready = [key.fd for key, _ in selector.select(seconds)]
        for descriptor in ready:
            if descriptor == self._wake:
                os.read(self._wake, 64)
            else:
                self._hand_on(programs[descriptor])

    def _hand_on(self, program: Program) -> None:
        for line in program.lines():
            self.say(program.name, line)
