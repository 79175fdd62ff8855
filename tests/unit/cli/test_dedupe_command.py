"""`patronage dedupe` reads what people have, writes what was promised, and says where a file is bad."""

import csv
import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pytest

from services.cli.dedupe_input import read_records
from services.cli.main import run
from tests.unit.matching.customers import people


def write_csv(path: Path, rows: list[dict[str, str]], delimiter: str = ",", encoding: str = "utf-8") -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)
    return path


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def groups(tmp_path: Path) -> Path:
    return tmp_path / "groups.csv"


@pytest.fixture
def customers(tmp_path: Path) -> Path:
    return write_csv(tmp_path / "customers.csv", people(120, copies=15))


def test_every_row_comes_back_in_order_with_its_group(customers: Path, groups: Path) -> None:
    assert run(["dedupe", str(customers), "--output", str(groups)]) == 0
    rows = read_csv(groups)
    assert [row["id"] for row in rows] == [row["id"] for row in read_csv(customers)]
    assert list(rows[0]) == ["id", "group_id", "confidence"]
    assert rows[0]["group_id"] == rows[120]["group_id"] == "copy-0"
    assert rows[50] == {"id": "person-50", "group_id": "person-50", "confidence": ""}


def test_pairs_and_report_are_written_when_asked_for(customers: Path, groups: Path, tmp_path: Path) -> None:
    pairs, report = tmp_path / "pairs.csv", tmp_path / "report.json"
    command = ["dedupe", str(customers), "-o", str(groups), "--pairs", str(pairs), "--report", str(report)]
    assert run(command) == 0
    first = read_csv(pairs)[0]
    assert list(first) == ["id_a", "id_b", "weight", "probability", "confidence"]
    assert float(first["probability"]) > 0
    assert json.loads(report.read_text())["records"] == 135


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_delimiters_and_a_byte_order_mark_are_understood(
    tmp_path: Path, groups: Path, delimiter: str, encoding: str
) -> None:
    source = write_csv(tmp_path / "in.csv", people(40, copies=5), delimiter, encoding)
    assert run(["dedupe", str(source), "-o", str(groups)]) == 0
    assert len({row["group_id"] for row in read_csv(groups)}) == 40


def test_parquet_is_read_like_csv(customers: Path, groups: Path, tmp_path: Path) -> None:
    parquet = tmp_path / "customers.parquet"
    duckdb.sql(f"copy (from read_csv('{customers}', all_varchar=true)) to '{parquet}'")
    assert run(["dedupe", str(parquet), "-o", str(groups)]) == 0
    assert len({row["group_id"] for row in read_csv(groups)}) == 120


@pytest.mark.parametrize("name", ["list [1]", "list *", "list ?"])
@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_a_file_whose_name_looks_like_a_pattern_is_read_alone(
    tmp_path: Path, groups: Path, name: str, ending: str
) -> None:
    for stem, record_id in ((name, "right"), ("list 1", "wrong")):
        target = str(tmp_path / f"{stem}{ending}")
        plain = tmp_path / "plain"
        duckdb.sql(f"copy (select '{record_id}' id, 'Ann Lee' \"name\") to '{plain}{ending}'")
        Path(f"{plain}{ending}").rename(target)
    assert run(["dedupe", str(tmp_path / f"{name}{ending}"), "-o", str(groups)]) == 0
    assert [row["id"] for row in read_csv(groups)] == ["right"]


def test_a_folder_named_like_a_value_gives_no_values(tmp_path: Path) -> None:
    folder = tmp_path / "email=bob@x.org"
    folder.mkdir()
    rows = "select 'a' id, 'Ann Lee' \"name\", 'a@x.org' email union all select 'b', 'Zoe Fox', 'z@y.org'"
    duckdb.sql(f"copy ({rows}) to '{tmp_path / 'in.parquet'}'")
    (tmp_path / "in.parquet").rename(folder / "in.parquet")
    records = read_records(folder / "in.parquet", {}, None, "US")
    assert list(records.columns.base["email"].values) == ["a@x.org", "z@y.org"]


def test_columns_by_other_names_are_mapped_and_others_ignored(tmp_path: Path, groups: Path) -> None:
    rows = [
        {"No": row["id"], "Mail": row["email"], "surname": row["family_name"], "colour": "red"}
        for row in people(40, copies=5)
    ]
    source = write_csv(tmp_path / "in.csv", rows)
    mapping = ["--map", "No=id", "--map", "Mail=email", "--map", "surname=family_name"]
    assert run(["dedupe", str(source), "-o", str(groups), *mapping]) == 0
    assert len(read_csv(groups)) == 45


def test_two_sources_are_linked_without_pairs_inside_one(tmp_path: Path, groups: Path) -> None:
    rows = [dict(row, shop="b" if row["id"].startswith("copy") else "a") for row in people(120, copies=15)]
    source = write_csv(tmp_path / "in.csv", rows)
    assert run(["dedupe", str(source), "-o", str(groups), "--source", "shop", "--link-only"]) == 0
    assert len({row["group_id"] for row in read_csv(groups)}) == 120


def test_the_report_goes_to_stdout_and_progress_to_stderr(
    customers: Path, groups: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["dedupe", str(customers), "-o", str(groups), "--json"]) == 0
    shown = capsys.readouterr()
    (line,) = shown.out.splitlines()
    assert json.loads(line)["groups"] == 15
    assert "cluster" in shown.err


def test_a_header_alone_gives_a_header_alone(tmp_path: Path, groups: Path) -> None:
    (tmp_path / "in.csv").write_text("id,name\n")
    assert run(["dedupe", str(tmp_path / "in.csv"), "-o", str(groups)]) == 0
    assert groups.read_text() == "id,group_id,confidence\n"


