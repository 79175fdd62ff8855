"""Search: four modes over names, e-mails, phones and tags, best first, with what fits; and nobody else's customers."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from services.customers.operations.search_customers import MOST, Result, search_customers
from services.runtime.database import TenantScope
from services.runtime.failures import FieldsInvalid
from services.runtime.ids import new_id
from tests.integration.customers.company import Company

ALL = ("PREFIX", "SUBSTRING", "FUZZY", "EXACT")
FINDERS = (
    ("find_parts", "SELECT find_parts('{%%ann%%}', 10)::text"),
    ("find_similar", "SELECT customer_id::text FROM find_similar('ann', 0.5, 10)"),
    (
        "find_spellings",
        "SELECT word || ' ' || (SELECT min(customer_id::text) FROM customers) FROM find_spellings('{ann}', 8)",
    ),
    ("find_spelled", "SELECT find_spelled('{ann}', 10)::text"),
    ("find_beginnings", "SELECT find_beginnings('ann', 'ann', '', '', 10)::text"),
    ("find_among_newest", "SELECT find_among_newest('{%%ann%%}', 10)::text"),
    ("search_candidates", "SELECT search_candidates('ann', 'ann', '', '', '{%%ann%%}', 'ann', '{ann}', 10)"),
)


@pytest.fixture
def acme(new_company: Company) -> Company:
    return new_company


@pytest.fixture
def other(kept_company: Company) -> Company:
    return replace(kept_company, company_id=new_id())


def results(company: Company, query: str, mode: str = "FUZZY", limit: int = 0) -> list[Result]:
    reader = company.database.reader(TenantScope(company.company_id))
    return search_customers(reader, query, mode, limit)[0]


def names(company: Company, query: str, mode: str = "FUZZY", limit: int = 0) -> list[str]:
    return [one.shown["name"] for one in results(company, query, mode, limit)]


@pytest.fixture
def people(acme: Company) -> Company:
    acme.create("Ángel Ruiz", email="angel.ruiz@example.com", phone="+1 202 555 0143", tags=["Late Payer"])
    acme.create("Ruiz Angelina", email="lina@example.com", phone="+254 712 345 678")
    acme.create("Bob Michaels", email="Bob@Angelhouse.org", tags=["vip"])
    acme.create("Jonathan Smith", email="jon@smithy.co.uk")
    return acme


@pytest.mark.parametrize(
    ("query", "mode", "expected"),
    [
        ("ang", "PREFIX", ["Ángel Ruiz", "Ruiz Angelina"]),
        ("RUIZ Á", "PREFIX", ["Ángel Ruiz", "Ruiz Angelina"]),
        ("smith", "PREFIX", ["Jonathan Smith"]),
        ("bob@an", "PREFIX", ["Bob Michaels"]),
        ("late", "PREFIX", ["Ángel Ruiz"]),
        ("ngel", "PREFIX", []),
        ("ngel", "SUBSTRING", ["Ángel Ruiz", "Bob Michaels", "Ruiz Angelina"]),
        ("ruiz example", "SUBSTRING", ["Ángel Ruiz", "Ruiz Angelina"]),
        ("jon@smith", "SUBSTRING", ["Jonathan Smith"]),
        ("jonahtan smiht", "SUBSTRING", []),
        ("jonahtan smiht", "FUZZY", ["Jonathan Smith"]),
        ("micheals", "FUZZY", ["Bob Michaels"]),
        ("angle riuz", "FUZZY", ["Ángel Ruiz", "Ruiz Angelina"]),
        ("michels, boob", "FUZZY", ["Bob Michaels"]),
        ("angel ruiz", "EXACT", ["Ángel Ruiz"]),
        ("Ruiz, Angel", "EXACT", []),
        ("ruiz angel", "EXACT", ["Ángel Ruiz"]),
        ("BOB@angelhouse.ORG", "EXACT", ["Bob Michaels"]),
        ("VIP", "EXACT", ["Bob Michaels"]),
        ("bob@angelhouse", "EXACT", []),
    ],
)
def test_each_mode_finds_what_it_says_best_first(people: Company, query: str, mode: str, expected: list[str]) -> None:
    found = names(people, query, mode)
    assert sorted(found) == sorted(expected)
    assert found[:1] == expected[:1] or mode == "SUBSTRING"
    scores = [one.score for one in results(people, query, mode)]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize("mode", ALL)
@pytest.mark.parametrize(
    "written",
    [
        "+1 202 555 0143",
        "(202) 555-0143",
        "2025550143",
        "12025550143",
        "1-202-555-0143",
        "001 202 555 0143",
        "٢٠٢٥٥٥٠١٤٣",
    ],
)
def test_a_phone_is_found_however_it_is_written_with_the_calling_code_or_without(
    people: Company, mode: str, written: str
) -> None:
    assert names(people, written, mode) == ["Ángel Ruiz"]


@pytest.mark.parametrize("written", ["0712 345 678", "+254 (0)712 345678", "254712345678", "712345678"])
def test_the_zero_before_a_national_number_is_known(people: Company, written: str) -> None:
    for mode in ALL:
        assert names(people, written, mode) == ["Ruiz Angelina"], mode


def test_parts_of_phones_are_found_from_three_digits_on(people: Company) -> None:
    assert names(people, "555 01", "SUBSTRING") == ["Ángel Ruiz"]
    assert names(people, "0712", "PREFIX") == ["Ruiz Angelina"]
    assert names(people, "5550", "PREFIX") == []


def test_a_result_says_which_fields_fit_and_where(people: Company) -> None:
    [first, *_] = results(people, "ángel", "SUBSTRING")
    assert [(match.field, match.value, round(match.score, 3), match.highlights) for match in first.matches] == [
        ("NAME", "Ángel Ruiz", 0.935, ((0, 5),)),
        ("EMAIL", "angel.ruiz@example.com", 0.916, ((0, 5),)),
    ]
    [phone] = results(people, "555-0143", "SUBSTRING")[0].matches
    assert (phone.field, phone.value[phone.highlights[0][0] :][: phone.highlights[0][1]]) == ("PHONE", "555 0143")
    typo = results(people, "Jonahtan", "FUZZY")[0].matches[0]
    assert (typo.field, typo.highlights) == ("NAME", ((0, 8),))


def test_whole_fields_come_before_beginnings_words_parts_and_similar_spellings(acme: Company) -> None:
    for name in ("Bernanna", "Joe Anna", "Annabel Ross", "Anna", "Ana Poe", "Anna Poe"):
        acme.create(name)
    found = results(acme, "anna", "FUZZY")
    assert [one.shown["name"] for one in found][:1] == ["Anna"]
    assert [one.shown["name"] for one in found][-1] == "Ana Poe"
    assert found[0].score == 1
    assert {one.shown["name"] for one in found[1:4]} == {"Joe Anna", "Annabel Ross", "Anna Poe"}


def test_every_e_mail_and_phone_is_found_and_not_only_the_first(acme: Company) -> None:
    points = [{"kind": "EMAIL", "value": value} for value in ("first@x.io", "second.one@y.io")]
    acme.create(
        "Ann",
        contact_points=[
            *points,
            {"kind": "PHONE", "value": "+12025550100"},
            {"kind": "PHONE", "value": "+4915112345678"},
        ],
    )
    for query in ("second.one@y.io", "+49 151 12345678", "0151 12345678"):
        for mode in ALL:
            if (query, mode) != ("0151 12345678", "PREFIX"):
                assert names(acme, query, mode) == ["Ann"], (query, mode)


def test_edits_merges_and_deletions_are_found_at_once(people: Company) -> None:
    ruiz, bob = (results(people, query, "EXACT")[0].shown["customer_id"] for query in ("angel ruiz", "bob michaels"))
    people.update(bob, tags=["gold"])
    assert names(people, "gold", "EXACT") == ["Bob Michaels"]
    assert names(people, "vip", "FUZZY") == []
    people.merge(ruiz, bob)
    assert names(people, "bob@angelhouse.org", "EXACT") == ["Ángel Ruiz"]
    assert names(people, "bob michaels", "SUBSTRING") == []
    people.delete(ruiz)
    assert names(people, "angel ruiz", "EXACT") == []


@pytest.mark.parametrize("mode", ALL)
@pytest.mark.parametrize(
    "query",
    ["%", "_", "%%%", "___", "\\", "\\%", "' OR true --", '"}', "{}", "\u200b", "", " ", "👩👧👦", "%s {0}"],
)
def test_no_character_has_a_meaning_of_its_own(people: Company, mode: str, query: str) -> None:
    assert names(people, query, mode) == []
    people.create(f"Odd {query} name", tags=[f"x{query}"])
    if mode == "SUBSTRING" and len(query.strip("\u200b ")) >= 3:
        assert names(people, query, mode) == [f"Odd {query} name"]


def test_one_letter_is_looked_for_at_the_beginning(people: Company) -> None:
    for mode in ("PREFIX", "SUBSTRING", "FUZZY"):
        assert set(names(people, "r", mode)) == {"Ángel Ruiz", "Ruiz Angelina"}, mode
    assert names(people, "r", "EXACT") == []


@pytest.mark.parametrize(
    ("query", "mode", "limit", "field"),
    [
        ("x" * 256, "FUZZY", 0, "query"),
        ("a\x00", "FUZZY", 0, "query"),
        ("a", "", 0, "mode"),
        ("a", "FUZZY", -1, "limit"),
    ],
)
def test_what_is_wrong_with_a_search_is_named(acme: Company, query: str, mode: str, limit: int, field: str) -> None:
    with pytest.raises(FieldsInvalid) as raised:
        results(acme, query, mode, limit)
    assert [item.field for item in raised.value.fields] == [field]


def test_twenty_are_answered_unless_more_are_asked_for_and_fifty_at_most(acme: Company) -> None:
    acme.import_rows(*[{"name": f"Ann {number}"} for number in range(MOST + 10)])
    assert len(results(acme, "ann")) == 20
    assert len(results(acme, "ann", limit=30)) == 30
    assert len(results(acme, "ann", limit=1000)) == MOST
    reader = acme.database.reader(TenantScope(acme.company_id))
    assert search_customers(reader, "ann", "PREFIX", 5)[1] is True
    assert search_customers(reader, "ann 7", "EXACT", 5)[1] is False


@pytest.mark.parametrize("mode", ALL)
def test_another_companys_customers_are_not_found(acme: Company, other: Company, mode: str) -> None:
    other.create("Ann Lee", email="ann@x.io", phone="+12025550143", tags=["vip"])
    for query in ("ann lee", "ann@x.io", "+12025550143", "vip"):
        assert names(acme, query, mode) == []
        assert names(other, query, mode) == ["Ann Lee"]


def _values(company: Company, sql: str) -> Sequence[Any]:
    return [next(iter(row.values())) for row in company.rows(sql)]


@pytest.mark.parametrize(("name", "sql"), FINDERS)
def test_the_functions_that_search_find_nothing_of_another_company(
    acme: Company, other: Company, name: str, sql: str
) -> None:
    theirs = other.create("Ann")
    assert theirs in str(_values(other, sql.replace("%%", "%"))), name
    assert theirs not in str(_values(acme, sql.replace("%%", "%"))), name


@pytest.mark.parametrize(("name", "sql"), FINDERS)
def test_the_functions_that_search_refuse_to_without_a_company(acme: Company, name: str, sql: str) -> None:
    with psycopg.connect(acme.urls.runtime_url) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(sql.replace("%%", "%").encode())


def test_the_parts_that_very_many_have_are_found_among_the_newest_and_the_rest_is_said_to_be_cut(acme: Company) -> None:
    for number in range(55):
        acme.create(f"Person {number:02}", email=f"p{number}@mailhouse.org")
    reader = acme.database.reader(TenantScope(acme.company_id))
    found, more = search_customers(reader, "mailhouse.org", "SUBSTRING", 50)
    assert (len(found), more) == (50, True)
    assert search_customers(reader, "p54@mailhouse", "SUBSTRING", 0)[1] is False


def test_an_e_mail_that_is_known_is_not_looked_for_in_other_spellings(people: Company) -> None:
    people.create("Bobby Michaels", email="bobb@angelhouse.org")
    assert names(people, "bob@angelhouse.org") == ["Bob Michaels"]
    assert set(names(people, "bobbb@angelhouse.org")) == {"Bob Michaels", "Bobby Michaels"}


def test_letters_that_changed_places_are_one_mistake_and_the_likest_spelling_comes_first(acme: Company) -> None:
    for name in ("James Smith", "Jan Smith", "Janes Smithe", "Mae Schmid"):
        acme.create(name)
    assert names(acme, "jmaes smith")[:1] == ["James Smith"]
    assert names(acme, "smiht james")[:1] == ["James Smith"]


def test_a_word_is_known_by_its_spelling_as_soon_as_it_is_written_however_that_is(acme: Company) -> None:
    one = acme.create("Zebulon Quigley")
    acme.import_rows({"name": "Ottoline Fairweather"})
    assert names(acme, "zeublon") == ["Zebulon Quigley"]
    assert names(acme, "otolline fairwaether") == ["Ottoline Fairweather"]
    acme.update(one, name="Persephone Quigley")
    assert names(acme, "presephone") == ["Persephone Quigley"]
    assert names(acme, "zeublon") == []
