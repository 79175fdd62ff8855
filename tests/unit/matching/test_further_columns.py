"""Columns of which nothing is known are evidence where their values repeat and agree among duplicates."""

from dataclasses import replace
from random import Random

import pytest

from services.matching.domain.evidence import NAME_ONLY_LIMIT
from services.matching.domain.further import further_comparison, is_further
from services.matching.domain.identity_record import Identity, identify
from services.matching.domain.model import Frequencies, Model
from services.matching.engine.api import Options, Records, Result, dedupe, records_from_table, score_candidates
from services.matching.engine.raw_pairs import RawPairs, identity_of_row
from tests.unit.matching.households import GIVEN, Lives

TRADES = [f"{word} {trade}" for word in ("Master", "Deputy", "Junior") for trade in ("Cook", "Smith", "Clerk", "Guide")]
FIELDS = ("given_name", "family_name", "street", "city", "postal_code", "birth_date")

Table = dict[str, list[str]]
MODEL: Model = Options().model


@pytest.fixture(scope="module")
def census() -> Lives:
    return Lives(3, contacts=False).settle(800)


@pytest.fixture(scope="module")
def plain(census: Lives) -> float:
    """How well people are found without further columns."""
    return f1(dedupe(records_of(table_of(census))), census.people)


def table_of(lives: Lives, **further: list[str]) -> Table:
    plain = {name: [row.get(name, "") for row in lives.rows] for name in FIELDS}
    return {**plain, **{f"column_{name}": values for name, values in further.items()}}


def records_of(table: Table) -> Records:
    return records_from_table([str(number) for number in range(len(table["city"]))], table)


def sexes(lives: Lives) -> list[str]:
    """Return what the given name tells, as a census writes it."""
    woman = dict(zip(GIVEN, "mmmmmmmmmmffffffffffffffffffffmmmmmmmmmmmmmmmmmmmmmmmmmffffffffffffffff", strict=False))
    return [woman.get(row["given_name"], "") for row in lives.rows]


def of_people(lives: Lives, choices: list[str], seed: int = 5) -> list[str]:
    """Return one of some values for each person, the same in all of their rows."""
    dice, found = Random(seed), dict[str, str]()
    return [found.setdefault(person, dice.choice(choices)) for person in lives.people]


def of_rows(lives: Lives, choices: list[str]) -> list[str]:
    dice = Random(6)
    return [dice.choice(choices) for _ in lives.rows]


def said_of(table: Table) -> dict[str, str]:
    """Return what a scan says of the further columns."""
    said: dict[str, str] = dedupe(records_of(table)).report["model"]["columns"]
    return said


def f1(result: Result, people: list[str]) -> float:
    joined = [(a, b) for rows in result.rows for a in rows for b in rows if a < b]
    right = sum(people[a] == people[b] for a, b in joined)
    return 2 * right / (len(joined) + len(people) - len(set(people)))


def test_a_trade_and_a_sex_find_more_of_the_truth(census: Lives, plain: float) -> None:
    result = dedupe(records_of(table_of(census, sex=sexes(census), trade=of_people(census, TRADES))))
    assert result.report["model"]["columns"] == {"sex": "compared", "trade": "compared"}
    assert f1(result, census.people) > plain + 0.002


@pytest.mark.parametrize("wards", [20, 60])
def test_what_all_of_a_home_share_makes_no_one_of_twins_or_fathers_and_sons(
    census: Lives, plain: float, wards: int
) -> None:
    dice, found = Random(wards), dict[str, str]()
    homes = [person.partition("-")[0] for person in census.people]
    ward = [found.setdefault(home, f"Ward {dice.randrange(wards)}") for home in homes]
    result = dedupe(records_of(table_of(census, ward=ward)))
    assert result.report["model"]["columns"] == {"ward": "compared"}
    assert f1(result, census.people) > plain - 0.005


def test_what_the_given_name_tells_counts_once(census: Lives) -> None:
    model = dedupe(records_of(table_of(census, sex=sexes(census)))).model
    (sex,) = (comparison for comparison in model.comparisons if is_further(comparison.name))
    agreeing = sex.levels[0].u * (sex.given_lift or 0.0)
    assert agreeing > 0.95, "strangers of one given name are of one sex"


