"""Distinct texts owns codes for columns in which nearly every value is another one, such as e-mails."""

from collections.abc import Sequence

import numpy as np

from services.matching.engine.arrays import MISSING, Codes, Mask, Rows
from services.matching.engine.byte_texts import ByteTexts
from services.matching.engine.normal_rows import Hashes
from services.matching.engine.vocabulary import Vocabulary


def encoded(texts: ByteTexts, hashes: Hashes, known: Mask) -> tuple[Sequence[str], Codes]:
    """Return the distinct values in the order of their coming, and the code of each row.

    Values are told apart by their hashes, which sort many times faster; should two values ever share one, they
    are told apart as text.
    """
    codes = np.full(len(texts), MISSING, np.int32)
    rows = np.flatnonzero(known)
    first, place = _first_rows(hashes[rows], rows)
    again = np.flatnonzero(first[place] != rows)
    if not texts.equal(rows[again], first[place[again]]).all():
        vocabulary = Vocabulary()
        codes[rows] = vocabulary.encode(texts.chosen(rows))
        return vocabulary.values, codes
    codes[rows] = place
    return texts.chosen(first), codes


def _first_rows(hashes: Hashes, rows: Rows) -> tuple[Rows, Codes]:
    """Return the first row of each distinct hash, in order, and for each row the place of its hash among them."""
    distinct, inverse = np.unique(hashes, return_inverse=True)
    first = np.empty(len(distinct), np.int64)
    first[inverse[::-1]] = np.arange(len(rows) - 1, -1, -1)
    order = np.argsort(first)
    place = np.empty(len(distinct), np.int32)
    place[order] = np.arange(len(distinct), dtype=np.int32)
    return rows[first[order]], place[inverse]
