"""Ids: UUIDv7 in text, which sort by the time they were made."""

from __future__ import annotations

import re
import secrets
import time

_FORM = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")


def new_id() -> str:
    """A fresh UUIDv7 (RFC 9562, method 3: the 12 bits after the millisecond hold its fraction)."""
    nanoseconds = time.time_ns()
    milliseconds, rest = divmod(nanoseconds, 1_000_000)
    fraction = rest * 4096 // 1_000_000
    head = (milliseconds & 0xFFFFFFFFFFFF) << 16 | 0x7000 | fraction
    tail = 0x8000000000000000 | secrets.randbits(62)
    text = f"{head:016x}{tail:016x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def is_id(text: str) -> bool:
    """Whether the text is a UUID in its canonical form, of any version."""
    return _FORM.fullmatch(text) is not None
