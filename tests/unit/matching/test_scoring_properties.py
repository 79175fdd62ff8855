"""One pair has one score: either way round, online or in bulk, today or tomorrow."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.matching.domain.default_model import DEFAULT_MODEL
from services.matching.domain.keys import blocking_keys
from services.matching.engine.api import Options, dedupe, explain, records_from_rows, score_candidates
from services.matching.engine.options import DEFAULT_THRESHOLD
from tests.unit.matching.customers import Row, identity_of
from tests.unit.matching.strategies import rows


@given(left=rows, right=rows)
def test_the_order_of_a_pair_does_not_matter(left: Row, right: Row) -> None:
    one, other = identity_of(left), identity_of(right)
    assert score_candidates(one, [other]) == score_candidates(other, [one])


@given(left=rows, right=rows)
def test_the_waterfall_adds_up_to_the_weight(left: Row, right: Row) -> None:
    shown = explain(identity_of(left), identity_of(right))
    parts = shown.prior_weight + shown.shared_household_adjustment + sum(part.total for part in shown.contributions)
    assert shown.match_weight == pytest.approx(parts, abs=1e-5)
    assert shown.shared_household_adjustment <= 0
    assert shown.model_version == DEFAULT_MODEL.version


@settings(max_examples=40, deadline=None)
@given(table=st.lists(rows, min_size=2, max_size=12), learn=st.booleans())
def test_bulk_and_online_give_the_same_score(table: list[Row], learn: bool) -> None:
    result = dedupe(
        records_from_rows({"id": str(number), **row} for number, row in enumerate(table)), Options(learn=learn)
    )
    for pair in result.pairs():
        left, right = (identity_of(table[int(record_id)]) for record_id in (pair.id_a, pair.id_b))
        (online,) = score_candidates(left, [right], result.model, result.frequencies)
        assert online.match_weight == pair.weight
        assert online.confidence == pair.confidence


@settings(max_examples=20, deadline=None)
@given(table=st.lists(rows, min_size=2, max_size=6), repeats=st.integers(3, 60))
def test_rows_that_repeat_leave_bulk_and_online_equal(table: list[Row], repeats: int) -> None:
    table = [*table, *[table[0]] * repeats]
    result = dedupe(records_from_rows({"id": str(number), **row} for number, row in enumerate(table)))
    for pair in result.pairs():
        left, right = (identity_of(table[int(record_id)]) for record_id in (pair.id_a, pair.id_b))
        (online,) = score_candidates(left, [right], result.model, result.frequencies)
        assert (online.match_weight, online.confidence) == (pair.weight, pair.confidence)


@given(left=rows, others=st.lists(rows, max_size=4))
def test_a_candidate_scores_the_same_alone_and_among_others(left: Row, others: list[Row]) -> None:
    identity, candidates = identity_of(left), [identity_of(row) for row in others]
    together = score_candidates(identity, candidates)
    assert together == [score_candidates(identity, [candidate])[0] for candidate in candidates]


@given(row=rows)
def test_names_alone_never_link(row: Row) -> None:
    names = {field: row[field] for field in ("given_name", "middle_name", "family_name", "suffix")}
    (evidence,) = score_candidates(identity_of(names), [identity_of(row)])
    assert evidence.confidence < 70


@given(row=rows)
def test_keys_are_the_same_for_the_same_record(row: Row) -> None:
    keys = blocking_keys(identity_of(row))
    assert keys == blocking_keys(identity_of(dict(row)))
    assert len(keys) == len(set(keys))
    assert all(value for _, value in keys)


def test_the_default_threshold_is_more_likely_than_not() -> None:
    assert DEFAULT_THRESHOLD == 50
