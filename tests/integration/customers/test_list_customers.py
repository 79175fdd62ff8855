"""Lists: every filter, every order, pages without gaps or doubles, counts and tokens."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.customers.domain.listing import SORTS, Question
from services.customers.operations.list_customers import CustomerPage, list_customers
from services.runtime.failures import FieldsInvalid, PageTokenMismatch
from services.runtime.ids import new_id
from services.runtime.paging import page_token
from tests.integration.customers.company import Company

NAMES = ("Zoë", "ana", "Ángel", "Bob", "bob", "李", "Bob")


@pytest.fixture
def acme(new_company: Company) -> Company:
    return new_company


@pytest.fixture
def other(kept_company: Company) -> Company:
    return replace(kept_company, company_id=new_id())


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


def test_tags_and_states_are_asked_for_together_and_counted(acme: Company) -> None:
    ids = [acme.create(f"Ann {place}", tags=["vip", "loyal"]) for place in range(4)]
    acme.delete(ids[0])
    acme.merge(ids[1], ids[2])
    for question in ({"tags_any": ("vip",)}, {"tags_all": ("vip", "loyal")}):
        for states, expected in (
            (("ACTIVE",), {ids[1], ids[3]}),
            (("INACTIVE",), set[str]()),
            (("DELETED",), {ids[0]}),
            (("ACTIVE", "DELETED"), {ids[0], ids[1], ids[3]}),
            (("MERGED", "DELETED"), {ids[0], ids[2]}),
        ):
            found = page(acme, states=states, **question)
            assert {one["customer_id"] for one in shown(found)} == expected, states
            assert found.total_size == len(expected)


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
        ({"tags_any": ("x",) * 21}, "filter.tags_any"),
        ({"tags_all": ("",)}, "filter.tags_all[0]"),
        ({"tags_all": ("a\x00",)}, "filter.tags_all[0]"),
        ({"external_system": "x" * 65}, "filter.external_system"),
        ({"created_by": "\x00"}, "filter.created_by"),
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
    forged = page_token(Question(sort=sort).identity(), [">", *position], acme.company_id)
    with pytest.raises(FieldsInvalid) as raised:
        page(acme, forged, sort=sort)
    assert [item.field for item in raised.value.fields] == ["page_token"]


def backwards(company: Company, size: int, **question: Any) -> list[list[str]]:
    """The names of each page on the way back from the last one to the first."""
    token, last = "", page(company, size=size, **question)
    while last.next_page_token:
        last = page(company, last.next_page_token, size=size, **question)
    found = [[one["name"] for one in shown(last)]]
    while token := last.previous_page_token:
        last = page(company, token, size=size, **question)
        found.append([one["name"] for one in shown(last)])
    return found


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("sort", SORTS)
def test_pages_are_the_same_on_the_way_back(acme: Company, sort: str, descending: bool) -> None:
    for number in range(9):
        acme.create(f"N{number}", tags=["even"] if number % 2 == 0 else [])
    for conditions in ({}, {"tags_any": ("even",)}):
        question = {"sort": sort, "descending": descending, **conditions}
        there = [[one["name"] for one in part] for part in pages(acme, size=3, **question)]
        assert backwards(acme, 3, **question) == there[::-1]


def test_the_first_page_has_none_before_it_and_one_that_was_skipped_to_has(acme: Company) -> None:
    for number in range(4):
        acme.create(f"N{number}")
    assert page(acme, size=2).previous_page_token == ""
    skipped = page(acme, size=2, skip=2)
    assert [one["name"] for one in shown(page(acme, skipped.previous_page_token, size=2))] == ["N0", "N1"]
    assert skipped.next_page_token == ""


def test_a_token_of_another_company_is_refused(acme: Company, other: Company) -> None:
    for company in (acme, other):
        for number in range(3):
            company.create(f"N{number}")
    with pytest.raises(PageTokenMismatch):
        page(other, page(acme, size=1).next_page_token)


@pytest.fixture
def shop(acme: Company) -> Company:
    ids = [{"system": "shop", "external_id": "1"}]
    acme.create("Ann", email="a@x.io", tags=["VIP", "web"], lifecycle_stage="LEAD", external_ids=ids, source="CHAT")
    acme.create("Bo", phone="+12025550101", tags=["web"], party_type="ORGANIZATION", customer_type="WHOLESALE")
    acme.create("Cy", address="1 High St", tags=["vip", "web", "new"], lifecycle_stage="CHURNED", source="MANUAL")
    acme.create("Di")
    acme.import_rows({"id": "7", "name": "Ed", "email": "e@x.io", "phone": "+12025550102"}, source="file")
    return acme


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ({"lifecycle_stages": ("LEAD", "CHURNED")}, "Ann Cy"),
        ({"sources": ("CHAT", "IMPORT")}, "Ann Ed"),
        ({"customer_types": ("WHOLESALE",)}, "Bo"),
        ({"party_types": ("PERSON",)}, "Ann Cy Di Ed"),
        ({"has_email": True}, "Ann Ed"),
        ({"has_email": False}, "Bo Cy Di"),
        ({"has_phone": True}, "Bo Ed"),
        ({"has_address": True}, "Cy"),
        ({"has_address": False, "has_email": False, "has_phone": False}, "Di"),
        ({"tags_any": ("Vip", "new")}, "Ann Cy"),
        ({"tags_all": ("vip", "new")}, "Cy"),
        ({"tags_all": ("web",), "tags_any": ("new", "nothing")}, "Cy"),
        ({"tags_any": ("nothing",)}, ""),
        ({"external_system": "shop"}, "Ann"),
        ({"external_system": "file"}, "Ed"),
        ({"external_system": "SHOP"}, ""),
        ({"created_by": "ann"}, "Ann Bo Cy Di Ed"),
        ({"created_by": "bob"}, ""),
        ({"tags_all": ("web",), "has_email": False, "party_types": ("PERSON",)}, "Cy"),
        ({"text": "a@", "tags_any": ("web",), "sources": ("CHAT",)}, "Ann"),
        ({"text": "555 0101"}, ""),
        ({"text": "202 555 0101"}, "Bo"),
        ({"text": "0202555"}, "Bo Ed"),
    ],
)
def test_every_filter_alone_and_with_others(shop: Company, question: dict[str, Any], expected: str) -> None:
    for sort in SORTS:
        found = page(shop, sort=sort, **question)
        assert sorted(one["name"] for one in shown(found)) == expected.split()
        assert found.total_size == len(expected.split())
        counted = page(shop, sort=sort, size=1, count_exactly=True, **question)
        assert (counted.total_size, counted.estimated) == (found.total_size, False)


def test_filters_follow_every_change(shop: Company) -> None:
    [ann] = shown(page(shop, tags_any=("VIP",), sources=("CHAT",)))
    shop.update(ann["customer_id"], lifecycle_stage="CUSTOMER", tags=["gold"], phone="+12025550199")
    assert names(shop, tags_any=("vip",)) == ["Cy"]
    assert names(shop, tags_any=("gold",), lifecycle_stages=("CUSTOMER",), has_phone=True) == ["Ann"]
    shop.delete(ann["customer_id"])
    assert names(shop, tags_any=("gold",)) == names(shop, external_system="shop") == []
    assert names(shop, tags_any=("gold",), states=("DELETED",)) == ["Ann"]


def test_lists_sort_and_filter_by_the_figures_of_conversations(acme: Company) -> None:
    made = {name: acme.create(name) for name in ("Ann", "Bo", "Cy")}
    for name, number, day in (("Ann", 2, "2026-05-01"), ("Bo", 5, "2026-03-01")):
        acme.rows(
            "UPDATE customers SET total_conversations = %s, last_interaction_time = %s WHERE customer_id = %s "
            "RETURNING 1",
            number,
            day,
            made[name],
        )
    assert names(acme, sort="TOTAL_CONVERSATIONS", descending=True) == ["Bo", "Ann", "Cy"]
    assert names(acme, sort="LAST_INTERACTION_TIME", descending=True) == ["Ann", "Bo", "Cy"]
    april = datetime.fromisoformat("2026-04-01T00:00:00+00:00")
    assert names(acme, last_interaction_from=april) == ["Ann"]
    assert names(acme, last_interaction_before=april) == ["Bo", "Cy"]
    figures = {one.shown["name"]: (one.total_conversations, one.last_interaction[:10]) for one in page(acme).listed}
    assert figures == {"Ann": (2, "2026-05-01"), "Bo": (5, "2026-03-01"), "Cy": (0, "")}
