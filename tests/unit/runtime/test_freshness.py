"""Change tokens."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.runtime.failures import FieldsInvalid, TokenEpoch
from services.runtime.freshness import ChangeToken, Horizon


@given(st.text(min_size=1, alphabet=st.characters(exclude_categories=["Cs"])), st.integers(0, 2**63 - 1))
def test_a_token_survives_its_journey(epoch: str, xid: int) -> None:
    token = ChangeToken(epoch, xid)
    assert ChangeToken.parse(token.encode()) == token


@pytest.mark.parametrize("text", ["", "x", "####", "MS4xMi4", "Mi4xMi5l", "MS4tMS5l", "ä", "A" * 5000])
def test_a_text_that_is_no_token_is_a_bad_field(text: str) -> None:
    with pytest.raises(FieldsInvalid, match="at_least_as_fresh"):
        ChangeToken.parse(text)


def test_a_token_is_met_only_beyond_its_transaction() -> None:
    horizon = Horizon()
    assert not horizon.meets(ChangeToken("e", 10))
    horizon.move("e", 10)
    assert not horizon.meets(ChangeToken("e", 10))
    horizon.move("e", 11)
    assert horizon.meets(ChangeToken("e", 10))


def test_a_token_of_another_epoch_is_refused() -> None:
    horizon = Horizon()
    horizon.move("new", 100)
    with pytest.raises(TokenEpoch):
        horizon.meets(ChangeToken("old", 10))
