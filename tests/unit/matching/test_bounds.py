"""What is not looked at could not have been a match: bounds leave out only pairs that weigh too little."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from services.matching.domain.default_model import DEFAULT_MODEL
from services.matching.domain.ladder import LADDER
from services.matching.domain.model import Model
from services.matching.engine.api import records_from_rows
from services.matching.engine.assessors import Pairs
from services.matching.engine.bounds import Bounds
from services.matching.engine.columns import Columns
from services.matching.engine.model_arrays import counted_attributes
from services.matching.engine.scoring import score, score_pairs
from tests.unit.matching.customers import Row
from tests.unit.matching.strategies import rows


def columns_of(table: list[Row], counted: bool) -> Columns:
    columns = records_from_rows({"id": str(number), **row} for number, row in enumerate(table)).columns
    if counted:
        columns.count_own_values(counted_attributes(DEFAULT_MODEL))
    return columns


def turned(model: Model) -> Model:
    """Return a model in which the levels of each comparison weigh the other way round."""
    return replace(
        model,
        comparisons=tuple(
            replace(
                comparison,
                levels=tuple(
                    replace(level, m=other.m, u=other.u)
                    for level, other in zip(comparison.levels, reversed(comparison.levels), strict=True)
                ),
            )
            for comparison in model.comparisons
        ),
    )


def lifted(model: Model, lift: float) -> Model:
    """Return a model in which strangers of one given name agree so many times more often in everything."""
    return replace(model, comparisons=tuple(replace(comparison, given_lift=lift) for comparison in model.comparisons))


MODELS = [DEFAULT_MODEL, turned(DEFAULT_MODEL), lifted(DEFAULT_MODEL, 1.5), lifted(turned(DEFAULT_MODEL), 1e6)]


@settings(max_examples=30, deadline=None)
@given(
    table=st.lists(rows, min_size=2, max_size=12),
    counted=st.booleans(),
    model=st.sampled_from(MODELS),
    least=st.floats(-40, 20),
)
def test_no_pair_is_left_out_that_weighs_enough(table: list[Row], counted: bool, model: Model, least: float) -> None:
    columns = columns_of(table, counted)
    left, right = (side.astype(np.int64) for side in np.triu_indices(len(table), k=1))
    _, scored = score_pairs(Pairs(columns, left, right), model)
    bounds = Bounds.of(columns, model)
    assert bounds is not None
    hopeful, gamma = bounds.hopeful(left, right, least)
    assert set(np.flatnonzero(scored.total >= least)) <= set(hopeful)
    looked_at = score(gamma, model, columns.population)
    assert looked_at.total.tolist() == scored.total[hopeful].tolist()
    assert looked_at.confidence.tolist() == scored.confidence[hopeful].tolist()


def test_strangers_are_not_looked_at_closely() -> None:
    table: list[Row] = [
        {"name": f"{name} {name}son", "email": f"{name}@x.org"} for name in ("ann", "bo", "cyd", "dirk")
    ]
    bounds = Bounds.of(columns_of(table, counted=True), DEFAULT_MODEL)
    assert bounds is not None
    hopeful, gamma = bounds.hopeful(np.zeros(3, np.int64), np.arange(1, 4), 0.0)
    assert (len(hopeful), len(gamma)) == (0, 0)


def test_a_ladder_has_no_bounds() -> None:
    assert Bounds.of(columns_of([{"name": "Ann Lee"}], counted=False), LADDER) is None
