"""The online questions: who may a record be, who else may a customer be, and what is left out."""

import pytest

from services.matching.domain.failures import CustomerNotFound
from services.matching.operations.find_duplicates import find_duplicates
from services.matching.store.candidates import ENOUGH
from tests.integration.matching.people import ANN, ANNE, BOB, Company, change, customer_id


def test_the_best_candidate_comes_first(company: Company) -> None:
    company.follow(change(1, **ANN), change(2, **{**ANN, "phone": "", "email": "other@x.example"}), change(3, **ANNE))
    found = company.found(1, min_confidence=0)
    assert [candidate.customer_id for candidate in found.candidates] == [customer_id(3), customer_id(2)]
    best = found.candidates[0]
    assert (best.name, best.email, best.phone) == ("Anne Lee", "ann.lee@example.com", "(212) 555-0147")
    assert best.evidence.confidence >= 90
    assert {"email", "phone"} <= set(best.evidence.matched_fields)
    assert found.compared == 2


def test_a_record_from_outside_finds_its_customer(company: Company) -> None:
    company.follow(change(1, **ANN), change(2, **BOB))
    found = company.matches(name="Lee, Ann", phone="212-555-0147")
    assert [candidate.customer_id for candidate in found.candidates] == [customer_id(1)]


def test_a_record_that_shares_nothing_is_compared_with_nobody(company: Company) -> None:
    company.follow(change(1, **ANN))
    found = company.matches(name="Zoe Quill", email="zoe@quill.example")
    assert (found.candidates, found.compared, found.capped_keys) == ((), 0, ())


def test_a_key_that_too_many_share_is_left_out_and_named(company: Company) -> None:
    company.key_cap = 5
    shared = [change(number, name=f"Nr{number} Person{number}", email="info@big.example") for number in range(1, 10)]
    company.follow(*shared, change(20, **ANN), change(21, **{**ANNE, "email": "info@big.example"}))
    found = company.matches(name="Ann Lee", email="info@big.example", phone="2125550147")
    assert "email:info@big.example" in found.capped_keys
    assert {candidate.customer_id for candidate in found.candidates} == {customer_id(20), customer_id(21)}
    assert found.compared == 2


def test_a_key_at_the_cap_is_still_used(company: Company) -> None:
    company.key_cap = 5
    company.follow(*[change(number, name=f"Nr{number} Person{number}", email="a@b.example") for number in range(1, 6)])
    found = company.matches(email="a@b.example", min_confidence=0)
    assert (found.compared, found.capped_keys) == (5, ())


def test_a_key_above_the_cap_is_left_out_for_those_who_have_it_too(company: Company) -> None:
    company.key_cap = 5
    company.follow(*[change(number, name=f"Nr{number} Person{number}", phone=ANN["phone"]) for number in range(1, 6)])
    assert company.found(1).compared == 4
    company.follow(change(6, name="Nr6 Person6", phone=ANN["phone"]))
    assert (company.found(1).compared, company.found(1).capped_keys) == (0, ("phone:+12125550147",))


def test_wide_keys_are_left_out_and_named_where_rarer_ones_bring_enough(company: Company) -> None:
    home = [change(number, name=f"Nr{number} Person{number}", phone=ANN["phone"]) for number in range(1, ENOUGH - 1)]
    company.follow(*home, change(50, name="Jo Quill", email=ANN["email"]))
    found = company.matches(min_confidence=0, email=ANN["email"], phone=ANN["phone"])
    assert (found.compared, found.capped_keys) == (ENOUGH - 1, ()), "phone, e-mail and what stands before its @"
    company.follow(change(60, name="Kim Wexler", email=ANN["email"]))
    found = company.matches(min_confidence=0, email=ANN["email"], phone=ANN["phone"])
    assert {candidate.customer_id for candidate in found.candidates} == {customer_id(50), customer_id(60)}
    assert found.capped_keys == ("phone:+12125550147",)