@pytest.mark.parametrize(
    ("heading", "values", "reason"),
    [
        ("number", lambda lives: [f"N{number}" for number in range(len(lives.rows))], "too few"),
        ("person", lambda lives: lives.people, "too few"),
        ("planet", lambda lives: ["Earth"] * (len(lives.rows) - 9) + ["Mars"] * 9, "the same for"),
        ("wish", lambda lives: ["", "tea"] + [""] * (len(lives.rows) - 2), "1 records have a value"),
    ],
)
def test_a_column_that_is_no_evidence_is_left_out_with_the_reason(census, heading, values, reason) -> None:  # type: ignore[no-untyped-def]
    assert reason in said_of(table_of(census, **{heading: values(census)}))[heading]


def test_what_the_city_tells_counts_once(census: Lives) -> None:
    cities = [row["city"][:3] for row in census.rows]
    table = {**table_of(census, shire=[city[:1] for city in cities]), "city": cities}
    assert said_of(table) == {"shire": "told by city"}


def test_the_same_column_twice_counts_once(census: Lives) -> None:
    trades = of_people(census, TRADES)
    said = said_of(table_of(census, trade=trades, work=[trade.upper() for trade in trades]))
    assert sorted(said.values()) == ["compared", "told by column_trade"]


def test_a_column_in_which_duplicates_differ_more_than_strangers_is_left_out(census: Lives) -> None:
    seen: set[str] = set()
    first = ["second" if person in seen else seen.add(person) or "first" for person in census.people]  # type: ignore[func-returns-value]
    assert "wrong sign" in said_of(table_of(census, written=first))["written"]


def test_a_column_of_chance_changes_hardly_a_group(census: Lives, plain: float) -> None:
    noisy = f1(dedupe(records_of(table_of(census, mood=of_rows(census, ["good", "bad", "fair"])))), census.people)
    assert abs(plain - noisy) < 0.005


def test_of_too_few_pairs_nothing_is_learned() -> None:
    few = Lives(4, contacts=False).settle(6)
    said = said_of(table_of(few, sex=sexes(few)))
    assert said == {"sex": "too few pairs to learn from"}


def test_bulk_online_and_explanation_give_the_same_score(census: Lives) -> None:
    table = table_of(census, sex=sexes(census), trade=of_people(census, TRADES))
    result = dedupe(records_of(table))
    rows = [{name: values[number] for name, values in table.items()} for number in range(len(census.rows))]
    explained = RawPairs(result, "US")
    for pair in list(result.pairs())[:300]:
        left, right = rows[int(pair.id_a)], rows[int(pair.id_b)]
        one, other = identity_of_row(left, "US"), identity_of_row(right, "US")
        (online,) = score_candidates(one, [other], result.model, result.frequencies)
        assert online.match_weight == pair.weight
        told = explained.explain(left, right)
        assert told.match_weight == pair.weight
        shown = {one.comparison: one.left for one in told.contributions}
        assert shown["column_trade"] == left["column_trade"].lower()


def test_records_without_such_columns_are_neither_more_nor_less_alike() -> None:
    with_sex = replace(MODEL, comparisons=(*MODEL.comparisons, further_comparison("column_sex", 0.5)))
    one, other = Identity(birth_date="1980-02-03"), Identity(birth_date="1980-02-03")
    assert score_candidates(one, [other], with_sex) == score_candidates(one, [other], MODEL)


@pytest.mark.parametrize(("agree", "alone"), [(0.5, True), (0.001, False)])
def test_a_name_and_what_half_of_all_share_are_still_a_name_alone(agree: float, alone: bool) -> None:
    told = further_comparison("column_trait", agree)
    sure = replace(told, levels=(replace(told.levels[0], m=0.9), *told.levels[1:]))
    model = replace(MODEL, comparisons=(*MODEL.comparisons, sure))
    one = identify(given_name="Ottokar", family_name="Quetzal", further={"column_trait": "Yes"})
    (found,) = score_candidates(one, [one], model, Frequencies(10_000, {}))
    assert (found.confidence <= NAME_ONLY_LIMIT) == alone


def test_sampling_follows_the_seed(census: Lives) -> None:
    table = table_of(census, trade=of_people(census, TRADES))
    one, other = (dedupe(records_of(table), Options(seed=1)).model for _ in range(2))
    assert one == other
