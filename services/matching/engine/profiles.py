"""Profiles owns what is known of each distinct value beforehand, to rule out unlike pairs without looking closer."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.matching.engine.arrays import Codes, Mask, Rows, Weights

_LETTERS = 32
_START = 4
_AT_ONCE = 100_000


@dataclass(slots=True)
class Profile:
    """For each value its length, how often each letter occurs, its first letters, and whether it has several words."""

    lengths: Codes
    letters: NDArray[np.uint8]
    starts: NDArray[np.uint32]
    several_words: Mask

    def unshared(self, left: Codes, right: Codes) -> Codes:
        """Return at least how many letters one of the two has and the other has not, both ways counted."""
        one, other = self.letters[left], self.letters[right]
        return np.asarray((np.maximum(one, other) - np.minimum(one, other)).sum(axis=1, dtype=np.int32))

    def may_be_one_edit(self, left: Codes, right: Codes) -> Mask:
        """Return where one typing error could make the difference."""
        return self.unshared(left, right) <= 2

    def most_alike(self, left: Codes, right: Codes) -> Weights:
        """Return a Jaro-Winkler similarity that the pair cannot exceed."""
        lengths = self.lengths[left].astype(np.float64), self.lengths[right].astype(np.float64)
        shared = (lengths[0] + lengths[1] - self.unshared(left, right)) / 2.0
        jaro = (shared / lengths[0] + shared / lengths[1] + 1.0) / 3.0
        start = np.cumprod(self.starts[left] == self.starts[right], axis=1).sum(axis=1)
        return np.asarray(jaro + start * 0.1 * (1.0 - jaro) + 1e-6)


def profile(values: Sequence[str]) -> Profile:
    """Look at each value once."""
    if len(values) <= _AT_ONCE:
        return _profile(values)
    parts = [_profile(values[begin : begin + _AT_ONCE]) for begin in range(0, len(values), _AT_ONCE)]
    return Profile(
        np.concatenate([part.lengths for part in parts]),
        np.concatenate([part.letters for part in parts]),
        np.concatenate([part.starts for part in parts]),
        np.concatenate([part.several_words for part in parts]),
    )


def _profile(values: Sequence[str]) -> Profile:
    lengths = np.fromiter(map(len, values), np.int32, len(values))
    characters = np.frombuffer("".join(values).encode("utf-32-le", "surrogatepass"), np.uint32)
    owner = np.repeat(np.arange(len(values)), lengths)
    counts = np.bincount(owner * _LETTERS + (characters & (_LETTERS - 1)), minlength=len(values) * _LETTERS)
    words = np.bincount(owner, weights=(characters == ord(" ")) | (characters == ord("-")), minlength=len(values))
    letters = np.minimum(counts, 255).astype(np.uint8).reshape(len(values), _LETTERS)
    return Profile(lengths, letters, _starts(characters, lengths), words > 0)


def _starts(characters: NDArray[np.uint32], lengths: Codes) -> NDArray[np.uint32]:
    """Return the first letters of each value, 0 after its end."""
    begins: Rows = np.cumsum(lengths, dtype=np.int64) - lengths
    starts = np.zeros((len(lengths), _START), np.uint32)
    for place in range(_START):
        long_enough = lengths > place
        starts[long_enough, place] = characters[begins[long_enough] + place]
    return starts
