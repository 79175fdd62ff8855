"""The mirror is right whatever the order in which changes come."""

import pytest

from services.matching.domain.failures import CustomerNotFound
from services.matching.follower.customers_feed import FOLLOWER
from services.matching.operations.feed_passes import begin_pass, end_pass
from services.matching.operations.tend_company import companies_to_tend, tend_company
from tests.integration.matching.people import ANN, ANNE, BOB, Company, change, customer_id, settings


def test_an_older_revision_changes_nothing(company: Company) -> None:
    company.follow(change(1, 1, **ANN), change(2, 5, **ANNE))
    company.follow(change(2, 4, **BOB))
    assert company.duplicates_of(1) == [customer_id(2)]


def test_the_newest_of_a_batch_wins_in_any_order(company: Company) -> None:
    company.follow(change(1, 1, **ANN), change(2, 3, **ANNE), change(2, 2, **BOB))
    assert company.duplicates_of(1) == [customer_id(2)]


def test_a_change_that_comes_again_changes_nothing(company: Company) -> None:
    for _ in range(2):
        company.follow(change(1, 1, **ANN), change(2, 1, **ANNE))
    assert company.duplicates_of(2) == [customer_id(1)]
    assert company.value("SELECT count(*) FROM match_records") == 2


def test_a_lower_revision_of_a_new_epoch_is_applied(company: Company) -> None:
    company.follow(change(1, 9, **ANN), change(2, 9, **BOB))
    company.follow(change(2, 2, **ANNE), epoch="e2")
    assert company.duplicates_of(1) == [customer_id(2)]


def test_an_edit_takes_the_old_keys_away(company: Company) -> None:
    company.follow(change(1, 1, **ANN), change(2, 1, **ANNE))
    company.follow(change(2, 2, **BOB))
    assert company.duplicates_of(1, min_confidence=0) == []
    orphans = """SELECT count(*) FROM match_keys k WHERE NOT EXISTS (
        SELECT 1 FROM match_records r WHERE r.customer_id = k.customer_id AND k.key = ANY(r.keys))"""
    assert company.value(orphans) == 0


def test_a_merged_customer_leaves_the_candidates_and_resolves_to_its_root(company: Company) -> None:
    company.follow(change(1, 1, **ANN), change(2, 1, **ANNE), change(3, 1, **ANN))
    company.follow(change(2, 2, state="MERGED", merged_into=3, **ANNE), change(3, 2, members=[2], **ANN))
    assert company.duplicates_of(1) == [customer_id(3)]
    assert company.duplicates_of(2) == [customer_id(1)]


def test_a_chain_of_merges_resolves_to_the_last_root(company: Company) -> None:
    company.follow(change(1, 1, **ANN), *[change(number, 1, **ANNE) for number in (2, 3, 4)])
    company.follow(change(2, 2, state="MERGED", merged_into=3, **ANNE))
    company.follow(change(3, 2, state="MERGED", merged_into=4, **ANNE))
    assert company.duplicates_of(2) == company.duplicates_of(4) == [customer_id(1)]


def test_members_follow_the_list_of_their_root_when_only_the_root_changes(company: Company) -> None:
    company.follow(*[change(number, 1, **ANN) for number in (1, 2, 3)])
    company.follow(change(1, 2, state="MERGED", merged_into=3, **ANN))
    company.follow(change(2, 2, members=[1], **ANN))
    assert company.value("SELECT root_id::text FROM match_records WHERE customer_id = %s", [customer_id(1)]) == (
        customer_id(2)
    )


def test_an_undone_merge_brings_the_source_back(company: Company) -> None:
    company.follow(change(1, 1, **ANN), change(2, 2, state="MERGED", merged_into=1, **ANNE))
    assert company.duplicates_of(1) == []
    company.follow(change(2, 3, **ANNE))
    assert company.duplicates_of(1) == [customer_id(2)]


@pytest.mark.parametrize("state", ["DELETED", "ERASED"])
def test_a_deleted_or_erased_customer_is_not_found_and_leaves_nothing(company: Company, state: str) -> None:
    company.follow(change(1, 1, **ANN), change(2, 1, **ANNE))
    company.follow(change(2, 2, state=state, **ANNE))
    assert company.duplicates_of(1) == []
    with pytest.raises(CustomerNotFound):
        company.found(2)
    row = "SELECT name || email || phone || source FROM match_records WHERE customer_id = %s"
    assert company.value(row, [customer_id(2)]) == "{}"
    assert company.value("SELECT count(*) FROM match_keys WHERE customer_id = %s", [customer_id(2)]) == 0


def test_an_older_change_of_a_deleted_customer_brings_nothing_back(company: Company) -> None:
    company.follow(change(1, 1, **ANN), change(2, 3, state="DELETED", **ANNE))
    company.follow(change(2, 2, **ANNE))
    assert company.duplicates_of(1) == []


def test_a_restored_customer_is_found_again(company: Company) -> None:
    company.follow(change(1, 1, **ANN), change(2, 1, state="DELETED", **ANNE))
    company.follow(change(2, 2, **ANNE))
    assert company.duplicates_of(1) == [customer_id(2)]


def test_a_change_of_region_derives_every_record_anew(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.matching.operations.tend_company.DERIVED_AT_ONCE", 2)
    people = [change(number, 1, name=f"Person{number} Kamau", phone="0701 234 567") for number in range(1, 6)]
    company.follow(*people)
    before = company.matches("KE", min_confidence=0, phone="+254701234567")
    company.follow(settings("KE"))
    assert companies_to_tend(company.upkeep) == ["acme"]
    tend_company(company.database, company.search.known, "acme")
    assert companies_to_tend(company.upkeep) == []
    after = company.matches("KE", min_confidence=0, phone="+254701234567")
    assert (before.compared, after.compared) == (0, 5)


def test_an_older_setting_is_not_taken_over(company: Company) -> None:
    company.follow(settings("KE", revision=3), settings("DE", revision=2))
    company.follow(settings("FR", revision=1))
    assert company.value("SELECT region FROM companies") == "KE"


def test_what_a_whole_pass_has_not_seen_is_swept(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.matching.operations.tend_company.SWEPT_AT_ONCE", 2)
    begin_pass(company.database, FOLLOWER)
    company.follow(*[change(number, 1, **ANN) for number in range(1, 8)])
    _end_pass(company)
    begin_pass(company.database, FOLLOWER)
    company.follow(change(1, 1, **ANN), change(7, 2, **ANN))
    tend_company(company.database, company.search.known, "acme")
    assert company.value("SELECT count(*) FROM match_records") == 7
    _end_pass(company)
    tend_company(company.database, company.search.known, "acme")
    assert company.duplicates_of(1) == [customer_id(7)]
    assert company.value("SELECT count(*) FROM match_records") == 2
    assert company.value("SELECT count(DISTINCT customer_id) FROM match_keys") == 2
    assert companies_to_tend(company.upkeep) == []


def _end_pass(company: Company) -> None:
    with company.database.transaction(company.scope) as tx:
        end_pass(tx, FOLLOWER)
