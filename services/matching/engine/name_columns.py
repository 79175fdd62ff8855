"""Name columns owns how the names of many customers are read: by distinct word, as a whole only where that fails."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.identity.name_words import DEGREES, GENERATIONS, PARTICLES, TITLES
from services.identity.names import PersonName, family_words, generation, given_words, name_words, parse_name
from services.identity.text import LONGEST, fold
from services.matching.engine.arrays import MISSING, Codes, Mask, Rows
from services.matching.engine.columns import Column
from services.matching.engine.normal_rows import Forms, NormalRows
from services.matching.engine.vocabulary import Vocabulary

NAME_PARTS = ("given_name", "middle_name", "family_name", "suffix")

_WORDS = tuple(f"name_{place}" for place in range(1, 5))
_LONGEST_WORD = LONGEST // 4 - 1
_ODD, _COMMA, _TITLE, _ENDING, _PARTICLE = 1, 2, 4, 8, 16
_SIGNS: Counter[str] = Counter()
for _sign, _words in ((_TITLE, TITLES), (_ENDING, DEGREES | GENERATIONS.keys()), (_PARTICLE, PARTICLES)):
    _SIGNS.update(dict.fromkeys(_words, _sign))
"""What a word may be beside a name."""


def whole_name_forms() -> Forms:
    """Return the SQL that splits whole names into at most four words; other names are kept as they are."""
    few = f"len(name_words) <= {len(_WORDS)}"
    return Forms(
        steps=(
            {"name_lower": "lower(trim(name))"},
            {
                "name_words": f"CASE WHEN strlen(name_lower) <= {LONGEST} AND NOT contains(name_lower, '  ')"
                " THEN string_split(name_lower, ' ') END"
            },
        ),
        kept={
            **{word: f"CASE WHEN {few} THEN name_words[{place}] END" for place, word in enumerate(_WORDS, start=1)},
            "name_odd": f"CASE WHEN name_lower <> '' AND ({few}) IS NOT TRUE THEN name END",
        },
    )


@dataclass(slots=True)
class _Names:
    """Codes of given, middle, family name and suffix; the former three in one vocabulary."""

    words: Vocabulary
    suffixes: Vocabulary
    codes: np.ndarray

    def put(self, rows: Rows, names: list[PersonName]) -> None:
        """Write down the names of some rows."""
        for place, values in enumerate(zip(*names, strict=True)):
            vocabulary = self.suffixes if place == 3 else self.words
            self.codes[place, rows] = vocabulary.encode(values)

    def columns(self) -> dict[str, Column]:
        """Return the columns, one an attribute."""
        return {
            field: Column((self.suffixes if place == 3 else self.words).values, self.codes[place].reshape(-1, 1))
            for place, field in enumerate(PersonName._fields)
        }


def name_columns(rows: NormalRows) -> dict[str, Column]:
    """Return given, middle and family name and suffix of each row; parts win over a whole name."""
    names = _Names(Vocabulary(), Vocabulary(), np.full((4, rows.size), MISSING, np.int32))
    in_parts = np.zeros(rows.size, np.bool_)
    if not rows.names.isdisjoint(NAME_PARTS[:3]):
        in_parts = _read_parts(rows, names)
    if _WORDS[0] in rows.names:
        _read_whole(rows, names, ~in_parts)
    return names.columns()


def _read_parts(rows: NormalRows, names: _Names) -> Mask:
    """Read the rows that have a given, middle or family name of its own, and tell which those are."""
    given, middle, family, suffix = (_distinct(rows, part) for part in NAME_PARTS)
    present: Mask = (given[1] >= 0) | (middle[1] >= 0) | (family[1] >= 0)
    givens, families = [given_words(text) for text in given[0]], [family_words(text) for text in family[0]]
    first = _mapped(names.words, [words[0] if words else "" for words, _ in givens], given[1])
    rest = _mapped(names.words, [" ".join(words[1:]) for words, _ in givens], given[1])
    middles = _mapped(names.words, [" ".join(name_words(fold(text))) for text in middle[0]], middle[1])
    suffixes = [
        _mapped(names.suffixes, [generation(text) for text in suffix[0]], suffix[1]),
        _mapped(names.suffixes, [ending for _, ending in families], family[1]),
        _mapped(names.suffixes, [ending for _, ending in givens], given[1]),
    ]
    last = _mapped(names.words, [" ".join(words) for words, _ in families], family[1])
    found = (first, _joined(names.words, rest, middles), last, _first_known(suffixes))
    for place, codes in enumerate(found):
        names.codes[place] = np.where(present, codes, MISSING)
    return present


def _distinct(rows: NormalRows, part: str) -> tuple[list[str], Codes]:
    if part not in rows.names:
        return [], np.full(rows.size, MISSING, np.int32)
    values, (codes,) = rows.coded(part)
    return values, codes


def _mapped(vocabulary: Vocabulary, values: list[str], codes: Codes) -> Codes:
    """Return the codes of what each distinct value became."""
    return np.append(vocabulary.encode(values), np.int32(MISSING))[codes]


def _joined(words: Vocabulary, left: Codes, right: Codes) -> Codes:
    """Return both words as one where there are both, each distinct pair joined once."""
    joined = np.where(left >= 0, left, right)
    both = np.flatnonzero((left >= 0) & (right >= 0))
    pairs, inverse = np.unique(left[both].astype(np.int64) << 32 | right[both], return_inverse=True)
    texts = [f"{words.values[pair >> 32]} {words.values[pair & 0xFFFFFFFF]}" for pair in pairs.tolist()]
    joined[both] = words.encode(texts)[inverse]
    return joined


def _first_known(several: list[Codes]) -> Codes:
    found = several[0]
    for other in several[1:]:
        found = np.where(found >= 0, found, other)
    return found


def _read_whole(rows: NormalRows, names: _Names, wanted: Mask) -> None:
    texts, codes = rows.coded(*_WORDS)
    words = _Words.of(texts, names.words)
    tokens = np.stack(codes)
    plain = words.put(tokens, names.codes, wanted)
    odd = np.flatnonzero(wanted & ~plain & (tokens[0] >= 0))
    parts = [[texts[code] if code >= 0 else "" for code in line] for line in tokens[:, odd].T.tolist()]
    _read_odd(names, odd, [" ".join(part).strip() for part in parts])
    set_aside, raw = rows.chosen("name_odd")
    chosen = wanted[set_aside]
    _read_odd(names, set_aside[chosen], [text for text, keep in zip(raw, chosen.tolist(), strict=True) if keep])


def _read_odd(names: _Names, rows: Rows, texts: list[str]) -> None:
    if texts:
        known = {text: parse_name(text) for text in dict.fromkeys(texts)}
        names.put(rows, [known[text] for text in texts])


@dataclass(slots=True)
class _Words:
    """What each distinct word of whole names is; the last place stands for no word."""

    code: Codes
    signs: NDArray[np.uint8]

    @classmethod
    def of(cls, texts: list[str], vocabulary: Vocabulary) -> "_Words":
        words, signs = zip(*map(_read_word, texts), strict=True) if texts else ((), ())
        return cls(np.append(vocabulary.encode(words), np.int32(MISSING)), np.array([*signs, 0], np.uint8))

    def put(self, tokens: Codes, codes: np.ndarray, wanted: Mask) -> Mask:
        """Write down the rows that can be read by their words, and tell which those are."""
        signs = self.signs[tokens]
        count = (tokens >= 0).sum(axis=0)
        last = signs[np.maximum(count - 1, 0), np.arange(tokens.shape[1])]
        readable = wanted & (count > 0) & (((signs & _ODD) == 0).all(axis=0)) & (last & _ENDING == 0)
        comma = (signs & _COMMA) > 0
        turned = comma[0] & (count > 1)
        inner = (comma[1] & (count > 2)) | (comma[2] & (count > 3))
        self._put_in_order(tokens, signs, codes, readable & ~turned & ~inner)
        self._put_turned(tokens, signs, codes, readable & turned & ~comma[1:].any(axis=0))
        return np.asarray(codes[:3].max(axis=0) >= 0) & wanted

    def _put_in_order(self, tokens: Codes, signs: NDArray[np.uint8], codes: np.ndarray, where: Mask) -> None:
        """'Dr. Ann Q. Lee': without titles one to three words, the family name last."""
        rows = np.flatnonzero(where)
        words = tokens[:, rows]
        titled = np.flatnonzero((signs[0, rows] & _TITLE > 0) & (words[1] >= 0))
        while len(titled):
            words[:-1, titled], words[-1, titled] = words[1:, titled], MISSING
            titled = titled[(self.signs[words[0, titled]] & _TITLE > 0) & (words[1, titled] >= 0)]
        three = words[2] >= 0
        keep = (words[3] < 0) & ~(three & (self.signs[words[1]] & _PARTICLE > 0))
        family = np.where(three, words[2], words[1])
        middle = np.where(three, words[1], MISSING)
        for place, part in enumerate((words[0], middle, family)):
            codes[place, rows[keep]] = self.code[part[keep]]

    def _put_turned(self, tokens: Codes, signs: NDArray[np.uint8], codes: np.ndarray, where: Mask) -> None:
        """'Lee, Ann Q.': the family name first."""
        titled = (signs[1] & _TITLE > 0) & (tokens[2] >= 0)
        rows = np.flatnonzero(where & ~titled & (signs[0] & _ENDING == 0) & (tokens[3] < 0))
        for place, part in enumerate((tokens[1], tokens[2], tokens[0])):
            codes[place, rows] = self.code[part[rows]]


def _read_word(text: str) -> tuple[str, int]:
    """Return the one word that a token is, '' if it is none or several, and its signs."""
    if text.isascii() and text.isalpha() and len(text) <= _LONGEST_WORD:
        word = text.lower()
        return word, _SIGNS.get(word, 0)
    folded = fold(text)
    head, comma, tail = folded.partition(",")
    words = name_words(head) if not tail and not ("(" in folded or '"' in folded) else []
    if len(words) != 1 or len(folded) > _LONGEST_WORD:
        return "", _ODD
    return words[0], _SIGNS.get(words[0], 0) | (_COMMA if comma else 0)
