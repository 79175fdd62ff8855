"""What is looked for, and how well a text fits it: whole, its beginning, that of a word, a part, or only similar."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from services.customers.domain.search_text import email_text, spelled_words
from services.identity.names import name_sort

MODES = ("PREFIX", "SUBSTRING", "FUZZY", "EXACT")
LONGEST_QUERY = 255
MOST_WORDS = 8
SHORTEST_PART = 3
"""Characters of a word below which no index finds it inside another one."""
LONGEST_SIMILAR = 40
"""Characters that similar spellings are looked for of: of an e-mail what stands before the @, which tells it apart."""
LONGEST_CALLING_CODE = 3
WHOLE, TURNED, BEGINNING, WORD, PART, SIMILAR = 1.0, 0.98, 0.9, 0.7, 0.5, 0.5

Spellings = Mapping[str, Mapping[str, float]]
"""For each word of a query what it may have meant, with the likeness from 0 to 1."""

_ZERO_ASIDE = re.compile(r"\(\s*0\s*\)")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A query, read as a name, as an e-mail and, where it has no letters, as a phone."""

    text: str
    mode: str
    email: str = field(init=False)
    words: tuple[str, ...] = field(init=False)
    digits: str = field(init=False)
    """Of a phone, without the zero that stands for the own country; empty where the query has letters."""
    international: bool = field(init=False)

    def __post_init__(self) -> None:
        folded = name_sort(self.text)
        plain = _ZERO_ASIDE.sub("", self.text)
        dialled = "" if any(map(str.isalpha, plain)) else "".join(str(int(c)) for c in plain if c.isdecimal())
        object.__setattr__(self, "text", folded)
        object.__setattr__(self, "email", email_text(folded))
        object.__setattr__(self, "words", tuple(dict.fromkeys(folded.split()))[:MOST_WORDS])
        object.__setattr__(self, "digits", dialled.lstrip("0"))
        object.__setattr__(self, "international", "+" in plain or dialled.startswith("00"))

    @property
    def patterns(self) -> list[str]:
        """LIKE patterns that a text must all fit to hold the query's parts; none where these are too short."""
        if self.mode == "PREFIX":
            return []
        parts = [self.digits] if len(self.digits) >= SHORTEST_PART else list(self.words)
        if self.mode == "EXACT":
            parts = parts[:1] if self.digits else []
        if max(map(len, parts), default=0) < SHORTEST_PART:
            return []
        return [f"%{_escaped(part)}%" for part in parts]

    @property
    def similar(self) -> str:
        """The words that similar spellings are looked for of; empty: none are."""
        words = self.text.partition("@")[0][:LONGEST_SIMILAR].strip()
        return words if self.mode == "FUZZY" and not self.digits and len(words) >= SHORTEST_PART else ""

    @property
    def sought(self) -> list[str]:
        """Those of the words whose right spellings are looked up."""
        return list(dict.fromkeys(spelled_words(self.similar)))[:MOST_WORDS]

    def spelled(self, lines: Sequence[str], spellings: Spellings) -> float:
        """How like the query's words those of a customer are at best, from 0 to 1; each word counts alike."""
        own = set(spelled_words(" ".join(lines))) if spellings else set()
        best = [max((near for word, near in meant.items() if word in own), default=0.0) for meant in spellings.values()]
        return sum(best) / len(best) if best else 0.0

    def fit(self, lines: Sequence[str], likeness: float = 0.0) -> float:
        """How well a customer fits, from 0 (not at all) to 1; `lines` are its name and then its other fields."""
        best = max((self.fit_of(line, is_name=not place) for place, line in enumerate(lines)), default=0.0)
        if not best and self.mode in ("SUBSTRING", "FUZZY") and len(self.words) > 1:
            best = PART if all(any(word in line for line in lines) for word in self.words) else 0.0
        return max(best, SIMILAR * likeness) if self.mode == "FUZZY" else best

    def fit_of(self, line: str, *, is_name: bool = False) -> float:
        """How well one folded field fits."""
        best = max(self._fit(self.text, line), self._turned(line) if is_name else 0.0)
        if self.digits and line.lstrip("+").isdecimal():
            best = max(best, self._dialled(line.lstrip("+")))
        return best if self._allows(best) else 0.0

    def _allows(self, fit: float) -> bool:
        if self.mode == "EXACT":
            return fit >= TURNED
        if self.mode == "PREFIX" or len(self.text) < SHORTEST_PART:
            return fit >= BEGINNING
        return fit > 0

    def _turned(self, name: str) -> float:
        """A name with its last word first: a beginning of it is one too."""
        head, _, last = name.rpartition(" ")
        turned = self._fit(self.text, f"{last} {head}") if head else 0.0
        return TURNED if turned == WHOLE else turned if turned >= BEGINNING else 0.0

    def _dialled(self, number: str) -> float:
        """Digits of a phone, with the calling code of its country or without."""
        if self.international:
            return self._fit(self.digits, number)
        codes = range(1, LONGEST_CALLING_CODE + 1)
        return max(
            self._fit(self.digits, number), *(min(self._fit(self.digits, number[code:]), TURNED) for code in codes)
        )

    def _fit(self, wanted: str, line: str) -> float:
        if not wanted or not line:
            return 0.0
        share = len(wanted) / len(line)
        if line == wanted:
            return WHOLE
        if line.startswith(wanted):
            return BEGINNING + 0.07 * share
        at = line.find(wanted)
        if at < 0:
            return self._fit_of_words(line)
        return (PART if line[at - 1].isalnum() else WORD) + 0.19 * share

    def _fit_of_words(self, line: str) -> float:
        """Every word of the query somewhere in the line."""
        if len(self.words) < 2 or not all(word in line for word in self.words):
            return 0.0
        starts = all(line.startswith(word) or f" {word}" in line for word in self.words)
        return (WORD if starts else PART) + 0.1 * min(1.0, len(self.text) / len(line))


def _escaped(part: str) -> str:
    return part.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
