"""People who live together stay apart, and each is still found again."""

import pytest

from services.matching.engine.api import dedupe, records_from_rows
from tests.unit.matching.households import Lives


def found(lives: Lives) -> set[tuple[int, int]]:
    """Return the pairs of rows that share a group."""
    rows = ({"id": str(number), **row} for number, row in enumerate(lives.rows))
    groups = dedupe(records_from_rows(rows)).rows
    return {(a, b) for group in groups for a in group for b in group if a < b}


def same(lives: Lives) -> set[tuple[int, int]]:
    """Return the pairs of rows that are one person: a second row follows or goes before the first."""
    people = lives.people
    return {(row - 1, row) for row in range(1, len(people)) if people[row] == people[row - 1]}


@pytest.mark.parametrize(("seed", "contacts"), [(1, True), (2, True), (1, False), (2, False)])
def test_people_of_one_household_stay_apart_and_are_found_again(seed: int, contacts: bool) -> None:
    lives = Lives(seed, contacts).settle(600)
    joined, true = found(lives), same(lives)
    assert len(joined & true) / len(joined) >= 0.95
    assert len(joined & true) / len(true) >= 0.95


def test_twins_stay_apart_and_most_fathers_and_sons_of_one_name() -> None:
    """Where father and son differ in nothing but the birth date, that may as well be a wrong date."""
    lives = Lives(3).settle(600)
    joined = found(lives) - same(lives)
    for kind, most in (("twin", 0.05), ("namesake", 0.4)):
        rows = {row for row, person in enumerate(lives.people) if lives.kinds.get(person) == kind}
        assert len(rows) >= 30
        assert len([pair for pair in joined if rows & set(pair)]) <= most * len(rows), kind
