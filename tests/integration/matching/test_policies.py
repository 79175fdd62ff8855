"""Policies: versions that never change, a ladder beside the weights, weights learned by scans and trainings."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from services.matching.domain.failures import PolicyNotFound
from services.matching.domain.policy import FELLEGI_SUNTER, LADDER_KIND, Policy, PolicyWish
from services.matching.domain.scan import TRAINING, Scan
from services.matching.domain.survivorship import SHIPPED_SURVIVORSHIP, RulesInForce, Survivorship
from services.matching.operations.get_policy import get_policy
from services.matching.operations.get_scan import get_scan, learned_by
from services.matching.operations.merge_basis import merge_basis
from services.matching.operations.rules_in_force import rules_in_force
from services.matching.operations.set_policy import set_policy
from services.matching.operations.train_policy import train_policy
from services.runtime.database import Database
from services.runtime.failures import EtagMismatch, FieldsInvalid
from tests.benchmarks.generated import generate
from tests.fixtures.databases import ServiceDatabase
from tests.integration.matching.people import ANN, ANNE, BOB, Company, change, customer_id

PHONE_ONLY = {"name": "Zoe Quill", "phone": "+1 212 555 0147"}
EVERY = {FELLEGI_SUNTER: "shipped-1", LADDER_KIND: "ladder-1"}


def wanted(company: Company, wish: PolicyWish, etag: str = "") -> Policy:
    with company.database.transaction(company.scope) as tx:
        return set_policy(tx, wish, etag)


def current(company: Company, version: str = "") -> Policy:
    with company.database.transaction(company.scope, read_only=True) as tx:
        return get_policy(tx, version)[0]


def trained(company: Company, *, dry_run: bool = False) -> tuple[Scan, Policy | None]:
    with company.database.transaction(company.scope) as tx:
        training = train_policy(tx, dry_run=dry_run)
    company.run(company.take_scan())
    with company.database.transaction(company.scope, read_only=True) as tx:
        scan = get_scan(tx, training.scan_id)
        return scan, learned_by(tx, scan)


@pytest.fixture
def generated(company: Company) -> Company:
    """400 customers, every fourth one a further copy of another."""
    rows = generate(400, seed=3, copies=0.25).rows
    fields: list[dict[str, Any]] = [
        {"name": name, "email": email, "phone": phone, "address": address} for name, email, phone, address in rows
    ]
    company.follow(*[change(number, **one) for number, one in enumerate(fields, 1)])
    return company


def test_a_company_that_has_set_nothing_is_judged_by_the_shipped_policy(company: Company) -> None:
    assert (current(company).version, current(company).accept, current(company).reject) == ("shipped-1", 90, 70)


def test_versions_are_numbered_and_stay_as_they_were(company: Company) -> None:
    first = wanted(company, PolicyWish(FELLEGI_SUNTER, accept=95))
    second = wanted(company, PolicyWish(FELLEGI_SUNTER, accept=99))
    assert (first.version, second.version, current(company).accept) == ("policy-1", "policy-2", 99)
    assert current(company, "policy-1") == first
    with pytest.raises(psycopg.errors.InsufficientPrivilege), company.database.transaction(company.scope) as tx:
        tx.execute("UPDATE policies SET accept = 80")


NEWEST = Survivorship({"name": "MOST_FREQUENT"}, "MOST_RECENT", ("API", "MANUAL"))


def in_force(company: Company) -> RulesInForce:
    """The rules as a policy is read, which are those that a merge is told in its one round trip."""
    with company.database.transaction(company.scope, read_only=True) as tx:
        rules = rules_in_force(tx)
    assert merge_basis(company.database.reader(company.scope), {}) == (False, rules)
    return rules


def test_a_company_that_has_set_nothing_follows_the_shipped_survivorship(company: Company) -> None:
    assert in_force(company) == RulesInForce("shipped-1", SHIPPED_SURVIVORSHIP)
    assert current(company).survivorship == SHIPPED_SURVIVORSHIP


def test_what_survives_stays_as_it_is_until_it_is_said_otherwise(company: Company, other_company: Company) -> None:
    wanted(company, PolicyWish(FELLEGI_SUNTER, accept=95, survivorship=NEWEST))
    assert in_force(company) == RulesInForce("policy-1", NEWEST)
    wanted(company, PolicyWish(LADDER_KIND, learns=False))
    assert (current(company).survivorship, in_force(company).version) == (NEWEST, "policy-2")
    wanted(company, PolicyWish(LADDER_KIND, learns=False, survivorship=SHIPPED_SURVIVORSHIP))
    assert in_force(company).survivorship == SHIPPED_SURVIVORSHIP
    assert current(company, "policy-2").survivorship == NEWEST
    assert in_force(other_company).version == "shipped-1"


def test_another_survivorship_alone_leaves_weights_and_learning_as_they_are(company: Company) -> None:
    company.follow(change(1, **ANN), change(2, **ANNE))
    before = current(company)
    made = wanted(company, PolicyWish("", survivorship=NEWEST))
    assert (made.version, made.origin, made.survivorship) == ("policy-1", "SET", NEWEST)
    assert made.model.comparisons == before.model.comparisons
    assert (made.kind, made.accept, made.learns) == (before.kind, before.accept, before.learns)


def test_what_a_training_has_learned_keeps_what_survives_as_it_was_set_meanwhile(company: Company) -> None:
    company.follow(change(1, **ANN), change(2, **ANNE))
    with company.database.transaction(company.scope) as tx:
        train_policy(tx, dry_run=False)
    job = company.take_scan()
    wanted(company, PolicyWish("", survivorship=NEWEST))
    company.run(job)
    assert (current(company).origin, current(company).survivorship) == ("TRAINED", NEWEST)


def test_a_policy_of_another_company_answers_as_one_that_does_not_exist(
    company: Company, other_company: Company
) -> None:
    wanted(company, PolicyWish(FELLEGI_SUNTER, accept=95))
    for version in ("policy-1", "policy-7", "policy-", "rubbish"):
        with pytest.raises(PolicyNotFound):
            current(other_company, version)
    assert current(other_company).version == "shipped-1"


def test_a_policy_that_someone_has_changed_meanwhile_is_not_overwritten(company: Company) -> None:
    wanted(company, PolicyWish(FELLEGI_SUNTER, accept=95), etag="shipped-1")
    with pytest.raises(EtagMismatch) as failure:
        wanted(company, PolicyWish(FELLEGI_SUNTER, accept=80), etag="shipped-1")
    assert failure.value.metadata == {"etag": "policy-1"}


def test_who_sets_a_policy_while_another_one_is_set_waits_its_turn_beyond_the_usual_time_for_a_lock(
    company: Company, matching_database: ServiceDatabase
) -> None:
    impatient = Database(matching_database.runtime_url, application_name="impatient", max_size=2, lock_timeout_ms=20)
    beside = Company(impatient, company.upkeep)
    ladders = [PolicyWish(LADDER_KIND, accept, 70, learns=False) for accept in (90, 95)]
    try:
        with ThreadPoolExecutor(1) as threads:
            with company.database.transaction(company.scope) as tx:
                set_policy(tx, ladders[0], "")
                second = threads.submit(wanted, beside, ladders[1])
                give_up, tick = time.monotonic() + 60, threading.Event()
                while not (waits_longer(company, "impatient", ms=100) or second.done()):
                    assert time.monotonic() < give_up
                    tick.wait(0.01)
            assert (second.result().version, second.result().accept) == ("policy-2", 95)
    finally:
        impatient.close()


def waits_longer(company: Company, name: str, ms: int) -> bool:
    """Whether a session with this name waits for a lock, for longer than so many milliseconds."""
    asked = """SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = %s AND wait_event_type = 'Lock'
        AND clock_timestamp() - query_start > make_interval(secs => %s / 1000.0))"""
    return bool(company.value(asked, (name, ms)))


def test_weights_given_by_hand_count(company: Company) -> None:
    company.follow(change(1, **ANN), change(2, **ANNE))
    before = company.found(1).candidates[0].evidence.match_weight
    wish = PolicyWish(FELLEGI_SUNTER, learns=False, shares={("phone", "exact"): (0.75, 0.75)})
    assert wanted(company, wish).version == "policy-1"
    found = company.found(1, min_confidence=0)
    assert found.model_version == "policy-1"
    assert found.candidates[0].evidence.match_weight < before - 0.1
    again = PolicyWish(FELLEGI_SUNTER, learns=False, weights_of="shipped-1")
    wanted(company, again)
    assert company.found(1).candidates[0].evidence.match_weight == before


def test_unknown_levels_and_weights_of_another_kind_are_named(company: Company) -> None:
    with pytest.raises(FieldsInvalid) as failure:
        wanted(company, PolicyWish(FELLEGI_SUNTER, shares={("phone", "rubbish"): (0.5, 0.5), ("x", "y"): (0.1, 0.1)}))
    assert [field.field for field in failure.value.fields] == ["comparisons", "comparisons"]
    with pytest.raises(FieldsInvalid) as failure:
        wanted(company, PolicyWish(FELLEGI_SUNTER, weights_of="ladder-1"))
    assert [field.field for field in failure.value.fields] == ["weights_of"]


def test_the_ladder_takes_e_mail_before_phone_before_name_and_never_links_by_name(company: Company) -> None:
    wanted(company, PolicyWish(LADDER_KIND, learns=False))
    company.follow(
        change(1, **ANN),
        change(2, name="Someone Else", email=ANN["email"]),
        change(3, **PHONE_ONLY),
        change(4, name="Ann Lee", email="other@x.example"),
        change(5, **BOB),
    )
    found = company.found(1, min_confidence=1)
    told = {one.customer_id: (one.evidence.confidence, one.evidence.matched_fields) for one in found.candidates}
    assert told == {
        customer_id(2): (100, ("email",)),
        customer_id(3): (90, ("phone",)),
        customer_id(4): (89, ("name",)),
    }
    assert found.model_version == "policy-1"


def test_the_ladder_explains_itself_as_weights_do(company: Company) -> None:
    wanted(company, PolicyWish(LADDER_KIND, learns=False))
    company.follow(change(1, **ANN), change(2, **ANNE))
    found = company.explained(1, 2)
    parts = [one.weight + one.frequency_adjustment for one in found.comparisons]
    assert found.explanation.prior_weight + sum(parts) == pytest.approx(found.explanation.match_weight, abs=1e-5)
    assert [(one.comparison, one.level) for one in found.comparisons][:2] == [("email", "exact"), ("phone", "exact")]
    assert found.explanation.confidence == 100


def test_a_scan_by_the_ladder_gives_what_the_online_calls_give(company: Company) -> None:
    wanted(company, PolicyWish(LADDER_KIND, learns=False))
    company.follow(
        change(1, **ANN), change(2, **ANNE), change(3, **BOB), change(4, name="Bob Stone", phone=BOB["phone"])
    )
    company.scan()
    page = company.page()
    assert [(group.confidence, len(group.members)) for group in page.groups] == [(100, 2), (90, 2)]
    assert page.scan is not None
    assert page.scan.model_version == company.found(1).model_version == "policy-1"


def test_a_scan_learns_and_what_it_learned_judges_from_then_on(generated: Company) -> None:
    generated.scan()
    policy = current(generated)
    assert (policy.version, policy.origin, policy.created_by) == ("policy-1", "SCANNED", "matching")
    assert policy.report is not None
    assert policy.report.rounds > 0
    assert generated.found(1).model_version == "policy-1"
    generated.scan()
    assert current(generated).version == "policy-1", "the same customers teach the same, which needs no other version"


def test_a_scan_does_not_learn_where_weights_were_set(generated: Company) -> None:
    wanted(generated, PolicyWish(FELLEGI_SUNTER, learns=False))
    generated.scan()
    assert current(generated).version == "policy-1"


def test_what_a_scan_learned_does_not_replace_a_policy_that_was_set_meanwhile(generated: Company) -> None:
    generated.ask_for_scan()
    job = generated.take_scan()
    told: list[float] = []

    def set_once(totals: Any) -> None:
        if not told:
            wanted(generated, PolicyWish(FELLEGI_SUNTER, accept=99, learns=False))
        told.append(totals.progress)

    generated.run(job, set_once)
    page = generated.page()
    assert page.scan is not None
    assert (page.scan.model_version, current(generated).version) == ("policy-2", "policy-1")


def test_a_training_makes_a_version_and_reports(generated: Company) -> None:
    scan, learned = trained(generated)
    assert (scan.state, scan.purpose, scan.customers) == ("DONE", TRAINING, 400)
    assert learned == current(generated)
    assert (learned.version, learned.origin, learned.learns) == ("policy-1", "TRAINED", False)
    assert learned.report is not None
    assert learned.report.expected_matches > 30
    assert generated.page().scan is None, "a training lists nothing"


def test_a_dry_run_reports_and_changes_nothing(generated: Company) -> None:
    scan, learned = trained(generated, dry_run=True)
    assert learned is not None
    assert (scan.state, learned.version) == ("DONE", "")
    assert learned.report is not None
    assert learned.model.comparisons != current(generated).model.comparisons
    assert current(generated).version == "shipped-1"
    assert generated.value("SELECT count(*) FROM policies") == 0


def test_a_training_with_too_little_to_learn_from_keeps_the_shipped_weights_and_says_why(company: Company) -> None:
    company.follow(change(1, **ANN), change(2, **ANNE))
    _, learned = trained(company)
    assert learned is not None
    assert learned.report is not None
    assert "too few" in learned.report.kept["model"]
    assert learned.model.comparisons == current(company, "shipped-1").model.comparisons


def test_a_training_of_a_company_without_customers_ends_well(company: Company) -> None:
    scan, learned = trained(company)
    assert (scan.state, scan.customers) == ("DONE", 0)
    assert learned is not None


def test_a_scan_and_a_training_may_run_at_the_same_time_each_once(company: Company) -> None:
    scan = company.ask_for_scan()
    with company.database.transaction(company.scope) as tx:
        training = train_policy(tx, dry_run=False).scan_id
        assert train_policy(tx, dry_run=False).scan_id == training
    assert company.ask_for_scan() == scan != training


def test_bulk_and_online_give_one_pair_one_score(generated: Company) -> None:
    generated.scan()
    page = generated.page(size=1000)
    compared = 0
    for group in page.groups:
        if group.weakest is None or len(group.members) != 2:
            continue
        number = int(group.weakest[0][-8:], 16)
        scores = {one.customer_id: one.evidence.match_weight for one in generated.found(number, 0).candidates}
        if group.weakest[1] in scores:
            compared += 1
            assert scores[group.weakest[1]] == pytest.approx(group.match_weight, abs=2e-6)
    assert compared > 20


def test_an_answer_names_the_scan_that_counted_how_common_values_are(company: Company) -> None:
    company.follow(change(1, **ANN), change(2, **ANNE))
    assert company.found(1).counted is None
    company.scan()
    counted = company.found(1).counted
    scan = company.page().scan
    assert counted is not None
    assert scan is not None
    assert (counted.scan_id, counted.customers) == (scan.scan_id, 2)


def test_a_common_value_weighs_less_once_a_scan_has_counted_it(company: Company) -> None:
    smiths = [
        change(number, name=f"Person{number} Smith", email=f"p{number}@x{number}.example") for number in range(3, 60)
    ]
    pair = {"name": "Ann Smith", "address": "12 Oak Street, Springfield, IL 62704"}
    company.follow(change(1, **pair), change(2, **pair), *smiths)
    wanted(company, PolicyWish(FELLEGI_SUNTER, learns=False))
    company.scan()
    levels = {one.comparison: one for one in company.explained(1, 2).comparisons}
    assert levels["family"].frequency_adjustment < -3
    assert levels["family"].frequency_adjustment < levels["given"].frequency_adjustment
