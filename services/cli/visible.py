"""Visible owns what may be printed of text from outside: nothing that steers a terminal."""

import re

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def visible(text: str) -> str:
    """Return text with a sign in place of each character that steers a terminal."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)
