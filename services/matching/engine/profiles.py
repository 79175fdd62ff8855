"""Profiles owns what is known of each distinct value beforehand, to rule out unlike pairs without looking closer."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.matching.engine.arrays import Codes, Mask, Rows
from services.matching.engine.byte_texts import ByteTexts

_LETTERS = 32
_START = 4
_START_BITS = 16
_AT_ONCE = 4_000


@dataclass(slots=True)
class Profile:
    """For each value its length, which letters occur in it, its first letters, and whether it has several words."""

    lengths: Codes
    letters: NDArray[np.uint64]
    """A bit for each of 32 kinds of letters that occurs, and one for each that occurs twice."""

    starts: NDArray[np.uint64]
    """The first four letters, 16 bits each, the first one lowest; 0 after the end."""

    several_words: Mask

    def unshared(self, left: Codes, right: Codes) -> Codes:
        """Return a number of letters that one of the two has and the other has not: never more than there are."""
        found = np.bitwise_count(self.letters[left] ^ self.letters[right]).astype(np.int32)
        return np.asarray(np.maximum(found, np.abs(self.lengths[left] - self.lengths[right])))

    def letters_apart(self, left: Codes, right: Codes) -> tuple[Codes, Codes]:
        """Return how many kinds of letters only the left value has, and how many only the right one, at least."""
        one, other = (self.letters[codes].astype(np.uint32) for codes in (left, right))
        return np.bitwise_count(one & ~other), np.bitwise_count(other & ~one)

    def first_letters(self, codes: Codes) -> NDArray[np.uint64]:
        """Return the first letter of each value, as a number."""
        return np.asarray(self.starts[codes] & np.uint64((1 << _START_BITS) - 1))

    def may_be_one_edit(self, left: Codes, right: Codes) -> Mask:
        """Return where one typing error could make the difference."""
        return self.unshared(left, right) <= 2

    def may_be_near(self, left: Codes, right: Codes, least: float) -> Mask:
        """Return where one typing error could make the difference, or Jaro-Winkler could reach `least`."""
        unshared = self.unshared(left, right)
        near: Mask = unshared <= 2
        return near | (self.most_alike(left, right, unshared) >= least)

    def most_alike(self, left: Codes, right: Codes, unshared: Codes | None = None) -> NDArray[np.float32]:
        """Return a Jaro-Winkler similarity that the pair cannot exceed; `unshared` spares counting letters again."""
        one, other = (self.lengths[codes].astype(np.float32) for codes in (left, right))
        apart = self.unshared(left, right) if unshared is None else unshared
        shared = (one + other - apart) / np.float32(2.0)
        jaro = (shared / one + shared / other + np.float32(1.0)) / np.float32(3.0)
        start = self._same_start(left, right) * np.float32(0.1)
        return np.asarray(jaro + start * (np.float32(1.0) - jaro) + np.float32(1e-5))

    def _same_start(self, left: Codes, right: Codes) -> Codes:
        """Return how many of the first four letters are the same, at most."""
        unequal = self.starts[left] ^ self.starts[right]
        lowest = np.bitwise_count((unequal & (~unequal + np.uint64(1))) - np.uint64(1))
        return np.asarray(lowest.astype(np.int32) // _START_BITS)


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
    characters, lengths = values.characters() if isinstance(values, ByteTexts) else _characters(values)
    owner = np.repeat(np.arange(len(values)), lengths)
    counts = np.bincount(owner * _LETTERS + (characters & (_LETTERS - 1)), minlength=len(values) * _LETTERS)
    words = np.bincount(owner, weights=(characters == ord(" ")) | (characters == ord("-")), minlength=len(values))
    return Profile(
        lengths, _letter_bits(counts.reshape(len(values), _LETTERS)), _starts(characters, lengths), words > 0
    )


def _characters(values: Sequence[str]) -> tuple[NDArray[np.uint32], Codes]:
    """Return the characters of all values, one after the other, and how many each has."""
    lengths = np.fromiter(map(len, values), np.int32, len(values))
    return np.frombuffer("".join(values).encode("utf-32-le", "surrogatepass"), np.uint32), lengths


def _letter_bits(counts: Rows) -> NDArray[np.uint64]:
    bits = np.concatenate((counts >= 1, counts >= 2), axis=1)
    return np.ascontiguousarray(np.packbits(bits, axis=1)).view(np.uint64).ravel()


def _starts(characters: NDArray[np.uint32], lengths: Codes) -> NDArray[np.uint64]:
    """Return the first letters of each value, 0 after its end."""
    begins: Rows = np.cumsum(lengths, dtype=np.int64) - lengths
    starts = np.zeros(len(lengths), np.uint64)
    for place in range(_START):
        long_enough = lengths > place
        letters = characters[begins[long_enough] + place].astype(np.uint64) & np.uint64((1 << _START_BITS) - 1)
        starts[long_enough] |= letters << np.uint64(place * _START_BITS)
    return starts
