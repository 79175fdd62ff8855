"""`patronage dedupe` gives a clear result or a clear error on files that mean harm or were made badly."""

import csv
import io
from pathlib import Path

import pytest

from services.cli.main import run
from tests.benchmarks.generated import generate

HEADER = "id,name,email,phone,address\n"
ANN = "Ann Lee,ann@x.org,415-555-2671,12 Oak St"
STRANGERS = [(f"s{number}", *row) for number, row in enumerate(generate(200, 5).rows)]


@pytest.fixture
def groups(tmp_path: Path) -> Path:
    return tmp_path / "groups.csv"


def deduped(content: str | bytes, groups: Path) -> int:
    source = groups.with_name("in.csv")
    source.write_bytes(content if isinstance(content, bytes) else content.encode())
    return run(["dedupe", str(source), "--output", str(groups)])


def group_of(groups: Path) -> dict[str, str]:
    with groups.open(encoding="utf-8", newline="") as file:
        return {row["id"]: row["group_id"] for row in csv.DictReader(file)}


def test_very_many_identical_rows_are_never_split(groups: Path) -> None:
    assert deduped(HEADER + "".join(f"{number},{ANN}\n" for number in range(50_000)), groups) == 0
    found = group_of(groups)
    assert len(found) == 50_000
    assert len(set(found.values())) in (1, 50_000)


def test_very_many_who_share_one_mailbox_are_not_one(groups: Path) -> None:
    rows = (f"{number},Person{number} Of{number * 7919},info@x.org,,\n" for number in range(20_000))
    assert deduped(HEADER + "".join(rows), groups) == 0
    assert len(set(group_of(groups).values())) > 19_000


@pytest.mark.parametrize("letter", ["x", "x ", "é", "王", "\u202e", "👩‍👧 "])
def test_a_name_of_a_megabyte_is_a_name(groups: Path, letter: str) -> None:
    huge = letter * (1_000_000 // len(letter.encode()))
    content = HEADER + f"1,{huge},ann@x.org,415-555-2671,\n2,{ANN}\n3,{huge},,,\n4,Bob Ray,bob@x.org,,\n"
    assert deduped(content, groups) == 0
    assert list(group_of(groups)) == ["1", "2", "3", "4"]


@pytest.mark.parametrize(
    "name",
    ["محمد علي", "王小明", "אבי כהן", "김민준", "\u202eeel nna", "N\x00UL", "\x1b[2J", "\x01\x02\x7f", "=1+1", "<b>"],
)
def test_any_name_meets_itself_and_nobody_else(groups: Path, name: str) -> None:
    rows = [("1", name, "one@x.org", "415-555-2671", ""), ("2", name, "one@x.org", "415-555-2671", ""), *STRANGERS]
    text = io.StringIO()
    csv.writer(text).writerows([("id", "name", "email", "phone", "address"), *rows])
    assert deduped(text.getvalue(), groups) == 0
    found = group_of(groups)
    assert found["1"] == found["2"] == "1"
    assert list(found.values()).count("1") == 2


def test_rows_with_nothing_but_an_id_stay_alone(groups: Path) -> None:
    assert deduped(HEADER + "".join(f"{number},,,,\n" for number in range(30_000)), groups) == 0
    assert len(set(group_of(groups).values())) == 30_000


def test_a_header_alone_gives_a_header_alone(groups: Path) -> None:
    assert deduped(HEADER, groups) == 0
    assert groups.read_text() == "id,group_id,confidence\n"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "line 1: the file is empty"),
        (b"\n\n\n", "line 1: the file is empty"),
        (b"name,email\nAnn,a@x.org\n", "line 1: no column 'id'"),
        (b"id,colour,size\n1,red,2\n", "no usable column among id, colour, size"),
        (b"id,name,name\n1,Ann,Lee\n", "column 'name' stands twice"),
        (b"id,name\n1,Ann\n2,Bob\n1,Eve\n", "line 4, column 'id': the id '1' stands twice, first in line 2"),
        (b"id,name\n1,Ann\n,Bob\n", "line 3, column 'id': the id is empty"),
        (b"id,name\n1,Ann,more\n", "line 2, column 'name': 3 values for 2 columns"),
        (b"id,name\n1,Ann\n2,B\xffb\n", "line 3, column 'name': byte 0xff is not UTF-8"),
        (b'id,name\n1,Ann\n2,"Bob\n3,Eve\n', "line 3, column 'name': a quote opens that never closes"),
        (b"\xff\xfei\x00d\x00", "no usable column"),
        (b"\xff\xfei\x00d", "in.csv"),
        (b"\x00" * 4096, "in.csv"),
        (b"PAR1 is no CSV", "no column 'id'"),
    ],
)
def test_a_file_that_cannot_be_used_says_where_it_is_wrong(
    groups: Path, capsys: pytest.CaptureFixture[str], content: bytes, told: str
) -> None:
    assert deduped(content, groups) == 2
    message = capsys.readouterr().err.splitlines()[-1]
    assert told in message
    assert message.startswith("patronage: ")
    assert len(message) < 600
    assert not groups.exists()


def test_short_rows_are_filled_up_and_unknown_columns_ignored(groups: Path) -> None:
    assert deduped("id,name,colour,email\n1,Ann Lee\n2,Ann Lee,red\n3,Bob,blue,bob@x.org\n", groups) == 0
    assert list(group_of(groups)) == ["1", "2", "3"]


def test_a_file_of_very_many_columns_is_read(groups: Path) -> None:
    extra = ",".join(f"c{number}" for number in range(5_000))
    assert deduped(f"id,name,{extra}\n1,Ann Lee{',x' * 5_000}\n", groups) == 0
    assert group_of(groups) == {"1": "1"}