def test_the_rarest_key_is_used_however_many_share_it_below_the_cap(company: Company) -> None:
    shared = [change(number, name=f"Nr{number} Person{number}", phone=ANN["phone"]) for number in range(1, 61)]
    company.follow(*shared)
    assert company.matches(min_confidence=0, phone=ANN["phone"]).compared == 60


def test_the_customer_itself_counts_in_no_key(company: Company) -> None:
    home = [change(number, name=f"Nr{number} Person{number}", phone=ANN["phone"]) for number in range(1, ENOUGH + 1)]
    company.follow(*home, change(50, **ANN))
    assert company.found(50).compared == ENOUGH


def test_work_is_bounded_by_the_cap_where_very_many_share_a_key(company: Company) -> None:
    company.follow(change(1, **ANN))
    with company.database.transaction(company.scope) as tx:
        tx.execute(
            """INSERT INTO match_keys SELECT 'acme', k.key, gen_random_uuid()
               FROM (SELECT unnest(keys) AS key FROM match_records) k, generate_series(1, 3000)"""
        )
    plan = """EXPLAIN (ANALYZE, TIMING OFF, SUMMARY OFF, FORMAT JSON)
        SELECT k.customer_id FROM unnest((SELECT keys FROM match_records LIMIT 1)) AS a (key) CROSS JOIN LATERAL (
        SELECT customer_id FROM match_keys k WHERE k.company_id = 'acme' AND k.key = a.key LIMIT 101) k"""
    found = company.found(1)
    assert found.compared == 0
    assert len(found.capped_keys) == company.value("SELECT cardinality(keys) FROM match_records")
    assert "Rows Removed by Filter" not in str(company.value(plan))


def test_two_names_that_are_equal_are_a_question_and_no_answer(company: Company) -> None:
    company.follow(change(1, name="John Smith"), change(2, name="John Smith"))
    assert company.found(1, min_confidence=0).candidates[0].evidence.confidence < 70


@pytest.mark.parametrize("asked", [customer_id(2), customer_id(99), "no id at all", "' OR 1=1 --"])
def test_unknown_ids_and_those_of_other_companies_answer_alike(
    company: Company, other_company: Company, asked: str
) -> None:
    company.follow(change(1, **ANN))
    other_company.follow(change(2, **ANN))
    with pytest.raises(CustomerNotFound) as failure:
        find_duplicates(company.search, company._asked(0), asked)
    assert failure.value.metadata == {"customer_id": asked}


def test_companies_do_not_meet(company: Company, other_company: Company) -> None:
    company.follow(change(1, **ANN))
    other_company.follow(change(2, **ANN), change(3, **ANNE))
    assert company.found(1, min_confidence=0).compared == 0
    assert company.matches(min_confidence=0, **ANN).compared == 1
    assert other_company.duplicates_of(2) == [customer_id(3)]


def test_the_search_function_raises_without_a_company(company: Company) -> None:
    with company.database.connection() as connection, pytest.raises(Exception, match=r"company_id is not set"):
        connection.execute("SELECT find_candidates(NULL, '{1}', 1, 40, 'customers')")


def test_an_explanation_adds_up_and_names_the_shared_keys(company: Company) -> None:
    company.follow(change(1, **ANN), change(2, **ANNE))
    explained = company.explained(1, 2)
    account = explained.explanation
    parts = [one.weight + one.frequency_adjustment for one in explained.comparisons]
    assert account.prior_weight + sum(parts) + account.shared_household_adjustment == pytest.approx(
        account.match_weight, abs=1e-4
    )
    assert "email:ann.lee@example.com" in explained.shared_keys
    assert account.confidence == company.found(1).candidates[0].evidence.confidence
    levels = {one.comparison: one.level for one in explained.comparisons}
    assert (levels["email"], levels["birth_date"]) == ("exact", "missing")


def test_an_explanation_of_two_strangers_shares_no_key(company: Company) -> None:
    company.follow(change(1, **ANN), change(2, **BOB))
    explained = company.explained(1, 2)
    assert explained.shared_keys == ()
    assert explained.explanation.confidence < 10
