"""`patronage evaluate` measures the engine by a known truth, and shows where it is wrong and why."""

import csv
import io
import json
from collections import Counter, defaultdict
from contextlib import redirect_stdout
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from services.cli.main import run
from services.cli.truth import Truth
from tests.benchmarks.generated import generate

Command = list[str]


@pytest.fixture(scope="module")
def customers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("evaluated") / "customers.csv"
    generate(3_000, 5).write(path)
    return path


@pytest.fixture(scope="module")
def truth(customers: Path) -> Path:
    return customers.with_suffix(".truth.csv")


@pytest.fixture(scope="module")
def found(customers: Path, truth: Path) -> Any:
    """What it measures when nothing else is asked for."""
    return evaluated(customers, truth)


def evaluated(customers: Path, truth: Path, *more: str) -> Any:
    with redirect_stdout(io.StringIO()) as out:
        assert run(["evaluate", str(customers), "--truth", str(truth), "--json", *more]) == 0
    return json.loads(out.getvalue())


def labels(path: Path, column: str) -> dict[str, str]:
    with path.open(encoding="utf-8", newline="") as file:
        return {row["id"]: row[column] for row in csv.DictReader(file)}


def pairs_of(label: dict[str, str]) -> set[tuple[str, str]]:
    """The pairs of ids that have the same label."""
    members: defaultdict[str, list[str]] = defaultdict(list)
    for one, its in sorted(label.items()):
        members[its].append(one)
    return {pair for ids in members.values() for pair in combinations(ids, 2)}


def test_the_groups_are_those_of_dedupe_and_are_judged_by_pairs(customers: Path, truth: Path, found: Any) -> None:
    groups = customers.with_name("groups.csv")
    assert run(["dedupe", str(customers), "-o", str(groups)]) == 0
    joined, actual = pairs_of(labels(groups, "group_id")), pairs_of(labels(truth, "cluster"))
    assert found["true_pairs"] == len(actual)
    assert found["clusters"]["precision"] == pytest.approx(len(joined & actual) / len(joined))
    assert found["clusters"]["recall"] == pytest.approx(len(joined & actual) / len(actual))
    assert sum(count for why, count in found["missed"].items() if why != "sampled") == len(actual - joined)
    assert found["clusters"]["f1"] > 0.8


def test_a_higher_threshold_is_never_less_precise_by_much_and_never_finds_more(found: Any) -> None:
    recalls = [point["recall"] for point in found["pairs"]]
    assert recalls == sorted(recalls, reverse=True)
    assert found["pairs"][-1]["precision"] > found["pairs"][0]["precision"]
    assert recalls[0] <= found["blocking_recall"] <= 1


def test_mistakes_are_mistakes_and_explain_themselves(customers: Path, truth: Path) -> None:
    found = evaluated(customers, truth, "--worst", "3", "--threshold", "20")
    cluster = labels(truth, "cluster")
    assert {kind: len(worst) <= 3 for kind, worst in found["worst"].items()} == dict.fromkeys(found["worst"], True)
    for kind, worst in found["worst"].items():
        for mistake in worst:
            one, other = (cluster[record_id] for record_id in mistake["ids"])
            assert (one == other) == (kind != "joined")
            assert mistake["explanation"]["score"].get("match_weight", 0.0) == mistake["match_weight"]
    assert found["worst"]["missed"]
    assert found["threshold"] == 20


def test_the_page_shows_curves_and_mistakes_and_runs_nothing(
    customers: Path, truth: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = customers.with_name("out.html")
    assert run(["evaluate", str(customers), "--truth", str(truth), "--html", str(page), "--worst", "2"]) == 0
    text = page.read_text(encoding="utf-8")
    assert text.count("<svg") == text.count("</svg>") >= 5
    assert "<script" not in text
    assert "Missed, though they were compared" in text
    shown = capsys.readouterr().out
    assert "true pairs ever compared" in shown
    assert "groups at 50: F1" in shown


def test_linked_sources_are_judged_by_pairs_of_two_sources(tmp_path: Path) -> None:
    source, truth = tmp_path / "in.csv", tmp_path / "truth.csv"
    made = generate(1_000, 3)
    with source.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("id", "shop", "name", "email", "phone", "address"))
        writer.writerows((number, "AB"[number % 2], *row) for number, row in enumerate(made.rows))
    truth.write_text("id,cluster\n" + "".join(f"{number},{one}\n" for number, one in enumerate(made.cluster)))
    found = evaluated(source, truth, "--source", "shop", "--link-only")
    members = Counter(made.cluster)
    sides = Counter((one, number % 2) for number, one in enumerate(made.cluster))
    assert found["true_pairs"] == sum(sides[one, 0] * sides[one, 1] for one in members)
    assert found["clusters"]["recall"] > 0.5


def test_rows_that_say_the_same_count_as_found(tmp_path: Path) -> None:
    source, truth = tmp_path / "in.csv", tmp_path / "truth.csv"
    source.write_text("id,name,email,phone\n" + "".join(f"{n},Ann Lee,ann@x.org,415-555-2671\n" for n in range(9)))
    truth.write_text("id,cluster\n" + "".join(f"{n},one\n" for n in range(9)))
    found = evaluated(source, truth)
    assert found["blocking_recall"] == 1
    assert found["pairs"][0]["recall"] == 1


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "the file is empty"),
        ("id,group\n1,1\n", "expected the columns id and cluster"),
        ("id,cluster\n0,1\n0,2\n", "has two clusters"),
        ("id,cluster\n0,1\n1,\n", "line 3, column 'cluster': the cluster is empty"),
        ("id,cluster\n0,1\n", "ids of the customers are not in it"),
    ],
)
def test_a_truth_that_does_not_fit_is_told(
    customers: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, told: str
) -> None:
    wrong = tmp_path / "wrong.csv"
    wrong.write_text(content)
    assert run(["evaluate", str(customers), "--truth", str(wrong)]) == 2
    assert told in capsys.readouterr().err


def test_accuracy_is_counted_in_pairs() -> None:
    truth = Truth(["a", "a", "a", "b", "b", "c"])
    judged = truth.judge([1, 1, 2, 2, 3, 4])
    assert (judged.right, judged.found, judged.actual) == (1, 2, 4)
    assert (judged.precision, judged.recall) == (0.5, 0.25)
    assert judged.f1 == pytest.approx(1 / 3)
    assert list(truth.pairs()) == [(0, 1), (0, 2), (1, 2), (3, 4)]
    nothing = Truth(["a", "b"]).judge([1, 2])
    assert (nothing.precision, nothing.recall, nothing.f1) == (0, 0, 0)
