"""The example customers are what their generator gives, and have the duplicates and traps that they promise."""

import csv
import io
import subprocess
import sys
from collections import Counter, defaultdict
from itertools import combinations, islice
from pathlib import Path

import pytest

from examples.call_customers import context_of
from examples.customer_file.command import write_customers
from examples.customer_file.records import records
from examples.customer_file.writing import COLUMNS as VALUE_COLUMNS

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
COLUMNS = ["id", *VALUE_COLUMNS]
Row = dict[str, str]


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    with (EXAMPLES / "customers.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def truth() -> dict[str, str]:
    with (EXAMPLES / "customers.truth.csv").open(encoding="utf-8", newline="") as file:
        return {row["id"]: row["cluster"] for row in csv.DictReader(file)}


@pytest.fixture(scope="module")
def groups(rows: list[Row], truth: dict[str, str]) -> list[list[Row]]:
    members: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        members[truth[row["id"]]].append(row)
    return [group for group in members.values() if len(group) > 1]


def test_the_committed_files_are_what_the_generator_writes() -> None:
    customers, truth = io.StringIO(), io.StringIO()
    write_customers(5_000, 7, customers, truth)
    assert customers.getvalue().encode() == (EXAMPLES / "customers.csv").read_bytes()
    assert truth.getvalue().encode() == (EXAMPLES / "customers.truth.csv").read_bytes()


def test_another_seed_gives_other_customers() -> None:
    assert [row.values for row in records(50, 7)] != [row.values for row in records(50, 8)]


@pytest.mark.parametrize("count", [1, 2, 999])
def test_there_are_exactly_as_many_rows_as_asked_for(count: int) -> None:
    ids = [record.id for record in records(count, 7)]
    assert len(ids) == len(set(ids)) == count


def test_the_first_rows_of_a_huge_file_come_before_the_file_is_made() -> None:
    assert len(list(islice(records(10**12, 7), 3))) == 3


def test_every_row_has_a_unique_id_a_truth_and_a_name(rows: list[Row], truth: dict[str, str]) -> None:
    assert list(rows[0]) == COLUMNS
    assert len({row["id"] for row in rows}) == len(rows) == 5_000
    assert {row["id"] for row in rows} == set(truth)
    assert all(row["name"] or row["organization"] for row in rows)


def test_no_column_is_empty_and_no_column_but_the_id_is_full(rows: list[Row]) -> None:
    for column in COLUMNS[1:]:
        filled = sum(bool(row[column]) for row in rows)
        assert 0 < filled < len(rows), column


def test_about_one_row_in_eight_is_a_further_copy(truth: dict[str, str]) -> None:
    share = 1 - len(set(truth.values())) / len(truth)
    assert 0.10 < share < 0.14


@pytest.mark.parametrize("column", ["name", "organization", "email", "phone", "street"])
def test_copies_of_one_customer_differ_in(column: str, groups: list[list[Row]]) -> None:
    differing = [group for group in groups if len({row[column] for row in group if row[column]}) > 1]
    assert len(differing) >= 5


def test_some_copies_use_a_nickname(groups: list[list[Row]]) -> None:
    given = [{row["name"].split(" ")[0].lower() for row in group} for group in groups]
    known = ({"robert", "bob"}, {"james", "jim"}, {"jennifer", "jen"}, {"william", "bill"}, {"susan", "sue"})
    assert any(pair <= names for names in given for pair in known)


def test_some_names_are_written_family_name_first_or_with_a_title(rows: list[Row]) -> None:
    assert sum("," in row["name"] for row in rows) > 50
    assert sum(row["name"].startswith(("Mr.", "Ms.", "Dr.")) for row in rows) > 50


def test_some_names_have_accents_or_another_script(rows: list[Row]) -> None:
    names = " ".join(row["name"] for row in rows)
    assert {"ü", "é", "π", "к"} <= set(names)


def test_some_customers_are_namesakes_who_are_not_the_same(rows: list[Row], truth: dict[str, str]) -> None:
    bearers: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        bearers[row["name"].lower()].add(truth[row["id"]])
    del bearers[""]
    assert sum(len(clusters) > 1 for clusters in bearers.values()) > 100


def test_some_households_share_an_address_and_a_phone(rows: list[Row], truth: dict[str, str]) -> None:
    homes: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for row in rows:
        if row["street"] and row["phone"]:
            homes[row["street"], row["phone"]].add(truth[row["id"]])
    assert sum(len(clusters) > 1 for clusters in homes.values()) > 3


def test_some_mailboxes_of_organisations_serve_several_customers(rows: list[Row], truth: dict[str, str]) -> None:
    users: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row["email"].startswith(("info@", "sales@", "office@")):
            users[row["email"]].add(truth[row["id"]])
    assert sum(len(clusters) > 1 for clusters in users.values()) > 3


def test_most_rows_are_of_one_country_and_some_of_several_others(rows: list[Row]) -> None:
    countries = Counter(row["country"] for row in rows if row["country"])
    assert countries.most_common(1)[0][1] > 0.75 * countries.total()
    assert len(countries) >= 6


def test_no_two_rows_say_exactly_the_same(rows: list[Row], groups: list[list[Row]]) -> None:
    said = Counter(tuple(row[column] for column in COLUMNS[1:]) for row in rows)
    same = sum(count - 1 for count in said.values())
    pairs = sum(len(list(combinations(group, 2))) for group in groups)
    assert same < 0.01 * pairs


def generated(folder: Path, rows: int) -> subprocess.CompletedProcess[str]:
    """The generator as a program: in another folder, by a Python that has nothing installed."""
    script = [sys.executable, "-S", str(EXAMPLES / "generate_customers.py")]
    files = ["--output", "customers.csv", "--truth", "truth.csv"]
    command = [*script, "--rows", str(rows), "--seed", "7", *files]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_the_generator_runs_from_any_folder_and_without_an_installation(tmp_path: Path) -> None:
    ran = generated(tmp_path, 20)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
    customers, truth = io.StringIO(), io.StringIO()
    write_customers(20, 7, customers, truth)
    assert (tmp_path / "customers.csv").read_text(encoding="utf-8") == customers.getvalue()
    assert (tmp_path / "truth.csv").read_text(encoding="utf-8") == truth.getvalue()


def test_the_generator_refuses_a_file_of_no_rows(tmp_path: Path) -> None:
    ran = generated(tmp_path, 0)
    assert ran.returncode == 2
    assert "--rows must be 1 or more" in ran.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_example_that_calls_says_what_it_needs_where_no_suite_runs(tmp_path: Path) -> None:
    context = tmp_path / "context.json"
    with pytest.raises(SystemExit, match="make up"):
        context_of([str(context)])
    context.write_text('{"customers": "127.0.0.1:50051"}', encoding="utf-8")
    assert context_of([str(context)]) == {"customers": "127.0.0.1:50051"}
