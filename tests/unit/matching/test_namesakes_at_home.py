"""Sons who have all the names of their fathers: a middle name that is the same says no more than the given name did."""

from random import Random

from services.matching.engine.api import dedupe, records_from_rows
from tests.unit.matching.households import GIVEN

HOMES = 3_000


def date(dice: Random, first: int) -> str:
    """Return a birth date of the thirty years from the first one on."""
    return f"{first + dice.randrange(30)}-{dice.randint(1, 12):02}-{dice.randint(1, 28):02}"


def rolls(seed: int) -> tuple[list[dict[str, str]], list[int]]:
    """Return rows of couples with children, a fifteenth written twice after a move, and who each is."""
    dice = Random(seed)
    rows: list[dict[str, str]] = []
    who: list[int] = []
    for home in range(HOMES):
        shared = {"family_name": f"{dice.choice(GIVEN)}son{dice.randrange(40)}"}
        place = {"street": f"{dice.randint(1, 900)} Oak St", "city": "Springfield", "postal_code": f"{home % 90:05}"}
        names = [(dice.choice(GIVEN), dice.choice(GIVEN)) for _ in range(3)]
        if home % 12 == 0:
            names[2] = names[0]
        for number, (given, middle) in enumerate(names):
            row = {"given_name": given, "middle_name": middle, **shared, **place}
            row["birth_date"] = date(dice, 1975 if number == 2 else 1935)
            for again in range(1 + (dice.random() < 0.07)):
                moved = {"street": f"{dice.randint(1, 900)} Elm St", "postal_code": f"{dice.randrange(90):05}"}
                rows.append({"id": str(len(rows)), **row, **(moved if again else {})})
                who.append(3 * home + number)
    return rows, who


def test_fathers_and_sons_of_the_same_names_stay_apart_and_who_moved_is_found() -> None:
    rows, who = rolls(1)
    joined = {(a, b) for group in dedupe(records_from_rows(rows)).rows for a in group for b in group if a < b}
    same = {(row - 1, row) for row in range(1, len(who)) if who[row] == who[row - 1]}
    assert len(joined - same) <= 0.05 * HOMES / 12
    assert len(joined & same) >= 0.95 * len(same)
