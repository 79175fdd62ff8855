"""Byte texts owns many texts as one run of UTF-8 bytes: a text becomes an object only where it is looked at."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
from numpy.typing import NDArray

from services.matching.engine.arrays import Codes, Mask, Rows

_COMPARED_AT_ONCE = 20_000


@dataclass(frozen=True, slots=True, eq=False)
class ByteTexts(Sequence[str]):
    """Texts by place; `starts` and `ends` tell where each one's bytes are."""

    content: bytes
    starts: Rows
    ends: Rows

    @staticmethod
    def of(content: bytes, bounds: Rows) -> "ByteTexts":
        """Return the texts that follow one another between these bounds."""
        return ByteTexts(content, bounds[:-1], bounds[1:])

    @staticmethod
    def encoded(texts: Sequence[str]) -> "ByteTexts":
        """Return texts as bytes."""
        each = [text.encode() for text in texts]
        return ByteTexts.of(b"".join(each), np.cumsum([0, *map(len, each)], dtype=np.int64))

    @staticmethod
    def joined(parts: Sequence["ByteTexts"]) -> "ByteTexts":
        """Return the texts of all parts, in order."""
        if len(parts) == 1:
            return parts[0]
        before = np.cumsum([0, *(len(part.content) for part in parts)], dtype=np.int64)
        none = np.zeros(0, np.int64)
        moved = list(zip(parts, before.tolist(), strict=False))
        return ByteTexts(
            b"".join([part.content for part in parts]),
            np.concatenate([none, *(part.starts + begin for part, begin in moved)]),
            np.concatenate([none, *(part.ends + begin for part, begin in moved)]),
        )

    def __len__(self) -> int:
        return len(self.starts)

    @overload
    def __getitem__(self, place: int) -> str: ...

    @overload
    def __getitem__(self, place: slice) -> "ByteTexts": ...

    def __getitem__(self, place: int | slice) -> "str | ByteTexts":
        if isinstance(place, slice):
            return ByteTexts(self.content, self.starts[place], self.ends[place])
        return self.content[self.starts[place] : self.ends[place]].decode()

    def chosen(self, places: Rows) -> "ByteTexts":
        """Return the texts at some places, in their order."""
        return ByteTexts(self.content, self.starts[places], self.ends[places])

    def characters(self) -> tuple[NDArray[np.uint32], Codes]:
        """Return the characters of all texts, one after the other, and how many each text has."""
        content, lengths = self._gathered(), self.ends - self.starts
        if (content < 0x80).all():
            return content.astype(np.uint32), lengths.astype(np.int32)
        owner = np.repeat(np.arange(len(lengths)), lengths)
        inner = np.bincount(owner[(content & 0xC0) == 0x80], minlength=len(lengths))
        wide = content.tobytes().decode().encode("utf-32-le")
        return np.frombuffer(wide, np.uint32), (lengths - inner).astype(np.int32)

    def equal(self, left: Rows, right: Rows) -> Mask:
        """Return where the texts at two places are the same."""
        same: Mask = (self.ends - self.starts)[left] == (self.ends - self.starts)[right]
        alike = np.flatnonzero(same)
        for begin in range(0, len(alike), _COMPARED_AT_ONCE):
            part = alike[begin : begin + _COMPARED_AT_ONCE]
            one, other = self.chosen(left[part]), self.chosen(right[part])
            differ = np.flatnonzero(one._gathered() != other._gathered())
            if len(differ):
                ends = np.cumsum(one.ends - one.starts)
                same[part[np.searchsorted(ends, differ, side="right")]] = False
        return same

    def until_last(self, sign: bytes) -> "ByteTexts":
        """Return what each text is before the last place of one sign; '' where it has none."""
        signs = np.flatnonzero(np.frombuffer(self.content, np.uint8) == ord(sign))
        last = np.append(-1, signs)[np.searchsorted(signs, self.ends)]
        return ByteTexts(self.content, self.starts, np.maximum(last, self.starts))

    def contain(self, parts: "ByteTexts") -> Mask:
        """Return where each text has its part, which is not empty, somewhere in it."""
        found = np.zeros(len(self), np.bool_)
        for begin in range(0, len(self), _COMPARED_AT_ONCE):
            chosen = slice(begin, begin + _COMPARED_AT_ONCE)
            found[chosen] = self[chosen]._contain(parts[chosen])
        return found

    def _contain(self, parts: "ByteTexts") -> Mask:
        """Follow all places where a part may begin, letter by letter; soon there are few."""
        content, part_content = np.frombuffer(self.content, np.uint8), np.frombuffer(parts.content, np.uint8)
        lengths = parts.ends - parts.starts
        rooms = np.maximum(self.ends - self.starts - lengths + 1, 0)
        owner = np.repeat(np.arange(len(self)), rooms)
        at = np.arange(len(owner)) + np.repeat(self.starts - (np.cumsum(rooms) - rooms), rooms)
        found = np.zeros(len(self), np.bool_)
        place = 0
        while len(owner):
            same = content[at + place] == part_content[parts.starts[owner] + place]
            owner, at, place = owner[same], at[same], place + 1
            whole = lengths[owner] == place
            found[owner[whole]] = True
            owner, at = owner[~whole], at[~whole]
        return found

    def _gathered(self) -> NDArray[np.uint8]:
        """Return the bytes of all texts, one after the other."""
        lengths = self.ends - self.starts
        ends = np.cumsum(lengths)
        size = int(ends[-1]) if len(ends) else 0
        places = np.arange(size) + np.repeat(self.starts - (ends - lengths), lengths)
        return np.frombuffer(self.content, np.uint8)[places] if size else np.zeros(0, np.uint8)
