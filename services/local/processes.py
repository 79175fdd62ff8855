"""Child processes of the launcher: started through the guard, watched until ready, ended in order."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from io import BufferedWriter
from pathlib import Path

from services.local.accounts import Account
from services.local.failures import ProcessFailedError

GUARD = Path(__file__).with_name("guard.py")
POLL_S = 0.01
TAIL_LINES = 25


def spawn(
    command: Sequence[str], *, log: Path, environment: Mapping[str, str], folder: Path, keep: Sequence[int] = ()
) -> subprocess.Popen[bytes]:
    """Starts a server in a session of its own: Ctrl-C reaches the launcher alone, which ends things in order."""
    with open_log(log) as output:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=keep,
            cwd=folder,
            env=environment,
            start_new_session=True,
        )


def spawn_guarded(
    command: Sequence[str], account: Account, *, log: Path, keep: Sequence[int] = ()
) -> subprocess.Popen[bytes]:
    """Starts a server as the account; its log is opened here, so the account need not reach it.

    The kernel ties the child to the *thread* that starts it, so start servers from a thread that lives on.
    """
    return spawn(_guarded(command, account), log=log, environment=_environment(), folder=Path("/"), keep=keep)


def run_guarded(
    command: Sequence[str], account: Account, *, keep: Sequence[int] = ()
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        _guarded(command, account),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        pass_fds=keep,
        cwd="/",
        env=_environment(),
        check=False,
    )


def wait_until(
    process: subprocess.Popen[bytes], ready: Callable[[], bool], *, name: str, log: Path, limit_s: float
) -> None:
    """Returns once ready; a process that ended, or took too long, is an error with the end of its log."""
    end = time.monotonic() + limit_s
    while not ready():
        status = process.poll()
        if status is not None:
            raise ProcessFailedError(f"{name} ended with status {status} while starting:\n{tail(log)}")
        if time.monotonic() > end:
            raise ProcessFailedError(f"{name} was not ready within {limit_s:.0f} s:\n{tail(log)}")
        time.sleep(POLL_S)


def end(process: subprocess.Popen[bytes], steps: Sequence[tuple[signal.Signals, float]]) -> int:
    """Sends each signal in turn, until the process has ended; the last step should be SIGKILL."""
    for number, patience_s in steps:
        if process.poll() is None:
            process.send_signal(number)
        try:
            return process.wait(patience_s)
        except subprocess.TimeoutExpired:
            continue
    return process.wait()


def open_log(path: Path) -> BufferedWriter:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab")


def tail(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    return "\n".join(lines[-TAIL_LINES:]) or "(its log is empty)"


def _guarded(command: Sequence[str], account: Account) -> list[str]:
    """SIGINT asks PostgreSQL for a fast shutdown, so even a killed launcher leaves clean data behind."""
    who = [str(os.getpid()), str(int(signal.SIGINT)), str(account.uid), str(account.gid)]
    return [sys.executable, "-I", "-S", str(GUARD), *who, *command]


def _environment() -> Mapping[str, str]:
    """Nothing of PG*: a variable meant for psql must not redirect the server."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}
