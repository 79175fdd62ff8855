"""Measured owns what a command costs: its time on the clock, on all cores, and the most memory that it held."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds on the clock, CPU seconds of user and system, and peak memory in MiB."""

    seconds: float
    cpu_s: float
    memory_mib: int


def measured(command: Sequence[str | Path]) -> Cost:
    """Run a command to its end; raise RuntimeError with what it says when it fails."""
    begun = time.perf_counter()
    process = subprocess.Popen([str(part) for part in command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert process.stderr is not None
    try:
        said = process.stderr.read()
        _, status, used = os.wait4(process.pid, 0)
    except BaseException:
        process.kill()
        raise
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - begun
    if process.returncode:
        raise RuntimeError(f"{command[0]} ended with {process.returncode}: {said.decode(errors='replace')[-2000:]}")
    return Cost(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss // 1024)


def patronage(*arguments: str | Path) -> list[str | Path]:
    """Return the command `patronage` of this interpreter."""
    return [sys.executable, "-m", "services.cli.main", *arguments]
