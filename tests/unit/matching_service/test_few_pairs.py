"""A handful of pairs is scored without arrays, and to the same numbers as many."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.matching.domain.default_model import DEFAULT_MODEL
from services.matching.domain.identity_record import Identity, identify
from services.matching.domain.model import Frequencies
from services.matching.engine.api import Scorer
from services.matching.engine.few_pairs import few_pairs
from services.matching.engine.frequencies import CompactCounts
from services.matching.engine.model_arrays import counted_attributes
from services.matching.engine.online import score_many
from tests.unit.matching import strategies

Row = dict[str, str]


def several(values: list[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), max_size=3)


identities = st.builds(
    lambda row, emails, phones, streets: identify(
        given_name=row["given_name"],
        middle_name=row["middle_name"],
        family_name=row["family_name"],
        suffix=row["suffix"],
        organization=row["organization"],
        emails=emails,
        phones=phones,
        addresses=[f"{street}, {row['city']} {row['postal_code']}" for street in streets],
        birth_date=row["birth_date"],
        external_ids=[row["external_id"]],
    ),
    strategies.rows,
    several(strategies.EMAIL),
    several([phone for phone in strategies.PHONE if "|" not in phone]),
    several(strategies.STREET),
)
counts = st.builds(
    lambda records, drawn: Frequencies(records, {name: dict(drawn) for name in counted_attributes(DEFAULT_MODEL)}),
    st.integers(1, 2_000_000),
    st.dictionaries(
        st.sampled_from(["john", "smith", "12 oak st", "john.smith@gmail.com", "62704", "springfield"]),
        st.floats(1.0, 9_000.0),
    ),
)


@given(left=identities, others=st.lists(identities, min_size=1, max_size=5), frequencies=counts | st.none())
def test_few_pairs_score_as_many_do(left: Identity, others: list[Identity], frequencies: Frequencies | None) -> None:
    scorer = few_pairs(DEFAULT_MODEL, frequencies)
    assert scorer is not None, "a comparison or a level is unknown here: every online call falls back to arrays"
    many = score_many(left, others, DEFAULT_MODEL, frequencies)
    assert [scorer.evidence(left, other) for other in others] == many


@given(
    left=identities, others=st.lists(identities, max_size=5), frequencies=counts | st.none(), least=st.integers(0, 100)
)
def test_those_who_are_sure_enough_are_those_of_all(
    left: Identity, others: list[Identity], frequencies: Frequencies | None, least: int
) -> None:
    scorer = Scorer(DEFAULT_MODEL, frequencies)
    every = enumerate(scorer.score(left, others))
    assert scorer.sure(left, others, least) == [(row, one) for row, one in every if one.confidence >= least]


@given(st.dictionaries(st.text(), st.floats(1.0, 1e6), max_size=50), st.text())
def test_compact_counts_are_the_counts(drawn: dict[str, float], other: str) -> None:
    kept = CompactCounts.of(drawn)
    again = CompactCounts.joined(list(kept.parts()))
    for value in (*drawn, other):
        assert kept.get(value, 1.0) == again.get(value, 1.0) == drawn.get(value, 1.0)


@pytest.mark.parametrize("values", [[], ["a"], ["a", "b"]])
def test_compact_counts_take_sixteen_bytes_a_value(values: list[str]) -> None:
    assert CompactCounts.of(dict.fromkeys(values, 2.0)).size == 16 * len(values)