def test_quoted_lines_and_leading_zeros_survive(tmp_path: Path, groups: Path) -> None:
    (tmp_path / "in.csv").write_text('id,name\n007,"Ann\nLee"\n7,"Lee, Ann"\n')
    assert run(["dedupe", str(tmp_path / "in.csv"), "-o", str(groups)]) == 0
    assert [row["id"] for row in read_csv(groups)] == ["007", "7"]


BAD_FILES = {
    "a repeated id": (
        b"id,name\n1,Ann\n2,Bob\n1,Cid\n",
        "line 4, column 'id': the id '1' stands twice, first in line 2",
    ),
    "a repeated id after a quoted line": (b'id,name\n1,"A\nnn"\n1,B\n', "line 4, column 'id'"),
    "an empty id": (b"id,name\n1,Ann\n ,Bob\n", "line 3, column 'id': the id is empty"),
    "no id": (b"key,name\n1,Ann\n", "line 1: no column 'id'"),
    "no usable column": (b"id,colour\n1,red\n", "line 1: no usable column"),
    "nothing at all": (b"", "line 1: the file is empty"),
    "bad UTF-8": (b"id,name,city\n1,Ann,X\n2,B\xff,Y\n", "line 3, column 'name': byte 0xff is not UTF-8"),
    "too many values": (b"id,name\n1,Ann\n2,Bob,extra\n", "line 3, column 'name': 3 values for 2 columns"),
    "a quote that never closes": (
        b'id,name\n1,"A\nB"\n2,"Ann\n3,Bob\n',
        "line 4, column 'name': a quote opens that never closes",
    ),
    "a column twice": (b"id,name,name\n1,Ann,Lee\n", "line 1: column 'name' stands twice"),
}


@pytest.mark.parametrize("content", BAD_FILES)
def test_a_bad_file_ends_with_2_and_names_the_place(
    content: str, tmp_path: Path, groups: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in.csv").write_bytes(BAD_FILES[content][0])
    assert run(["dedupe", str(tmp_path / "in.csv"), "-o", str(groups)]) == 2
    assert BAD_FILES[content][1] in capsys.readouterr().err
    assert not groups.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        ["--threshold", "101"],
        ["--memory", "plenty"],
        ["--region", "XX"],
        ["--link-only"],
        ["--source", "nowhere", "--link-only"],
        ["--map", "nothing"],
        ["--map", "name=colour"],
        ["--no-such-option"],
    ],
)
def test_bad_usage_ends_with_2(wrong: list[str], customers: Path, groups: Path) -> None:
    assert run(["dedupe", str(customers), "-o", str(groups), *wrong]) == 2


def test_the_input_is_never_overwritten(customers: Path) -> None:
    before = customers.read_bytes()
    assert run(["dedupe", str(customers), "-o", str(customers)]) == 2
    assert customers.read_bytes() == before


def test_a_missing_file_ends_with_2(tmp_path: Path, groups: Path) -> None:
    assert run(["dedupe", str(tmp_path / "nowhere.csv"), "-o", str(groups)]) == 2


def test_a_file_that_is_no_parquet_ends_with_2(tmp_path: Path, groups: Path) -> None:
    (tmp_path / "in.parquet").write_bytes(b"no parquet")
    assert run(["dedupe", str(tmp_path / "in.parquet"), "-o", str(groups)]) == 2


def test_an_output_that_cannot_be_written_ends_with_1(customers: Path, tmp_path: Path) -> None:
    assert run(["dedupe", str(customers), "-o", str(tmp_path / "nowhere" / "groups.csv")]) == 1


@pytest.mark.parametrize("option", ["--output", "--pairs", "--report"])
def test_an_output_that_cannot_be_written_is_told_before_the_work(
    option: str, customers: Path, tmp_path: Path, groups: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for bad in (tmp_path, tmp_path / "nowhere" / "groups.csv", ""):
        assert run(["dedupe", str(customers), "-o", str(groups), option, str(bad)]) == 1
        assert "read" not in capsys.readouterr().err
    assert not groups.exists()


def test_a_pipe_or_device_is_written_to_and_never_replaced(customers: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor(1) as reader:
        text = reader.submit(pipe.read_text)
        assert run(["dedupe", str(customers), "-o", str(pipe)]) == 0
        assert text.result().startswith("id,group_id,confidence\n")
    assert pipe.is_fifo()


def test_a_linked_output_stays_a_link(customers: Path, tmp_path: Path, groups: Path) -> None:
    (tmp_path / "link.csv").symlink_to(groups)
    assert run(["dedupe", str(customers), "-o", str(tmp_path / "link.csv")]) == 0
    assert (tmp_path / "link.csv").is_symlink()
    assert len(read_csv(groups)) == 135


def test_a_folder_is_no_input(tmp_path: Path, groups: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["dedupe", str(tmp_path), "-o", str(groups)]) == 2
    assert "not a file" in capsys.readouterr().err


def test_a_separator_inside_quotes_of_the_header_is_none(tmp_path: Path, groups: Path) -> None:
    (tmp_path / "in.csv").write_text('id;"a, b, c, d";name\n1;x;Ann\n')
    assert run(["dedupe", str(tmp_path / "in.csv"), "-o", str(groups)]) == 0


def test_an_interruption_ends_with_130(customers: Path, groups: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("services.cli.dedupe.api.dedupe", interrupted)
    assert run(["dedupe", str(customers), "-o", str(groups)]) == 130
    assert not groups.exists()
