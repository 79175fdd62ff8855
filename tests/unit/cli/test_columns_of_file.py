"""Columns of a file that are no evidence, since somebody says so or by their headings, are told with the reason."""

import json
from pathlib import Path

import duckdb
import pytest

from services.cli.dedupe_input import read_customers, read_evidence, read_records
from services.cli.engine_options import ignored_of
from services.cli.failures import BadInputFailure
from services.cli.further_headings import MOST_FURTHER, by_heading, further
from services.cli.main import run
from tests.unit.cli.test_dedupe_command import write_csv
from tests.unit.matching.customers import people

BLANK_FIRST_LINE = pytest.mark.parametrize("before", ["", "\n"], ids=["read by SQL", "read row by row"])


def told(header: str, ignored: tuple[str, ...] = ()) -> dict[str, str]:
    names = header.split(",")
    return dict(by_heading(names, further(names, {"id", "name"}, ignored)))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    rows = [{**row, "Пол": "жм"[at % 2], "Home Ward": f"w{at % 5}"} for at, row in enumerate(people(300, copies=40))]
    return write_csv(tmp_path / "in.csv", rows)


def report_of(source: Path, *options: str) -> dict[str, str]:
    report = source.with_name("report.json")
    command = ["dedupe", str(source), "-o", str(source.with_name("groups.csv")), "--report", str(report), *options]
    assert run(command) == 0
    columns: dict[str, str] = json.loads(report.read_text())["model"]["columns"]
    return columns


def test_an_ignored_column_is_no_evidence_and_the_report_says_so(source: Path) -> None:
    found = report_of(source)
    assert found.keys() == {"пол", "home_ward"}
    assert "ignored, as asked" not in found.values()
    assert report_of(source, "--ignore", "Пол", "--ignore", "Home Ward") == dict.fromkeys(
        ("Пол", "Home Ward"), "ignored, as asked"
    )


def test_a_column_may_be_ignored_by_the_name_that_the_report_gives_it(source: Path) -> None:
    assert report_of(source, "--ignore", "home_ward")["Home Ward"] == "ignored, as asked"


@BLANK_FIRST_LINE
def test_an_ignored_field_of_a_customer_is_compared_no_more(tmp_path: Path, before: str) -> None:
    (path := tmp_path / "in.csv").write_text(before + "id,name,email,e-mail\n1,Ann Lee,a@x.org,b@x.org\n")
    assert read_records(path, {}, None, "US").columns.has("email")
    records = read_records(path, {}, None, "US", ignored=["email", "e-mail"])
    assert not records.columns.has("email")
    assert records.left_out == {"column_email": "ignored, as asked", "column_e-mail": "ignored, as asked"}


def test_where_one_column_is_ignored_another_may_stand_for_its_field(tmp_path: Path) -> None:
    (path := tmp_path / "in.csv").write_text("id,Name,name,city\n1,Shop,Ann Lee,Bonn\n")
    with pytest.raises(BadInputFailure, match="'name' stands twice"):
        read_evidence(path, {})
    assert read_evidence(path, {}, ignored=["Name"]).fields["name"] == ("Ann Lee",)


def test_the_source_may_be_told_by_an_ignored_column(tmp_path: Path) -> None:
    (path := tmp_path / "in.csv").write_text("id,name,country\n1,Ann Lee,KE\n2,Bo Ray,US\n")
    customers = read_evidence(path, {}, "country", ignored=["country"])
    assert (customers.sources, set(customers.fields)) == (("KE", "US"), {"name"})


def test_columns_to_ignore_that_are_not_there_are_all_named_with_those_that_are(source: Path) -> None:
    with pytest.raises(BadInputFailure) as failure:
        read_records(source, {}, None, "US", ignored=ignored_of(["sex", "Пол", "ward"]))
    assert "line 1: no columns 'sex', 'ward' for --ignore; the file has id, " in str(failure.value)
    assert str(failure.value).endswith("Пол, Home Ward")


def test_of_very_many_columns_the_first_ones_are_listed(tmp_path: Path) -> None:
    (path := tmp_path / "in.csv").write_text(f"id,name,{','.join(f'c{number}' for number in range(5_000))}\n")
    with pytest.raises(BadInputFailure, match=r"c17 and 4,982 more$"):
        read_records(path, {}, None, "US", ignored=["sex"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--map", "email=phone", "--ignore", "email"], "--map email=phone and --ignore email contradict"),
        (["--map", "email=phone", "--map", "email=name"], "--map email=name: 'email' is mapped to phone already"),
        (["--ignore", "id"], "no column 'id' among"),
    ],
)
def test_columns_are_not_spoken_of_in_two_ways(
    options: list[str], message: str, source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["dedupe", str(source), "-o", str(source.with_name("groups.csv")), *options]) == 2
    assert message in capsys.readouterr().err


