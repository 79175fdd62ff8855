"""Ids are UUIDv7 in canonical text that sort by the time they were made."""

import threading
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.runtime.ids import is_id, new_id


def test_an_id_is_a_uuid_of_version_7() -> None:
    made = uuid.UUID(new_id())
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert str(made) == str(made).lower()


def test_an_id_holds_the_millisecond_in_which_it_was_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.runtime.ids.time.time_ns", lambda: 1_700_000_000_123_456_789)
    assert uuid.UUID(new_id()).int >> 80 == 1_700_000_000_123


def test_ids_sort_by_time(monkeypatch: pytest.MonkeyPatch) -> None:
    instants = iter(range(1_700_000_000_000_000_000, 1_700_000_000_002_000_000, 250_000))
    monkeypatch.setattr("services.runtime.ids.time.time_ns", lambda: next(instants))
    made = [new_id() for _ in range(8)]
    assert made == sorted(made)
    assert all(uuid.UUID(one).version == 7 for one in made)


def test_many_ids_made_at_once_are_all_different() -> None:
    made: list[str] = []
    threads = [threading.Thread(target=lambda: made.extend([new_id() for _ in range(2000)])) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 8000


@given(st.uuids())
def test_every_uuid_in_canonical_form_is_an_id(made: uuid.UUID) -> None:
    assert is_id(str(made))
    assert is_id(str(made).upper())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "7",
        "018f0000-0000-7000-8000-00000000000",
        "018f0000-0000-7000-8000-0000000000000",
        "018f0000000070008000000000000000",
        "{018f0000-0000-7000-8000-000000000000}",
        "urn:uuid:018f0000-0000-7000-8000-000000000000",
        "018f0000-0000-7000-8000-000000000000\n",
        " 018f0000-0000-7000-8000-000000000000",
        "018g0000-0000-7000-8000-000000000000",
        "０18f0000-0000-7000-8000-000000000000",
        "018f0000-0000-7000-8000-00000000000\x00",
    ],
)
def test_nothing_else_is_an_id(text: str) -> None:
    assert not is_id(text)


@given(st.text(max_size=40))
def test_whatever_is_an_id_is_read_as_a_uuid(text: str) -> None:
    if is_id(text):
        assert str(uuid.UUID(text)) == text.lower()
