"""Groups of a few records that hang together."""

import pytest

from services.matching.domain.identity_record import Identity, identify
from services.matching.domain.policy import SHIPPED_POLICY
from services.matching.engine.regrouping import regroup


@pytest.mark.parametrize("left", [[], [identify(name="Ann Lee")]])
def test_of_a_group_whose_members_are_gone_nothing_is_left(left: list[Identity]) -> None:
    assert regroup(left, SHIPPED_POLICY.model, None, 80) == []
