"""Becomes another command that runs unprivileged and dies with its launcher; run as a script, stdlib only.

usage: python -I -S guard.py LAUNCHER_PID SIGNAL UID GID COMMAND...

A script and not a `preexec_fn`: code between fork and exec can deadlock in a process that has threads (gRPC
has many), and the interpreter must start before the privileges go, since the account may not reach it.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    launcher, signal, uid, gid = (int(argument) for argument in arguments[:4])
    _become(uid, gid)
    _die_with(launcher, signal)
    command = arguments[4:]
    os.execv(command[0], command)  # noqa: S606 (replaces this process: there is no shell to be wary of)


def _become(uid: int, gid: int) -> None:
    if os.geteuid() == uid:
        return
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def _die_with(launcher: int, signal: int) -> None:
    """Comes after the change of user, which clears it; the launcher may be gone before it is set."""
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0)
    if os.getppid() != launcher:
        raise SystemExit("the launcher is gone")


if __name__ == "__main__":
    main(sys.argv[1:])
