"""A token in a file is read again when somebody renews it, however they write."""

from pathlib import Path

import pytest

from services.wire.token_file import TokenFile


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "token"
    made.write_text("one\n")
    return made


def test_a_renewed_token_is_read_again(file: Path, tmp_path: Path) -> None:
    token = TokenFile(file)
    assert token.read() == "one"
    renewed = tmp_path / "renewed"
    renewed.write_text("two\n")
    renewed.replace(file)
    assert token.read() == "two"


def test_while_the_file_is_written_anew_the_token_before_goes_on(file: Path) -> None:
    token = TokenFile(file)
    assert token.read() == "one"
    file.write_text("")
    assert token.read() == "one"
    file.write_text("two\n")
    assert token.read() == "two"


def test_a_file_that_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        TokenFile(tmp_path / "nowhere").read()
