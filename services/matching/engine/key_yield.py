"""Key yield owns which keys are worth their cost: those whose own pairs hold hardly a match are not followed."""

import numpy as np

from services.matching.engine.arrays import Rows, Weights
from services.matching.engine.candidates import Candidates, KeyReport

COSTLY_PAIRS = 250_000
"""A key that gives fewer pairs of its own is followed whatever they hold."""

FEWEST_MATCHES = 1 / 3_000
"""Expected matches for each pair, below which the pairs that only this key found may be left out."""

MOST_LOST = 0.005
"""The part of all expected matches that may be left out, for all keys together."""

_FEWEST_SAMPLED = 1_000


def leave_out_barren_keys(found: Candidates, keys: Rows, matches: Weights) -> None:
    """Judge each key by the sampled pairs that it alone found, and note what was found in its report."""
    sampled = np.bincount(keys, minlength=len(found.keys))
    expected = np.bincount(keys, weights=matches, minlength=len(found.keys))
    bearable = MOST_LOST * float(matches.sum())
    costly = [number for number, report in enumerate(found.keys) if report.only_here >= COSTLY_PAIRS]
    for number in sorted(costly, key=expected.__getitem__):
        report = found.keys[number]
        report.expected_matches = round(float(expected[number]), 1)
        bearable -= report.expected_matches
        if sampled[number] >= _FEWEST_SAMPLED and bearable >= 0 and _is_barren(report):
            report.left_out = True
            found.leave_out(number)


def _is_barren(report: KeyReport) -> bool:
    return (report.expected_matches or 0.0) < FEWEST_MATCHES * report.only_here