@BLANK_FIRST_LINE
def test_headings_of_any_script_name_columns_that_are_compared(tmp_path: Path, before: str) -> None:
    header = ["id", "name", "Пол", "性别", "लिंग", "Beruf (Größe)", "मकान-नंबर"]
    rows = [[str(number), f"Ann Lee{number}", *("ab"[number % 2] * (len(header) - 2))] for number in range(200)]
    (path := tmp_path / "in.csv").write_text(before + "\n".join(",".join(row) for row in [header, *rows]))
    records = read_records(path, {}, None, "US")
    found = {name for name in records.columns.base if name.startswith("column_")}
    assert found == {"column_пол", "column_性别", "column_लिंग", "column_beruf_grosse", "column_मकान_नंबर"}


def test_every_column_that_is_left_out_by_its_heading_is_told_with_the_reason() -> None:
    assert told("id,name,#,,row_number,🎂,sex,Sex,sex,full_name,age", ()) == {
        "#": "its heading has no letter or digit",
        "no heading (column 4)": "it has no heading",
        "row_number": "named like a row number, a group or a note",
        "🎂": "its heading has no letter or digit",
        "Sex": "an earlier column has its heading",
        "sex (column 9)": "an earlier column has its heading",
        "full_name": "of a field that other columns give",
        "age": "of a field that other columns give",
    }
    assert told("id,name,GENDER,gender", ("gender",)) == {"gender (column 4)": "ignored, as asked"}


def test_columns_beyond_the_first_ones_are_told() -> None:
    header = ",".join(["id,name", *(f"c{number}" for number in range(MOST_FURTHER + 2))])
    beyond = f"beyond the first {MOST_FURTHER} further columns"
    assert told(header) == {f"c{MOST_FURTHER}": beyond, f"c{MOST_FURTHER + 1}": beyond}
    assert told(header, ("c0", "c1")) == {"c0": "ignored, as asked", "c1": "ignored, as asked"}


def test_columns_that_are_not_imported_are_told(tmp_path: Path) -> None:
    (path := tmp_path / "in.csv").write_text("id,given,surname,full_name,sex,phone,phone 2,age\n1,Ann,Lee,x,f,1,2,30\n")
    customers = read_customers(path, {}, ignored=["phone"])
    assert set(customers.fields) == {"given_name", "family_name", "phone"}
    assert customers.left_out == {
        "full_name": "of a field that other columns give",
        "sex": "no field of a customer",
        "phone": "ignored, as asked",
        "age": "no field of a customer",
    }


def test_dedupe_explain_and_evaluate_tell_people_of_the_columns(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = source.read_text().splitlines()[1:]
    ids = [line.split(",")[0] for line in lines]
    (truth := tmp_path / "truth.csv").write_text(
        "id,cluster\n" + "".join(f"{one},{one.split('-')[-1]}\n" for one in ids)
    )
    page = tmp_path / "page.html"
    for command in (
        ["dedupe", str(source), "-o", str(tmp_path / "groups.csv")],
        ["explain", ids[0], ids[1], "--in", str(source), "--html", str(page)],
        ["evaluate", str(source), "--truth", str(truth), "--html", str(page)],
    ):
        assert run([*command, "--ignore", "Home Ward"]) == 0
        shown = capsys.readouterr().out
        assert "ignored, as asked" in shown
        assert "Home Ward" in shown
        if page.exists():
            assert "ignored, as asked" in page.read_text()
            page.unlink()


def test_a_heading_in_no_font_of_the_picture_is_drawn_as_text(tmp_path: Path) -> None:
    rows = [{**row, "性别": "男女"[at % 2], "जाति": f"{at % 3}"} for at, row in enumerate(people(300, copies=40))]
    source, page = write_csv(tmp_path / "in.csv", rows), tmp_path / "page.html"
    assert run(["explain", "person-0", "copy-0", "--in", str(source), "--html", str(page)]) == 0
    assert ">column 性别<" in page.read_text()


def test_lists_and_whole_numbers_of_parquet_are_read_as_what_they_say(tmp_path: Path) -> None:
    path = tmp_path / "in.parquet"
    rows = (
        "select 1.0::double id, 'Ann Lee' \"name\", ['a@x.org', 'b@x.org'] email, 4155552671::double phone,"
        " 62704.5::float points union all select 2, 'Bo Ray', null, 'nan'::double, 'inf'::float"
    )
    duckdb.sql(f"copy ({rows}) to '{path}'")
    fields = read_evidence(path, {}).fields
    assert fields["email"] == ["a@x.org|b@x.org", ""]
    assert fields["phone"] == ["4155552671", ""]
    assert fields["column_points"] == ["62704.5", "inf"]
    records = read_records(path, {}, None, "US")
    assert list(records.ids) == ["1", "2"]
    assert sorted(records.columns.base["email"].values) == ["a@x.org", "b@x.org"]
    assert list(records.columns.base["phone"].values) == ["+14155552671"]


def test_what_stands_in_place_of_a_value_is_none_in_parquet_too(tmp_path: Path) -> None:
    path = tmp_path / "in.parquet"
    rows = "select 'NA' id, 'Ann Lee' \"name\", 'N/A' email union all select '2', 'NULL', 'b@x.org'"
    duckdb.sql(f"copy ({rows}) to '{path}'")
    records = read_records(path, {}, None, "US")
    assert list(records.ids) == ["NA", "2"]
    assert list(records.columns.base["email"].values) == ["b@x.org"]
