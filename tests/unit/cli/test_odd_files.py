"""Files of another kind than their names say, marks, pipes, and options that would do nothing end in one clear line."""

import bz2
import codecs
import gzip
import lzma
import os
from pathlib import Path

import duckdb
import pytest

from services.cli.dedupe_input import read_evidence, read_records
from services.cli.engine_options import encoding_named
from services.cli.failures import BadInputFailure
from services.cli.main import run

PLAIN = b"id,name,email\n1,Ann Lee,a@x.org\n2,Ann Lee,a@x.org\n"
FOREIGN = {
    "gzip": (gzip.compress(PLAIN), "compressed with gzip; unpack it first"),
    "bzip2": (bz2.compress(PLAIN), "compressed with bzip2; unpack it first"),
    "xz": (lzma.compress(PLAIN), "compressed with xz; unpack it first"),
    "a workbook": (b"PK\x03\x04" + bytes(60), "a zip archive or a workbook"),
    "an old workbook": (b"\xd0\xcf\x11\xe0" + bytes(60), "a workbook (.xls); save the sheet as CSV"),
    "Parquet": (b"PAR1\r,\xe9PAR1", "Parquet, whatever its name says"),
}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (path := tmp_path / "in.csv").write_bytes(PLAIN)
    return path


def told(capsys: pytest.CaptureFixture[str], *command: str) -> str:
    """Return the one line that a refused command ends with."""
    assert run(command) in (1, 2)
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("patronage: ")]
    assert len(lines) == 1
    return lines[0]


@pytest.mark.parametrize("kind", FOREIGN)
def test_a_file_of_another_kind_is_told_by_its_first_bytes(kind: str, source: Path) -> None:
    source.write_bytes(FOREIGN[kind][0])
    with pytest.raises(BadInputFailure) as failure:
        read_records(source, {}, None, "US")
    assert FOREIGN[kind][1] in str(failure.value)


def test_a_file_that_is_only_called_parquet_is_told(tmp_path: Path) -> None:
    (path := tmp_path / "in.parquet").write_bytes(PLAIN)
    with pytest.raises(BadInputFailure, match="not Parquet, whatever its name says"):
        read_records(path, {}, None, "US")


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8", "utf-16-le", ""])
@pytest.mark.parametrize("written", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_goes_before_the_encoding_that_is_named(source: Path, written: str, encoding: str) -> None:
    source.write_text("id,name,email\n1,Jürgen Groß,j@x.org\n", encoding=written)
    codec = encoding_named(encoding)
    assert "gross" in list(read_records(source, {}, None, "DE", codec).columns.base["family"].values)
    assert read_evidence(source, {}, encoding=codec).fields["name"] == ("Jürgen Groß",)


def test_a_byte_that_is_not_as_the_mark_says_is_named_with_its_place(source: Path) -> None:
    source.write_bytes(codecs.BOM_UTF8 + b"id,name\n1,Ann\n2,B\xe9\n")
    place = r"line 3, column 'name': byte 0xe9 is not UTF-8"
    with pytest.raises(BadInputFailure, match=rf"{place}$"):
        read_records(source, {}, None, "US")
    with pytest.raises(BadInputFailure, match=rf"{place}, which its byte order mark says$"):
        read_records(source, {}, None, "US", "cp1252")


def test_a_bad_byte_behind_lines_of_an_old_mac_is_named_with_its_place(source: Path) -> None:
    source.write_bytes(b"id,name\r1,Ann\r2,B\xe9\r")
    with pytest.raises(BadInputFailure, match=r"line 3, column 'name': byte 0xe9 is not UTF-8"):
        read_records(source, {}, None, "US")


@pytest.mark.parametrize("heading", ["a\nb", "a\rb", "a\r\nb"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("delimiter", [",", ";"])
def test_a_line_end_in_a_heading_hides_no_row(source: Path, heading: str, end: str, delimiter: str) -> None:
    rows = (f'"{heading}"', "id", "name"), ("x", "1", "Ann"), ("y", "2", "Bo")
    source.write_bytes(end.join(delimiter.join(row) for row in rows).encode())
    assert list(read_records(source, {}, None, "US").ids) == ["1", "2"]


def test_the_truth_is_read_in_the_encoding_of_the_customers(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source.write_bytes("id,name\nä,Ann Lee\nö,Ann Lee\n".encode("cp1252"))
    (truth := source.with_name("truth.csv")).write_bytes("id,cluster\nä,1\nö,1\n".encode("cp1252"))
    assert run(["evaluate", str(source), "--truth", str(truth), "--encoding", "cp1252", "--json"]) == 0
    assert '"true_pairs": 1' in capsys.readouterr().out


def test_a_pipe_is_no_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.mkfifo(pipe := tmp_path / "pipe")
    for name in ("-", str(pipe)):
        assert "a pipe, which cannot be read twice" in told(capsys, "dedupe", name, "-o", str(tmp_path / "groups.csv"))


def test_a_dash_is_no_file_to_write(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "name a file, or /dev/stdout" in told(capsys, "dedupe", str(source), "-o", "-")
    assert not Path("-").exists()


def test_a_heading_that_steers_a_terminal_is_shown_without_it(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source.write_bytes(b"\x1b[2Jkey,name\n1,Ann\n")
    command = ("dedupe", str(source), "-o", str(source.with_name("groups.csv")))
    assert "among \N{REPLACEMENT CHARACTER}[2Jkey, name" in told(capsys, *command)


@pytest.mark.parametrize(
    "command",
    [
        ["explain", "1", "2", "--encoding", "cp1252"],
        ["explain", "1", "2", "--map", "a=name"],
        ["explain", "1", "2", "--ignore", "a"],
        ["explain", "1", "2", "--region", "US"],
        ["explain", "--group", "a", "--encoding", "cp1252"],
        ["explain", "1", "2", "--in", "IN", "--context", "context.json"],
        ["evaluate", "IN", "--truth", "IN", "--worst", "0"],
        ["duplicates", "--no-scan", "--threshold", "0"],
        ["export", "-o", "OUT", "--include-denied"],
    ],
)
def test_an_option_that_would_do_nothing_is_refused(
    command: list[str], source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    places = {"IN": str(source), "OUT": str(source.with_name("out.csv"))}
    option = next(word for word in reversed(command) if word.startswith("--"))
    assert f"patronage: {option} would do nothing" in told(capsys, *(places.get(word, word) for word in command))


def test_an_encoding_of_parquet_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "in.parquet"
    duckdb.sql(f"copy (select 1 id, 'Ann' \"name\") to '{path}'")
    with pytest.raises(BadInputFailure, match="--encoding is for CSV"):
        read_records(path, {}, None, "US", "cp1252")


def test_one_row_is_not_explained_against_itself(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "expected two ids, and both are '1'" in told(capsys, "explain", "1", "1", "--in", str(source))
