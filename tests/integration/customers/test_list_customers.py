"""Lists: every filter, every order, pages without gaps or doubles, counts and tokens."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.customers.domain.listing import SORTS, Question
from services.customers.operations.list_customers import CustomerPage, list_customers
from services.runtime.failures import FieldsInvalid, PageTokenMismatch
from services.runtime.paging import page_token
from tests.integration.customers.company import Company

NAMES = ("Zoë", "ana", "Ángel", "Bob", "bob", "李", "Bob")


def page(company: Company, token: str = "", *, size: int = 1000, skip: int = 0, **question: Any) -> CustomerPage:
    exactly = question.pop("count_exactly", False)
    with company.transaction() as tx:
        return list_customers(
            tx, Question(**question), page_size=size, page_token=token, skip=skip, count_exactly=exactly
        )


def names(company: Company, **question: Any) -> list[str]:
    return [one["name"] for one in shown(page(company, **question))]


def shown(found: CustomerPage) -> list[dict[str, Any]]:
    return [one.shown for one in found.listed]


def pages(company: Company, *, size: int, **question: Any) -> Iterator[list[dict[str, Any]]]:
    token = ""
    while True:
        found = page(company, token, size=size, **question)
        yield shown(found)
        token = found.next_page_token
        if not token:
            return


def sorted_by(sort: str, one: dict[str, Any]) -> Any:
    key = {"CREATE_TIME": "created_at", "UPDATE_TIME": "updated_at", "CUSTOMER_ID": "customer_id"}
    return one[key[sort]]


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("sort", SORTS)
def test_pages_of_every_order_are_the_whole_list_without_gaps_or_doubles(
    acme: Company, sort: str, descending: bool
) -> None:
    made = [acme.create(name) for name in NAMES]
    acme.update(made[2], organization="changed last")
    whole = shown(page(acme, sort=sort, descending=descending))
    assert {one["customer_id"] for one in whole} == set(made)
    if sort in {"CREATE_TIME", "UPDATE_TIME", "CUSTOMER_ID"}:
        assert [sorted_by(sort, one) for one in whole] == sorted(
            (sorted_by(sort, one) for one in whole), reverse=descending
        )
    for size in (1, 2, 3, 7):
        paged = [one for part in pages(acme, size=size, sort=sort, descending=descending) for one in part]
        assert paged == whole


def test_names_are_sorted_letter_case_and_accents_aside(acme: Company) -> None:
    for name in NAMES:
        acme.create(name)
    assert [name.casefold() for name in names(acme, sort="NAME")] == ["ana", "ángel", "bob", "bob", "bob", "zoë", "李"]


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("sort", SORTS)
def test_what_is_there_all_the_time_is_listed_once_while_others_come_and_go(
    acme: Company, sort: str, descending: bool
) -> None:
    passing = [acme.create(f"N{number} passing") for number in range(8)]
    steady = [acme.create(f"N{number} steady") for number in range(8)]
    goings = iter(
        [
            *[lambda customer=customer: acme.delete(customer) for customer in passing[:3]],
            *[lambda customer=customer: acme.update(customer, name="A first") for customer in passing[3:6]],
            *[lambda customer=customer: acme.update(customer, name="Z last") for customer in passing[6:]],
            *[lambda number=number: acme.create(f"N{number} new") for number in range(4)],
        ]
    )
    seen: list[str] = []
    for part in pages(acme, size=2, sort=sort, descending=descending):
        seen += [one["customer_id"] for one in part]
        next(goings, list)()
    assert [seen.count(customer_id) for customer_id in steady] == [1] * 8


def test_the_text_is_how_a_name_an_e_mail_or_a_phone_begins(acme: Company) -> None:
    acme.create("Ángel Ruiz", email="ruiz@x.io", phone="+1 202 555 0100")
    acme.create("Bo 20", email="Angel@y.io")
    acme.create("Ruizo", phone="+44 20 7946 0000")
    assert sorted(names(acme, text="angel")) == ["Bo 20", "Ángel Ruiz"]
    assert names(acme, text="ÁNGEL r") == ["Ángel Ruiz"]
    assert sorted(names(acme, text="ruiz")) == ["Ruizo", "Ángel Ruiz"]
    assert names(acme, text="RUIZ@X") == ["Ángel Ruiz"]
    assert names(acme, text="+1 (202) 555") == ["Ángel Ruiz"]
    assert names(acme, text="bo 20") == ["Bo 20"]
    assert names(acme, text="uiz") == []


@pytest.mark.parametrize("text", ["%", "_", "\\", "' OR true --", "\u200b", "+", "."])
def test_no_text_means_anything_but_itself(acme: Company, text: str) -> None:
    acme.create("Ann", email="a@x.io", phone="+1 202 555 0100")
    assert names(acme, text=text) == ([] if text != "+" else names(acme, text="+"))


def test_states_are_filtered_and_deleted_and_merged_ones_are_left_out(acme: Company) -> None:
    ann, bo, cy = acme.create("Ann"), acme.create("Bo"), acme.create("Cy")
    acme.merge(ann, bo)
    acme.delete(cy)
    assert names(acme) == ["Ann"]
    assert names(acme, states=("MERGED",)) == ["Bo"]
    assert names(acme, states=("DELETED",)) == ["Cy"]
    assert names(acme, states=("ACTIVE", "DELETED", "MERGED"), sort="NAME") == ["Ann", "Bo", "Cy"]
    assert names(acme, states=("INACTIVE",)) == []


def test_spans_of_time_include_their_start_and_leave_out_their_end(acme: Company) -> None:
    made = [acme.create(name) for name in ("Ann", "Bo", "Cy")]
    times = [datetime.fromisoformat(acme.shown(customer)["created_at"]) for customer in made]
    assert names(acme, created_from=times[1]) == ["Bo", "Cy"]
    assert names(acme, created_before=times[1]) == ["Ann"]
    assert names(acme, created_from=times[0], created_before=times[2]) == ["Ann", "Bo"]
    acme.update(made[0], organization="x")
    assert names(acme, updated_from=times[2] + timedelta(microseconds=1)) == ["Ann"]
    assert names(acme, updated_before=times[2]) == ["Bo"]


def test_another_companys_customers_are_not_listed(acme: Company, other: Company) -> None:
    other.create("Ann")
    assert page(acme, count_exactly=True).total_size == 0


def test_the_count_is_that_of_the_filter_and_not_of_the_page(acme: Company) -> None:
    for number in range(5):
        acme.create(f"Ann {number}")
    acme.create("Bo")
    found = page(acme, size=2, text="ann")
    assert (found.total_size, found.estimated, len(found.listed)) == (5, False, 2)


def test_a_caller_that_pages_by_offset_passes_some_over_and_goes_on_by_token(acme: Company) -> None:
    for number in range(6):
        acme.create(f"N{number}")
    first = page(acme, size=2, skip=3)
    assert [one["name"] for one in shown(first)] == ["N3", "N4"]
    assert [one["name"] for one in shown(page(acme, first.next_page_token, size=2))] == ["N5"]
    assert shown(page(acme, skip=10_000)) == []


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"skip": -1}, "skip"),
        ({"skip": 10_001}, "skip"),
        ({"size": -1}, "page_size"),
        ({"text": "x" * 256}, "filter.text"),
        ({"text": "\x00"}, "filter.text"),
        ({"token": "garbage"}, "page_token"),
    ],
)
def test_what_is_wrong_with_a_question_is_named(acme: Company, wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(FieldsInvalid) as raised:
        page(acme, **wrong)
    assert [item.field for item in raised.value.fields] == [field]


def test_a_token_of_another_question_is_refused(acme: Company) -> None:
    for name in NAMES:
        acme.create(name)
    token = page(acme, size=2).next_page_token
    for question in ({"text": "a"}, {"sort": "NAME"}, {"descending": True}, {"states": ("ACTIVE",)}):
        with pytest.raises(PageTokenMismatch):
            page(acme, token, **question)
    with pytest.raises(FieldsInvalid):
        page(acme, token, skip=1)


@pytest.mark.parametrize(
    ("sort", "position"),
    [
        ("NAME", ["x"]),
        ("NAME", []),
        ("NAME", [1, "018f0000-0000-7000-8000-000000000000"]),
        ("NAME", ["\x00", "018f0000-0000-7000-8000-000000000000"]),
        ("NAME", ["x", 5]),
        ("CREATE_TIME", ["yesterday", "018f0000-0000-7000-8000-000000000000"]),
        ("CREATE_TIME", [None, "018f0000-0000-7000-8000-000000000000"]),
        ("CUSTOMER_ID", ["'; --"]),
    ],
)
def test_a_token_that_was_made_up_is_a_wrong_field(acme: Company, sort: str, position: list[Any]) -> None:
    forged = page_token(Question(sort=sort).identity("acme"), [">", *position])
    with pytest.raises(FieldsInvalid) as raised:
        page(acme, forged, sort=sort)
    assert [item.field for item in raised.value.fields] == ["page_token"]
