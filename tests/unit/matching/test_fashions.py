"""Names that were in fashion together: who shares a given name is of one age and one middle name more often."""

from dataclasses import replace
from random import Random

import pytest

from services.matching.domain.default_model import DEFAULT_MODEL
from services.matching.domain.model import Model
from services.matching.engine.api import Options, Result, dedupe, records_from_rows

PEOPLE = 6_000
FAMILIES, NAMES_OF_A_DECADE = 900, 12
SYLLABLES = "ba da fe gi ho ka lu mo ne pa ri so ta ve wi zu".split()  # noqa: SIM905 - a list read as text


def word(number: int) -> str:
    """Return a name by its number; no two are alike."""
    return "".join(SYLLABLES[number // 16**place % 16] for place in range(3)) + "nrtlk"[number % 5]


def people(seed: int) -> tuple[list[dict[str, str]], list[int]]:
    """Return rows of given, middle and family name with birth date, a tenth written twice, and who each is."""
    dice = Random(seed)
    rows: list[dict[str, str]] = []
    who: list[int] = []
    for number in range(PEOPLE):
        year = dice.randint(1930, 2009)
        first, second = dice.randrange(NAMES_OF_A_DECADE), dice.randrange(3)
        row = {
            "given_name": word(97 * (year // 10) + first),
            "middle_name": word(2_000 + 97 * (year // 10) + 3 * first + second),
            "family_name": word(1_000 + dice.randrange(FAMILIES)),
            "birth_date": f"{year}-{dice.randint(1, 12):02}-{dice.randint(1, 28):02}",
        }
        for again in range(1 + (dice.random() < 0.1)):
            rows.append({"id": str(len(rows)), **(mistyped(row, dice) if again else row)})
            who.append(number)
    return rows, who


def mistyped(row: dict[str, str], dice: Random) -> dict[str, str]:
    """Return a row with one letter left out, or without its middle name."""
    field = dice.choice(["given_name", "middle_name", "family_name"])
    place = dice.randrange(1, len(row[field]))
    return {**row, field: "" if field == "middle_name" else row[field][:place] + row[field][place + 1 :]}


def without_lift() -> Model:
    """Return the shipped model, taking names and ages as independent of one another."""
    return replace(DEFAULT_MODEL, comparisons=tuple(replace(one, given_lift=None) for one in DEFAULT_MODEL.comparisons))


def measured(result: Result, who: list[int]) -> tuple[float, float]:
    """Return precision and recall of the pairs that share a group."""
    joined = [(a, b) for group in result.rows for a in group for b in group if a < b]
    right = sum(who[a] == who[b] for a, b in joined)
    return right / len(joined), right / (len(who) - len(set(who)))


@pytest.mark.parametrize("seed", [1, 2])
def test_people_whose_names_were_in_fashion_together_stay_apart(seed: int) -> None:
    rows, who = people(seed)
    result = dedupe(records_from_rows(rows))
    precision, recall = measured(result, who)
    assert precision >= 0.92
    assert recall >= 0.95
    lifts = {one.name: one.given_lift for one in result.model.comparisons if one.given_lift is not None}
    assert lifts["middle"] > 10
    assert lifts["birth_date"] > 2


def test_taken_as_independent_they_would_be_joined() -> None:
    rows, who = people(1)
    precision, _ = measured(dedupe(records_from_rows(rows), Options(model=without_lift())), who)
    assert precision < 0.5
