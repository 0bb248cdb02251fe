"""What a child process does before it becomes its program: dies with its parent, drops root's powers.

Run as a script by `command()`, in an isolated interpreter, so that it needs nothing but the standard
library and works from a parent with threads (unlike `preexec_fn`). It replaces itself by the program:
the process id stays.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Callable, Sequence

NOBODY = 65534
_PR_SET_PDEATHSIG = 1
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
    _checked(libc.prctl, _PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
    if os.getppid() != int(parent):
        sys.exit("the parent process has ended")
    os.execv(argv[0], argv)


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
