"""A token in a file is read again when somebody renews it, however they write."""

import os
from pathlib import Path

import pytest

from services.wire.token_file import TokenFile


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "token"
    made.write_text("one\n")
    return made


def write_at(path: Path, text: str, seconds: int = 1_000_000_000) -> None:
    """Writes at an instant: the clock of a file system may not tick between two writes."""
    path.write_text(text)
    os.utime(path, (seconds, seconds))


def test_a_token_that_is_written_anew_is_read_again(file: Path) -> None:
    write_at(file, "one\n")
    token = TokenFile(file)
    assert token.read() == "one"
    write_at(file, "two\n", 1_000_000_001)
    assert token.read() == "two"


def test_a_renewed_token_is_read_again_however_soon_it_is_renewed(file: Path, tmp_path: Path) -> None:
    write_at(file, "one\n")
    token = TokenFile(file)
    assert token.read() == "one"
    renewed = tmp_path / "renewed"
    write_at(renewed, "two\n")
    renewed.replace(file)
    assert token.read() == "two"


def test_while_the_file_is_written_anew_the_token_before_goes_on(file: Path) -> None:
    write_at(file, "one\n")
    token = TokenFile(file)
    assert token.read() == "one"
    write_at(file, "")
    assert token.read() == "one"
    write_at(file, "two\n")
    assert token.read() == "two"


def test_a_file_that_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        TokenFile(tmp_path / "nowhere").read()
