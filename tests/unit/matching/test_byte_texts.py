"""Texts that are kept as bytes are the texts that went in."""

import duckdb
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.matching.engine import byte_texts
from services.matching.engine.arrow_text import read_texts
from services.matching.engine.byte_texts import ByteTexts
from services.matching.engine.profiles import profile

TEXTS = st.lists(st.text(max_size=6), max_size=12)


@given(texts=TEXTS, begin=st.integers(0, 12), further=TEXTS)
def test_texts_come_out_as_they_went_in(texts: list[str], begin: int, further: list[str]) -> None:
    kept = ByteTexts.joined([ByteTexts.encoded(texts), ByteTexts.encoded(further)])
    assert list(kept) == texts + further
    assert list(kept[begin:]) == (texts + further)[begin:]
    assert list(kept.chosen(np.arange(len(kept))[::-1])) == (texts + further)[::-1]


@given(texts=TEXTS)
def test_profiles_of_bytes_are_those_of_texts(texts: list[str]) -> None:
    of_bytes, of_texts = profile(ByteTexts.encoded(texts)), profile(texts)
    for name in ("lengths", "letters", "starts", "several_words"):
        assert getattr(of_bytes, name).tolist() == getattr(of_texts, name).tolist()


@given(texts=st.lists(st.text("aé", max_size=2), min_size=1, max_size=8))
def test_texts_are_compared_as_texts(texts: list[str]) -> None:
    left, right = (side.ravel() for side in np.mgrid[: len(texts), : len(texts)])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(byte_texts, "_COMPARED_AT_ONCE", 3)
        same = ByteTexts.encoded(texts).equal(left, right)
    assert same.tolist() == [texts[a] == texts[b] for a, b in zip(left.tolist(), right.tolist(), strict=True)]


def test_a_column_is_read_as_bytes() -> None:
    with duckdb.connect() as connection:
        texts = read_texts(connection, "SELECT repeat('é', range % 20) || range AS text FROM range(3000)")
        assert list(texts) == ["é" * (number % 20) + str(number) for number in range(3000)]
        assert list(read_texts(connection, "SELECT '' AS text WHERE false")) == []


def test_a_column_of_numbers_is_no_text() -> None:
    with duckdb.connect() as connection, pytest.raises(TypeError):
        read_texts(connection, "SELECT 1 AS text")


@given(texts=st.lists(st.text("aé@", max_size=5), min_size=1, max_size=8), parts=st.text("aé@", min_size=1, max_size=3))
def test_parts_are_found_in_what_stands_before_a_sign(texts: list[str], parts: str) -> None:
    kept, sought = ByteTexts.encoded(["@", *texts])[1:], ByteTexts.encoded([parts] * len(texts))
    before = [text.rpartition("@")[0] for text in texts]
    assert list(kept.until_last(b"@")) == before
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(byte_texts, "_COMPARED_AT_ONCE", 3)
        assert kept.contain(sought).tolist() == [parts in text for text in texts]
        assert kept.until_last(b"@").contain(sought).tolist() == [parts in text for text in before]
