"""Runs owns one run of locust: started with a plan, ended in time, and what its files say of it."""

import csv
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.load.plan import VARIABLE

CALLERS = Path(__file__).with_name("locustfile.py")
_SPARE_S = 60
_TOTAL = "Aggregated"
_NONE = "N/A"


@dataclass(frozen=True, slots=True)
class Calls:
    """What one kind of call did; times in milliseconds."""

    name: str
    calls: int
    failures: int
    per_second: float
    p50: float
    p99: float
    longest: float


@dataclass(frozen=True, slots=True)
class Run:
    """The figures of a run: each kind of call, all together, and p99 and rate second by second."""

    kinds: list[Calls]
    total: Calls
    history: list[tuple[float, float, float]]
    """Seconds since the start, calls a second, p99."""

    failures: list[str]


def run(plan: Path, folder: Path, users: int, seconds: int, rate: float = 0.0) -> Run:
    """Call with so many users for so long, each `rate` times a second or as fast as it can.

    Locust's own page is report.html in the folder.
    """
    folder.mkdir()
    environment = {**os.environ, VARIABLE: str(plan), "PATRONAGE_LOAD_RATE": str(rate)}
    command = [
        sys.executable, "-m", "locust", "--locustfile", CALLERS, "--headless", "--only-summary", "--users", users,
        "--spawn-rate", users, "--run-time", f"{seconds}s", "--stop-timeout", 15, "--csv", folder / "run",
        "--html", folder / "report.html", "--exit-code-on-error", 0, "--host", "grpc", "--skip-log-setup",
    ]  # fmt: skip
    ended = subprocess.run(
        [str(part) for part in command], env=environment, capture_output=True, text=True, timeout=seconds + _SPARE_S,
        check=False,
    )  # fmt: skip
    if ended.returncode:
        raise RuntimeError(f"locust ended with {ended.returncode}: {ended.stderr[-2000:]}")
    return _read(folder)


def _read(folder: Path) -> Run:
    kinds = [_calls(row) for row in _rows(folder / "run_stats.csv")]
    history = [
        (float(row["Timestamp"]), float(row["Requests/s"]), float(row["99%"]))
        for row in _rows(folder / "run_stats_history.csv")
        if row["Name"] == _TOTAL and row["99%"] != _NONE
    ]
    begun = history[0][0] if history else 0.0
    failures = [f"{row['Name']}: {row['Error']} ({row['Occurrences']})" for row in _rows(folder / "run_failures.csv")]
    return Run(
        [one for one in kinds if one.name != _TOTAL],
        next(one for one in kinds if one.name == _TOTAL),
        [(at - begun, rate, p99) for at, rate, p99 in history],
        failures,
    )


def _calls(row: dict[str, str]) -> Calls:
    return Calls(
        row["Name"],
        int(row["Request Count"]),
        int(row["Failure Count"]),
        float(row["Requests/s"]),
        _milliseconds(row["50%"]),
        _milliseconds(row["99%"]),
        float(row["Max Response Time"]),
    )


def _milliseconds(text: str) -> float:
    """Read a percentile; locust has none where nothing was called."""
    return 0.0 if text == _NONE else float(text)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
