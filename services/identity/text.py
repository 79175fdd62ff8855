"""Text owns what every normaliser begins with: control characters out, spaces collapsed, letters folded."""

import re
import unicodedata

LONGEST = 400
"""Characters of a field that count: more is no identity, and a megabyte must cost no more than a line."""

UNMARKED = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")
_MOST_KNOWN = 1 << 16


class _Bare(dict[int, str]):
    """What is left of each character without accents, found when it is first met."""

    def __missing__(self, code: int) -> str:
        if len(self) >= _MOST_KNOWN:
            self.clear()
        decomposed = unicodedata.normalize("NFKD", chr(code)).translate(UNMARKED)
        self[code] = bare = "".join(one for one in decomposed if not unicodedata.combining(one))
        return bare


_bare = _Bare()
_PUNCTUATION = re.compile(r"[^\w]+|_+")


def clean(text: str, longest: int = LONGEST) -> str:
    """Return the text without control and formatting characters, single-spaced, cut to `longest`."""
    if not text:
        return ""
    text = text[: longest * 4]
    if not text.isprintable():
        text = "".join(_printable(character) for character in text)
    return " ".join(text.split())[:longest].rstrip()


def _printable(character: str) -> str:
    if character.isspace():
        return " "
    category = unicodedata.category(character)
    return "" if category in {"Cf", "Cs", "Co", "Cn"} else " " if category == "Cc" else character


def fold(text: str) -> str:
    """Return the text for comparing: cleaned, case and accents folded, width and script forms unified."""
    text = clean(text)
    if text.isascii():
        return text.lower()
    bare = _BEYOND_ASCII.sub(_without_accents, text.casefold())
    return clean(bare.lower() if bare.isascii() else unicodedata.normalize("NFKC", bare).casefold())


def _without_accents(found: re.Match[str]) -> str:
    return found[0].translate(_bare)


def words(text: str) -> list[str]:
    """Return the folded words of a text, letters and digits only."""
    return _PUNCTUATION.sub(" ", fold(text)).split()
