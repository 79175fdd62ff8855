"""`patronage up` and `patronage demo` as processes: what they print, what they leave, and how a signal ends them."""

import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.cli.failures import INTERRUPTED
from tests.faults.company import until

LONGEST_S = 250.0
PATRONAGE = str(Path(sys.executable).with_name("patronage"))


@contextmanager
def started(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """The command as a process with a temporary folder of its own, killed where a test leaves it running."""
    (folder / "tmp").mkdir(exist_ok=True)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PATRONAGE_")}
    process = subprocess.Popen(
        [PATRONAGE, *arguments],
        cwd=folder,
        env=environment | {"TMPDIR": str(folder / "tmp")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def end(process: subprocess.Popen[str], number: signal.Signals) -> tuple[int, str, str]:
    process.send_signal(number)
    output, errors = process.communicate(timeout=LONGEST_S)
    return process.returncode, output, errors


def test_up_prints_one_line_keeps_a_context_and_takes_it_away(tmp_path: Path) -> None:
    context = tmp_path / ".patronage" / "context.json"
    with started(tmp_path, "up", "--port", "0", "--json") as up:
        assert up.stdout is not None
        found = json.loads(up.stdout.readline())
        assert list(found) == ["customers", "matching", "analytics", "token", "company_id"]
        assert json.loads(context.read_text()) == found
        assert context.stat().st_mode & 0o777 == 0o600
        with started(tmp_path, "up", "--port", "0", "--json") as second:
            output, errors = second.communicate(timeout=LONGEST_S)
            assert (second.returncode, output) == (1, "")
            assert f"in use by process {up.pid}" in errors
        assert context.exists(), "it is that of the first"
        assert end(up, signal.SIGINT)[:2] == (0, "")
    assert not context.exists()


def test_the_calls_that_up_prints_can_be_pasted(tmp_path: Path) -> None:
    with started(tmp_path, "up", "--port", "0") as up:
        assert up.stdout is not None
        lines = [up.stdout.readline() for _ in range(9)]
        calls = "".join(lines[5:])
        assert "authorization" in lines[-1]
        assert shlex.split(calls)[0].startswith("TOKEN=")
        pasted = subprocess.run(["sh", "-e"], input=calls, cwd=tmp_path, capture_output=True, text=True, check=True)
        assert "patronage.customers.v1.CustomerService" in pasted.stdout
        assert pasted.stdout.count("ana@example.com") > 2
        assert end(up, signal.SIGTERM)[0] == 0


def test_a_demo_that_is_told_to_end_leaves_nothing(tmp_path: Path) -> None:
    with started(tmp_path, "demo") as demo:
        assert demo.stderr is not None
        assert demo.stderr.readline() == "import ...\n"
        code, _, errors = end(demo, signal.SIGTERM)
    *steps, last = errors.splitlines()  # steps that it came to before it heard of it
    assert (code, last) == (INTERRUPTED, "patronage: interrupted")
    assert all(step.endswith(" ...") for step in steps), errors
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_start_that_is_interrupted_is_broken_off(tmp_path: Path) -> None:
    with started(tmp_path, "up", "--port", "0", "--data-dir", "data") as up:
        until(lambda: (tmp_path / "data" / "postgres.log").exists() or up.poll() is not None, "PostgreSQL starts")
        code, output, errors = end(up, signal.SIGINT)
    assert (code, output) == (INTERRUPTED, "")
    assert errors.endswith("patronage: interrupted\n")
    assert not (tmp_path / ".patronage").exists()


def test_a_reader_that_goes_away_is_no_crash(tmp_path: Path) -> None:
    help_text = subprocess.run(  # noqa: S602
        f"{shlex.quote(PATRONAGE)} up --help | true",
        shell=True,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Traceback" not in help_text.stderr
