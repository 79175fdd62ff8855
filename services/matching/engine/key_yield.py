"""Key yield owns which keys are worth their cost: one whose own pairs hold hardly a match is not followed."""

import numpy as np

from services.matching.engine.arrays import Rows, Weights
from services.matching.engine.candidates import Candidates

COSTLY_PAIRS = 250_000
"""A key that gives fewer pairs of its own is followed whatever they hold."""

FEWEST_MATCHES = 1 / 3_000
"""Expected matches for each pair, below which the pairs that only this key found are left out."""

_FEWEST_SAMPLED = 1_000


def leave_out_barren_keys(found: Candidates, keys: Rows, match: Weights, scale: float) -> None:
    """Judge each key by the sampled pairs that it alone found, and note what was found in its report.

    The only key is never left out: in a small file it is everyone with everyone.
    """
    if len(found.keys) < 2:
        return
    for number, report in enumerate(found.keys):
        own = keys == number
        sampled = int(np.count_nonzero(own))
        if report.only_here < COSTLY_PAIRS or sampled < _FEWEST_SAMPLED:
            continue
        report.expected_matches = float(match[own].sum()) * scale
        if report.expected_matches < FEWEST_MATCHES * report.only_here:
            report.left_out = True
            found.leave_out(number)
