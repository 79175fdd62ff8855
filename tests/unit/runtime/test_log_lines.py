"""Lines on their way to standard error: their order, and which of them wait."""

import io
import threading

import pytest

from services.runtime import log_lines
from services.runtime.log_lines import LogLines

LONG_S = 90.0


class Noted(io.StringIO):
    """A stream that says when it was written to."""

    def __init__(self) -> None:
        super().__init__()
        self.written = threading.Event()

    def write(self, text: str) -> int:
        size = super().write(text)
        self.written.set()
        return size


class Broken(Noted):
    """A stream that nobody reads any more, for once."""

    def write(self, text: str) -> int:
        if not self.written.is_set():
            self.written.set()
            raise BrokenPipeError
        return super().write(text)


def test_each_line_is_written_at_once_by_a_process_that_answers_no_calls() -> None:
    stream = Noted()
    lines = LogLines(stream)
    lines.info("one")
    assert stream.getvalue() == "one\n"
    lines.debug("two")
    assert stream.getvalue() == "one\ntwo\n"


def test_a_line_that_waits_is_written_by_itself() -> None:
    stream = Noted()
    lines = LogLines(stream)
    lines.write_together()
    for line in ("one", "two"):
        stream.written.clear()
        lines.info(line)
        assert stream.written.wait(LONG_S)
    lines.flush()
    assert stream.getvalue() == "one\ntwo\n"


@pytest.mark.parametrize("level", ["warning", "error", "critical"])
def test_a_warning_or_an_error_is_written_at_once_after_what_came_before_it(level: str) -> None:
    stream = Noted()
    lines = LogLines(stream)
    lines.write_together()
    lines.info("one")
    getattr(lines, level)("two")
    assert stream.getvalue() == "one\ntwo\n"


def test_what_other_libraries_write_keeps_its_place() -> None:
    stream = Noted()
    lines = LogLines(stream)
    lines.write_together()
    lines.info("one")
    assert lines.write("two\n") == 4
    lines.flush()
    lines.info("three")
    lines.flush()
    assert stream.getvalue() == "one\ntwo\nthree\n"


def test_a_caller_writes_when_a_thousand_lines_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_lines, "_LATER_S", 3_600.0)
    stream = Noted()
    lines = LogLines(stream)
    lines.write_together()
    for number in range(1_000):
        lines.info(str(number))
    assert stream.getvalue() == ""
    lines.info("one more")
    assert stream.getvalue().count("\n") == 1_001


def test_lines_of_many_threads_are_each_written_once() -> None:
    stream = Noted()
    lines = LogLines(stream)
    lines.write_together()

    def tell(number: int) -> None:
        for place in range(2_000):
            lines.info(f"{number} {place}")

    threads = [threading.Thread(target=tell, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines.flush()
    told = stream.getvalue().splitlines()
    assert sorted(told) == sorted(f"{number} {place}" for number in range(4) for place in range(2_000))
    for number in range(4):
        mine = [line for line in told if line.startswith(f"{number} ")]
        assert mine == [f"{number} {place}" for place in range(2_000)]


def test_a_stream_that_fails_once_ends_no_later_line() -> None:
    stream = Broken()
    lines = LogLines(stream)
    lines.write_together()
    lines.info("lost")
    assert stream.written.wait(LONG_S)
    lines.warning("kept")
    assert stream.getvalue().endswith("kept\n")
