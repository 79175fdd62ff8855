"""The evidence of a pair reads as a person would expect."""

from functools import partial

from services.matching.domain.evidence import AUTO_LINK, NAME_ONLY_LIMIT
from services.matching.domain.identity_record import identify
from services.matching.domain.model import Frequencies
from services.matching.engine.api import explain, score_candidates

ANN = identify(name="Ann Lee", emails=["ann.lee@x.org"], phones=["415-555-2671"])


def test_the_same_name_and_email_link_by_themselves() -> None:
    (evidence,) = score_candidates(ANN, [identify(name="Lee, Ann", emails=["Ann.Lee@X.org"])])
    assert evidence.confidence >= AUTO_LINK
    assert set(evidence.matched_fields) == {"given", "family", "email"}


def test_two_equal_names_are_a_question_only() -> None:
    (evidence,) = score_candidates(identify(name="Zebedee Quux"), [identify(name="Zebedee Quux")])
    assert evidence.confidence <= NAME_ONLY_LIMIT


def test_people_of_one_household_are_not_one_person() -> None:
    at_home = partial(identify, addresses=["12 Oak St, Springfield, IL 62704"], phones=["415-555-2671"])
    (evidence,) = score_candidates(at_home(name="Ann Lee"), [at_home(name="Robert Lee")])
    assert evidence.confidence < 50


def test_a_value_that_many_share_says_less() -> None:
    info = identify(name="Ann Lee", emails=["info@x.org"])
    names: dict[str, dict[str, float]] = {"given": {"ann": 900}, "family": {"lee": 400}}
    rare = Frequencies(100_000, names)
    shared = Frequencies(100_000, {**names, "email": {"info@x.org": 5_000}})
    weights = [score_candidates(info, [info], frequencies=known)[0].match_weight for known in (rare, shared)]
    assert weights[0] > weights[1] + 8


def test_the_larger_the_company_the_more_it_takes() -> None:
    one, other = (
        identify(name=name, birth_date=date)
        for name, date in (("Kathryn Smithe", "1971-06-04"), ("Kathrin Smythe", "1971-06-05"))
    )
    weights = [
        score_candidates(one, [other], frequencies=Frequencies(records, {}))[0].match_weight
        for records in (1_000, 1_000_000)
    ]
    assert explain(ANN, ANN, frequencies=Frequencies(1_000_000, {})).prior_weight < -20
    assert weights[0] > weights[1] + 8


def test_an_explanation_tells_when_a_scan_never_compares() -> None:
    assert explain(identify(name="Ann Lee"), identify(name="Bob Ray")).shared_keys == ()
    assert "name" in explain(ANN, identify(name="Ann Lee")).shared_keys


def test_no_candidate_gives_no_evidence() -> None:
    assert score_candidates(ANN, []) == []
