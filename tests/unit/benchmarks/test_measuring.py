"""What benchmarks measure of processes is what these used."""

import os
import sys
from pathlib import Path

import pytest

from tests.benchmarks.measured import measured
from tests.load import runs
from tests.load.memory import Memory, held_mib


def test_the_memory_of_a_command_is_its_own_and_not_that_of_its_starter() -> None:
    held = bytearray(b"x") * (150 << 20)
    small = measured([sys.executable, "-S", "-c", "pass"])
    large = measured([sys.executable, "-S", "-c", "held = bytearray(b'x') * (80 << 20)"])
    assert len(held) >> 20 > small.memory_mib
    assert large.memory_mib - small.memory_mib == pytest.approx(80, abs=10)


def test_a_command_that_fails_is_told_with_what_it_said() -> None:
    with pytest.raises(RuntimeError, match="ended with 3: no such luck"):
        measured([sys.executable, "-S", "-c", "import sys; sys.stderr.write('no such luck'); sys.exit(3)"])


def test_memory_is_sampled_and_growth_is_between_the_second_fifth_and_the_last() -> None:
    with Memory(os.getpid()) as memory:
        pass
    assert memory.samples[0][1] == pytest.approx(held_mib(os.getpid()), rel=0.5)
    memory.samples = [(float(second), 100.0 + second) for second in range(100)]
    assert memory.settled() == (130.0, 190.0)


def test_what_is_gone_holds_nothing() -> None:
    assert held_mib(2**22 + 1) == 0.0


def test_a_load_in_which_nothing_was_called_is_read_as_such(tmp_path: Path) -> None:
    header = "Type,Name,Request Count,Failure Count,Requests/s,50%,99%,Max Response Time"
    (tmp_path / "run_stats.csv").write_text(f"{header}\n,Aggregated,0,0,0.0,N/A,N/A,0.0\n", encoding="utf-8")
    (tmp_path / "run_stats_history.csv").write_text("Timestamp,Name,Requests/s,50%,99%\n", encoding="utf-8")
    (tmp_path / "run_failures.csv").write_text("Method,Name,Error,Occurrences\n", encoding="utf-8")
    assert runs._read(tmp_path).total == runs.Calls("Aggregated", 0, 0, 0.0, 0.0, 0.0, 0.0)
