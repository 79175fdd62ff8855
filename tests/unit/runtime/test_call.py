"""What is noted of a call that begins."""

import re
from types import SimpleNamespace
from typing import Any

import pytest

from services.runtime.interceptors.call import open_call, why_gone


def context(*metadata: tuple[str, str]) -> Any:
    return SimpleNamespace(invocation_metadata=lambda: metadata)


def test_a_call_without_an_id_gets_one_of_its_own() -> None:
    given = [open_call("/test.Echo/Say", context()).request_id for _ in range(1_000)]
    assert len(set(given)) == 1_000
    assert all(re.fullmatch(r"[0-9a-f]{32}", one) for one in given)


@pytest.mark.parametrize("bad", ["", "a b", "-a", "x" * 101, "ü"])
def test_an_id_that_no_log_should_hold_is_replaced(bad: str) -> None:
    assert re.fullmatch(r"[0-9a-f]{32}", open_call("/test.Echo/Say", context(("request-id", bad))).request_id)


def test_a_caller_names_its_call() -> None:
    assert open_call("/test.Echo/Say", context(("request-id", "call-1"))).request_id == "call-1"


@pytest.mark.parametrize(("left_s", "code"), [(1.0, "CANCELLED"), (0.0, "DEADLINE_EXCEEDED")])
def test_a_client_that_has_gone_left_or_waited_as_long_as_it_said(left_s: float, code: str) -> None:
    assert why_gone(SimpleNamespace(time_remaining=lambda: left_s)) == code
