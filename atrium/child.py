"""What a child process does before it does its work: dies with its parent, drops root's powers.

Two kinds: a program of somebody else's (`command`: this file is run as a script in an isolated interpreter,
so it needs nothing but the standard library, and replaces itself by the program) and a fork of this very
process (`become`).
"""

import contextlib
import ctypes
import faulthandler
import os
import signal
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import NoReturn, TextIO

NOBODY = 65534
_PR_SET_PDEATHSIG = 1
_PR_SET_NAME = 15
_CLONE_NEWUSER = 0x10000000


def command(
    argv: Sequence[str], *, death_signal: signal.Signals = signal.SIGTERM, drop: str = "keep"
) -> list[str]:
    """The command line that runs `argv` as a child of this very process.

    The child gets `death_signal` when the thread that started it ends: start children from the main thread.
    `drop` is `keep`, `setuid` (become nobody) or `namespace` (nobody in a user namespace of its own; files
    stay root's).
    """
    launcher = [sys.executable, "-I", "-S", os.path.abspath(__file__)]
    return [*launcher, str(os.getpid()), str(int(death_signal)), drop, *argv]


def main(arguments: Sequence[str]) -> None:
    """Arrange the end, drop powers, become the program."""
    # Ctrl-C in a terminal reaches the whole process group; only the parent acts on it, in its own order.
    # PostgreSQL and Redis put handlers of their own in place of this: they end at once, without loss.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent, death_signal, drop, *argv = arguments
    # Loaded before the powers are dropped: nobody may not be able to read this interpreter's library.
    libc = ctypes.CDLL(None, use_errno=True)
    match drop:
        case "setuid":
            os.setgroups([])
            os.setresgid(NOBODY, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, NOBODY)
        case "namespace":
            _enter_user_namespace(libc)
    # After the change of user, which would clear it.
    _die_with(int(parent), int(death_signal), libc)
    os.execv(argv[0], argv)


def become(
    run: Callable[[], None],
    *,
    name: str,
    environment: Mapping[str, str],
    output: int,
    keep: Sequence[int],
    parent: int,
) -> NoReturn:
    """In a fork: leave everything of the parent behind but `keep`, do the work, end.

    What the parent's objects hold is closed under them; they are never touched again, as this never returns.
    """
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        _die_with(parent, signal.SIGTERM)
        _be_called(name)
        os.dup2(output, 1)
        os.dup2(output, 2)
        sys.stdout, sys.stderr = _line_by_line(1), _line_by_line(2)
        _close_all_but(keep)
        faulthandler.register(signal.SIGUSR1)  # writes the stack of every thread into the log
        os.environ.clear()
        os.environ.update(environment)
        run()
        code = 0
    except SystemExit as end:
        code = _code_of(end)
    except BaseException as problem:
        traceback.print_exception(problem)
    finally:
        with contextlib.suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _line_by_line(descriptor: int) -> TextIO:
    return open(descriptor, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)


def _close_all_but(keep: Sequence[int]) -> None:
    kept = {0, 1, 2, *keep}
    for name in os.listdir("/proc/self/fd"):
        if int(name) not in kept:
            with contextlib.suppress(OSError):
                os.close(int(name))


def _code_of(end: SystemExit) -> int:
    if end.code is None or isinstance(end.code, int):
        return end.code or 0
    print(end.code, file=sys.stderr)
    return 1


def _die_with(parent: int, death_signal: int, libc: ctypes.CDLL | None = None) -> None:
    """End, by this signal, when the parent does; at once if it has ended already."""
    _checked((libc or ctypes.CDLL(None, use_errno=True)).prctl, _PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit("the parent process has ended")


def _be_called(name: str) -> None:
    """What `ps -o comm` and `top` show: at most 15 characters."""
    ctypes.CDLL(None).prctl(_PR_SET_NAME, name.encode()[:15], 0, 0, 0)


def _enter_user_namespace(libc: ctypes.CDLL) -> None:
    uid, gid = os.getuid(), os.getgid()
    _checked(libc.unshare, _CLONE_NEWUSER)
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{NOBODY} {uid} 1"),
        ("gid_map", f"{NOBODY} {gid} 1"),
    ):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


def _checked(function: Callable[..., int], *arguments: int) -> None:
    if function(*arguments) != 0:
        sys.exit(os.strerror(ctypes.get_errno()))


if __name__ == "__main__":
    main(sys.argv[1:])
