"""Sounds owns a rough phonetic code of a name, by which misspelt names are looked up."""

_CODES = {letter: code for code, letters in enumerate(
    ("bfpv", "cgjkqsxz", "dt", "l", "mn", "r"), start=1) for letter in letters}  # fmt: skip
_LENGTH = 4


def soundex(word: str) -> str:
    """Return the American Soundex of a folded word; a word in another script is its own code."""
    if not word or not word[0].isascii():
        return word
    code, previous = word[0], _CODES.get(word[0])
    for letter in word[1:64]:
        current = _CODES.get(letter)
        if current and current != previous:
            code += str(current)
            if len(code) == _LENGTH:
                break
        if letter not in "hw":
            previous = current
    return code
