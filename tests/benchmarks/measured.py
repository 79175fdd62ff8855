"""Measured owns what a command costs: its time on the clock, on all cores, and the most memory that it held.

The command is started by a small process of its own, since the kernel counts the starter's memory as the child's.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds on the clock, CPU seconds of user and system, and peak memory in MiB."""

    seconds: float
    cpu_s: float
    memory_mib: int


def measured(command: Sequence[str | Path]) -> Cost:
    """Run a command to its end; raise RuntimeError with what it says when it fails."""
    starter = [sys.executable, "-S", __file__, *(str(part) for part in command)]
    ran = subprocess.run(starter, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise RuntimeError(f"{command[0]} ended with {ran.returncode}: {ran.stderr[-2000:]}")
    return Cost(**json.loads(ran.stdout))


def patronage(*arguments: str | Path) -> list[str | Path]:
    """Return the command `patronage` of this interpreter."""
    return [sys.executable, "-m", "services.cli.main", *arguments]


def _start(command: list[str]) -> int:
    """Run a command, print its cost as JSON, and return its exit code."""
    begun = time.perf_counter()
    process = os.posix_spawn(command[0], command, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, 2, 1)])
    _, status, used = os.wait4(process, 0)
    seconds = time.perf_counter() - begun
    cost = Cost(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss // 1024)
    sys.stdout.write(json.dumps(asdict(cost)))
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    sys.exit(_start(sys.argv[1:]))
