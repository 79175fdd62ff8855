"""Leads of nothing but an e-mail: as sure as those with names, whose e-mails tell how often strangers share one."""

from random import Random

from services.matching.engine.api import dedupe, records_from_rows
from tests.unit.matching.households import GIVEN
from tests.unit.matching.test_fashions import word

PEOPLE, COLLEAGUES = 4_000, 6


def leads(seed: int) -> tuple[list[dict[str, str]], list[int]]:
    """Return rows of names and e-mails, a fifth of them twice, half of those without a name again, and who each is."""
    dice = Random(seed)
    rows: list[dict[str, str]] = []
    who: list[int] = []
    for number in range(PEOPLE):
        given, family = dice.choice(GIVEN), word(dice.randrange(3_000))
        row = {
            "given_name": given,
            "family_name": family,
            "email": f"{number * 2_654_435_761 % 2**32:08x}@mail.example",
        }
        if number % 10 == 0:
            row["email"] = f"info@firm{number // (10 * COLLEAGUES)}.example"
        again = dice.random() < 0.2 and number % 10
        nameless = {"email": row["email"]} if dice.random() < 0.5 else row
        for one in [row, nameless] if again else [row]:
            rows.append({"id": str(len(rows)), **one})
            who.append(number)
    return rows, who


def test_leads_of_an_e_mail_alone_are_found_and_colleagues_stay_apart() -> None:
    rows, who = leads(1)
    joined = {(a, b) for group in dedupe(records_from_rows(rows)).rows for a in group for b in group if a < b}
    nameless = [row for row in range(len(rows)) if "given_name" not in rows[row]]
    assert sum((row - 1, row) in joined for row in nameless) >= 0.98 * len(nameless)
    assert all(who[a] == who[b] for a, b in joined)
