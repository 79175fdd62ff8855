"""Who a conversation is with: exact e-mail, then phone, then evidence, and what a person did always stands."""

from dataclasses import replace

import pytest

from services.matching.domain.conversation import Conversation, Given
from services.matching.domain.conversation_decision import (
    Decision,
    decide,
    names_agree,
    settle,
    taken,
)
from services.matching.domain.conversation_resolution import (
    ASK,
    CREATE,
    CREATED,
    EMAIL,
    EVIDENCE,
    LINK,
    NAME_ONLY,
    NONE,
    PHONE,
    REVIEW,
    SKIP,
    SKIPPED,
    ConversationPolicy,
)
from services.matching.domain.conversation_search import Holder, Search, Standing
from services.matching.domain.evidence import Evidence

POLICY = ConversationPolicy()
ANN = Given("Ann Lee", "ann@example.com", "+1 212 555 0147")
SAME_NAME = {"given": "exact", "family": "exact"}


def holder(customer_id: str, confidence: int = 95, fields: tuple[str, ...] = ("email",), **levels: str) -> Holder:
    """A customer that shares something; levels as the comparisons name them."""
    return Holder(customer_id, Evidence(1.0, confidence / 100, confidence, dict(levels), fields))


def search(*holders: Holder, crowded: tuple[str, ...] = ()) -> Search:
    return Search(holders, frozenset(crowded))


def test_the_same_email_decides_before_all_else() -> None:
    found = search(holder("namesake", 99, ("name", "address")), holder("ann", 5, email="exact", given="different"))
    decision = decide(ANN, found, POLICY)
    assert (decision.action, decision.matched_by, decision.customer_id, decision.confidence) == (
        LINK,
        EMAIL,
        "ann",
        100,
    )


def test_the_same_phone_decides_where_nobody_has_the_email() -> None:
    found = search(holder("namesake", 99, ("name", "address")), holder("ann", 60, phone="exact", email="different"))
    decision = decide(ANN, found, POLICY)
    assert (decision.action, decision.matched_by, decision.customer_id, decision.confidence) == (LINK, PHONE, "ann", 90)


def test_evidence_decides_where_nobody_has_either() -> None:
    found = search(holder("ann", 91, ("family", "address")), holder("other", 89, ("address",)))
    decision = decide(ANN, found, POLICY)
    assert (decision.action, decision.matched_by, decision.customer_id, decision.confidence) == (
        LINK,
        EVIDENCE,
        "ann",
        91,
    )


@pytest.mark.parametrize("confidence", [69, 89, 100])
def test_names_alone_never_link_however_sure_a_policy_is_of_them(confidence: int) -> None:
    found = search(holder("namesake", confidence, ("family", "given", "name")))
    decision = decide(Given("Ann Lee"), found, replace(POLICY))
    assert (decision.action, decision.matched_by) == (CREATED, NAME_ONLY)
    assert decision.confidence <= 69
    assert decision.candidates == ("namesake",)
    assert decision.needs_review


@pytest.mark.parametrize(
    ("name_only", "action", "needs_review"), [(CREATE, CREATED, False), (ASK, REVIEW, True), (SKIP, SKIPPED, False)]
)
def test_a_policy_can_say_otherwise_of_names_alone(name_only: str, action: str, needs_review: bool) -> None:
    decision = decide(Given("Ann Lee"), search(), ConversationPolicy(name_only=name_only))
    assert (decision.action, decision.matched_by, decision.needs_review) == (action, NAME_ONLY, needs_review)


@pytest.mark.parametrize(
    ("holders", "matched_by"),
    [
        ((holder("a", email="exact"), holder("b", email="exact")), EMAIL),
        ((holder("a", email="exact"), holder("b", phone="exact")), EMAIL),
        ((holder("a", phone="exact"), holder("b", phone="exact")), PHONE),
        ((holder("a", 95, ("address",)), holder("b", 92, ("address",))), EVIDENCE),
    ],
)
def test_two_customers_that_match_are_a_review(holders: tuple[Holder, ...], matched_by: str) -> None:
    decision = decide(ANN, search(*holders), POLICY)
    assert (decision.action, decision.matched_by, set(decision.candidates)) == (REVIEW, matched_by, {"a", "b"})


def test_of_several_with_the_email_the_phone_tells_which() -> None:
    found = search(holder("a", email="exact"), holder("b", email="exact", phone="exact"))
    assert decide(ANN, found, POLICY).customer_id == "b"


def test_a_phone_that_two_share_is_no_rival_of_who_has_the_email_too() -> None:
    found = search(holder("a", email="exact", phone="exact"), holder("b", phone="exact"))
    assert decide(ANN, found, POLICY).customer_id == "a"


def test_a_phone_under_another_persons_name_is_a_review() -> None:
    decision = decide(ANN, search(holder("bob", 4, phone="exact", given="different", family="exact")), POLICY)
    assert (decision.action, decision.matched_by, decision.candidates) == (REVIEW, PHONE, ("bob",))


@pytest.mark.parametrize(("crowded", "matched_by"), [("email", EMAIL), ("phone", PHONE)])
def test_a_key_that_too_many_share_is_a_review(crowded: str, matched_by: str) -> None:
    decision = decide(ANN, search(crowded=(crowded,)), POLICY)
    assert (decision.action, decision.matched_by) == (REVIEW, matched_by)


def test_a_crowded_phone_does_not_hide_who_has_the_email_and_is_not_added() -> None:
    decision = decide(ANN, search(holder("ann", email="exact"), crowded=("phone",)), POLICY)
    assert (decision.action, decision.customer_id, decision.leave_out) == (LINK, "ann", ("PHONE",))


