"""A file is read in the encoding that it is said to be written in, and an error names the first byte that is not."""

from pathlib import Path

import pytest

from services.cli.dedupe_input import read_evidence, read_records
from services.cli.engine_options import encoding_named
from services.cli.failures import BadInputFailure
from services.cli.main import run
from services.cli.plain_files import layout_of

NAMES = "id;Vorname;Nachname;E-Mail\n1;Jürgen;Groß;j@gross.de\n2;Jürgen;Groß;j@gross.de\n3;Zoë;Šimic;z@simic.de\n"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (path := tmp_path / "in.csv").write_bytes(NAMES.replace("\n", "\r\n").encode("cp1252"))
    return path


def read_names(path: Path, encoding: str) -> list[list[str]]:
    base = read_records(path, {}, None, "DE", encoding).columns.base
    return [[base[name].values[code] for code in base[name].codes[:, 0]] for name in ("given", "family")]


def test_a_file_of_windows_is_read_the_quick_way_when_its_encoding_is_named(source: Path) -> None:
    assert read_names(source, "cp1252") == [["jurgen", "jurgen", "zoe"], ["gross", "gross", "simic"]]
    layout = layout_of(source, "cp1252")
    assert layout is not None
    assert (layout.header[1], layout.encoding) == ("Vorname", "cp1252")
    assert read_evidence(source, {}, encoding="cp1252").fields["family_name"] == ("Groß", "Groß", "Šimic")


@pytest.mark.parametrize("encoding", ["", "utf-8", "UTF8", "utf-16"])
def test_unicode_is_read_with_its_byte_order_mark_or_without(tmp_path: Path, encoding: str) -> None:
    (path := tmp_path / "in.csv").write_text(NAMES, encoding="utf-16" if encoding == "utf-16" else "utf-8-sig")
    assert read_names(path, encoding_named(encoding))[1] == ["gross", "gross", "simic"]


def test_dedupe_and_explain_take_an_encoding(source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    groups = tmp_path / "groups.csv"
    assert run(["dedupe", str(source), "-o", str(groups), "--encoding", "cp1252"]) == 0
    assert [line.split(",")[1] for line in groups.read_text().splitlines()[1:]] == ["1", "1", "3"]
    capsys.readouterr()
    assert run(["explain", "1", "2", "--in", str(source), "--encoding", "latin-1", "--json"]) == 0
    assert "gross" in capsys.readouterr().out


def test_evaluate_takes_an_encoding(source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (truth := tmp_path / "truth.csv").write_text("id,cluster\n1,a\n2,a\n3,b\n")
    assert run(["evaluate", str(source), "--truth", str(truth), "--encoding", "cp1252", "--json"]) == 0
    assert '"f1": 1.0' in capsys.readouterr().out


def test_without_it_the_first_bad_byte_is_named_with_what_to_try(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["dedupe", str(source), "-o", str(tmp_path / "groups.csv")]) == 2
    told = capsys.readouterr().err
    assert "line 2, column 'Vorname': byte 0xfc is not UTF-8" in told
    assert "--encoding cp1252" in told


def test_a_byte_that_the_named_encoding_has_not_is_told_with_its_place(source: Path) -> None:
    source.write_bytes(source.read_bytes() + b"4;A\x81;B;\r\n")
    with pytest.raises(BadInputFailure, match=r"line 5, column 'Vorname': byte 0x81 is not cp1252$"):
        read_records(source, {}, None, "DE", "cp1252")


def test_a_damaged_file_of_utf_16_is_called_that(source: Path) -> None:
    source.write_bytes(NAMES.encode("utf-16") + b"4")
    with pytest.raises(BadInputFailure, match=r"line 5, column 'E-Mail': byte 0x34 is not UTF-16$"):
        read_records(source, {}, None, "DE")


def test_an_encoding_that_says_no_place_of_what_is_wrong_is_refused_in_a_sentence(source: Path) -> None:
    with pytest.raises(BadInputFailure, match=r"is not punycode$|: not punycode$"):
        read_records(source, {}, None, "DE", "punycode")


@pytest.mark.parametrize("name", ["cp99999", "hex", "undefined"])
def test_an_unknown_encoding_is_refused(source: Path, tmp_path: Path, name: str) -> None:
    assert run(["dedupe", str(source), "-o", str(tmp_path / "groups.csv"), "--encoding", name]) == 2
