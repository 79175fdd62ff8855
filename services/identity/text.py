"""Text owns what every normaliser begins with: control characters out, spaces collapsed, letters folded."""

import re
import unicodedata

LONGEST = 400
"""Characters of a field that count: more is no identity, and a megabyte must cost no more than a line."""

_UNMARKED = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})
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
    decomposed = unicodedata.normalize("NFKD", text.casefold()).translate(_UNMARKED)
    bare = "".join(character for character in decomposed if not unicodedata.combining(character))
    return clean(unicodedata.normalize("NFKC", bare).casefold())


def words(text: str) -> list[str]:
    """Return the folded words of a text, letters and digits only."""
    return _PUNCTUATION.sub(" ", fold(text)).split()
