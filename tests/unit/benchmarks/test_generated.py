"""The customers of the benchmarks are the same for a seed, and have the duplicates and traps that they promise."""

import csv
import hashlib
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from tests.benchmarks.generated import COLUMNS, Generated, generate, main


@pytest.fixture(scope="module")
def made() -> Generated:
    return generate(5_000, 7)


def test_a_seed_gives_the_file_that_published_figures_were_measured_on(tmp_path: Path, made: Generated) -> None:
    made.write(tmp_path / "made.csv")
    digest = hashlib.sha256((tmp_path / "made.csv").read_bytes()).hexdigest()
    assert digest == "898489b8a024769ec7a5fc289ff04cb950753195f7b9c39c440105f7a4b54c84"
    assert generate(1_000, 8).rows != generate(1_000, 7).rows


def test_the_command_writes_customers_and_beside_them_the_truth(tmp_path: Path) -> None:
    main(["1000", str(tmp_path / "some.csv"), "--seed", "3", "--copies", "0.2"])
    with (tmp_path / "some.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    truth = (tmp_path / "some.truth.csv").read_text().splitlines()
    assert list(rows[0]) == ["id", *COLUMNS]
    assert truth[0] == "id,cluster"
    assert [line.partition(",")[0] for line in truth[1:]] == [row["id"] for row in rows]
    assert len({line.partition(",")[2] for line in truth[1:]}) == 800


def test_about_one_record_in_eight_is_a_further_copy(made: Generated) -> None:
    assert len(made.rows) == len(made.cluster) == 5_000
    assert len(set(made.cluster)) == 4_400
    assert 3 <= max(Counter(made.cluster).values()) <= 6


@pytest.mark.parametrize("column", range(4))
def test_values_are_shared_by_different_people(made: Generated, column: int) -> None:
    holders: defaultdict[str, set[int]] = defaultdict(set)
    for row, cluster in zip(made.rows, made.cluster, strict=True):
        if row[column]:
            holders[row[column].lower()].add(cluster)
    assert sum(len(clusters) > 1 for clusters in holders.values()) > 5