def test_nobody_is_created_without_a_name() -> None:
    assert decide(Given(email="ann@example.com"), search(), POLICY).action == SKIPPED
    assert decide(Given(), search(), POLICY).action == SKIPPED


def test_who_fits_in_part_is_named_to_a_person_when_somebody_is_created() -> None:
    decision = decide(ANN, search(holder("maybe", 75, ("address",)), holder("no", 40)), POLICY)
    assert (decision.action, decision.matched_by, decision.candidates) == (CREATED, NONE, ("maybe",))
    assert decision.needs_review


FOUND_BOB = Decision(LINK, EMAIL, "why", "bob", 100)
NOBODY = Decision(CREATED, NONE, "why")
SEVERAL = Decision(REVIEW, EMAIL, "why", candidates=("ann", "bob"))


def test_a_link_that_was_made_here_moves_to_who_is_found_now() -> None:
    assert settle(FOUND_BOB, Standing("ann", by_resolver=True), search()) is FOUND_BOB


def test_a_link_that_a_person_made_stays_and_is_asked_about() -> None:
    decision = settle(FOUND_BOB, Standing("ann"), search())
    assert (decision.action, decision.customer_id, decision.candidates) == (REVIEW, "ann", ("bob",))


@pytest.mark.parametrize("standing", [Standing("ann"), Standing("ann", by_resolver=True, created_id="ann")])
def test_a_link_stays_where_nobody_is_found(standing: Standing) -> None:
    decision = settle(NOBODY, standing, search())
    assert (decision.action, decision.matched_by, decision.customer_id) == (LINK, LINK, "ann")


def test_a_link_that_rests_on_nothing_any_more_moves_to_a_new_customer() -> None:
    assert settle(NOBODY, Standing("ann", by_resolver=True), search(holder("ann", 30))) is NOBODY


def test_staying_needs_less_than_joining() -> None:
    decision = settle(NOBODY, Standing("ann", by_resolver=True), search(holder("ann", 70)))
    assert (decision.action, decision.customer_id) == (LINK, "ann")
    decision = settle(SEVERAL, Standing("ann", by_resolver=True), search())
    assert (decision.action, decision.customer_id) == (LINK, "ann")


def test_several_others_are_a_review_of_the_link() -> None:
    decision = settle(SEVERAL, Standing("cy", by_resolver=True), search())
    assert (decision.action, decision.customer_id, set(decision.candidates)) == (REVIEW, "cy", {"ann", "bob"})


def test_a_link_to_a_deleted_customer_is_a_review() -> None:
    for decision in (FOUND_BOB, NOBODY, SEVERAL):
        assert settle(decision, Standing("ann", live=False, by_resolver=True), search()).action == REVIEW


def test_what_a_person_has_taken_away_is_not_linked_there_again() -> None:
    assert settle(FOUND_BOB, Standing(taken_from=frozenset({"bob"})), search()).action == REVIEW
    assert settle(FOUND_BOB, Standing(taken_from=frozenset({"ann"})), search()) is FOUND_BOB
    assert settle(NOBODY, Standing(created_id="ann", taken_from=frozenset({"ann"})), search()).action == REVIEW


def test_who_was_created_and_not_linked_yet_is_linked_and_not_created_again() -> None:
    decision = settle(NOBODY, Standing(created_id="ann"), search())
    assert (decision.action, decision.customer_id) == (LINK, "ann")


def test_who_came_first_with_a_key_is_the_customer_and_two_of_them_are_a_review() -> None:
    decision = taken([("ann", "PHONE"), ("ann", "EMAIL")], search())
    assert (decision.action, decision.matched_by, decision.customer_id) == (LINK, EMAIL, "ann")
    decision = taken([("ann", "PHONE"), ("bob", "EMAIL")], search())
    assert (decision.action, decision.matched_by, set(decision.candidates)) == (REVIEW, EMAIL, {"ann", "bob"})


@pytest.mark.parametrize(
    ("one", "other", "agree"),
    [
        ("Ann Lee", "Lee, Ann", True),
        ("Ann", "Ann Lee", True),
        ("Jon Smith", "John Smith", True),
        ("Ann Lee", "", True),
        ("Ann Lee", "Bob Stone", False),
        ("Ann Lee", "Bob Lee", False),
    ],
)
def test_names_agree_where_one_person_may_have_both(one: str, other: str, agree: bool) -> None:
    assert names_agree(one, other) == names_agree(other, one) == agree


def test_the_digest_follows_what_was_given_and_nothing_else() -> None:
    one = Conversation("c1", revision=1, name="Ann", email="ann@example.com")
    assert one.digest == replace(one, revision=9, etag="e", origin_id="x", link_time="t").digest
    assert one.digest != replace(one, phone="1").digest


def test_a_request_id_is_the_same_for_the_same_conversation_and_purpose_alone() -> None:
    one = Conversation("c1")
    ids = {one.request_id(*args) for args in (("acme", "create"), ("acme", "link"), ("other", "create"))}
    assert len(ids) == 3
    assert one.request_id("acme", "create") in ids


def test_what_cannot_be_used_is_left_out_and_named() -> None:
    given = Conversation("c1", name=" \t ", email="not an address", phone="--", address="12 Oak St").given
    assert (given.name, given.email, given.phone, given.address) == ("", "", "", "12 Oak St")
    assert given.left_out == ("e-mail", "phone")
