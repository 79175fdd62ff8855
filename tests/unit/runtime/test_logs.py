"""Structured logs."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from services.runtime.logs import get_logger, set_up_logs


@pytest.fixture(autouse=True)
def restored_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    captured = capsys.readouterr()
    assert captured.out == ""
    return [json.loads(line) for line in captured.err.splitlines()]


def test_each_event_is_one_json_line_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs()
    get_logger("part").info("it happened", count=2, name="Zoë\nTwo")
    [line] = lines(capsys)
    assert line["event"] == "it happened"
    assert line["component"] == "part"
    assert line["level"] == "info"
    assert (line["count"], line["name"]) == (2, "Zoë\nTwo")


def test_libraries_log_the_same_way(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs()
    logging.getLogger("grpc").warning("foreign %s", "words")
    [line] = lines(capsys)
    assert (line["event"], line["level"]) == ("foreign words", "warning")


def test_what_is_below_the_level_is_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs("WARNING")
    get_logger("part").info("chatter")
    logging.getLogger("lib").info("chatter")
    assert lines(capsys) == []


def test_an_exception_is_written_with_its_trace(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs()
    get_logger("part").error("failed", exc_info=ValueError("inside"))
    [line] = lines(capsys)
    assert "ValueError: inside" in str(line["exception"])


REFUSED = """duplicate key value violates unique constraint "customer_keys_pkey"
DETAIL:  Key (company_id, kind, value)=(acme, EMAIL, ana@example.com)
already exists.
HINT:  Look again."""


def test_what_the_database_says_of_a_row_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs()
    get_logger("part").warning("refused", cause=REFUSED)
    get_logger("part").error("failed", exc_info=ValueError(REFUSED))
    logging.getLogger("lib").error("it said %s", REFUSED)
    texts = [" ".join(map(str, line.values())) for line in lines(capsys)]
    assert len(texts) == 3
    assert all("customer_keys_pkey" in text and "Look again." in text for text in texts)
    assert not any("ana@example.com" in text or "already exists" in text for text in texts)


def test_a_person_can_ask_for_readable_lines(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs(log_format="console")
    get_logger("part").info("it happened", count=2)
    assert "it happened" in capsys.readouterr().err
