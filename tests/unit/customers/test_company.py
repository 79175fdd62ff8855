"""What the settings of a company may be."""

from dataclasses import asdict

import pytest

from services.customers.domain.company import DEFAULT_SETTINGS, Settings, changed
from services.runtime.failures import FieldsInvalid

ZONES = ("", "Nairobi", "../../etc/passwd", "/etc/localtime", "localtime", "Factory")


def test_only_what_is_named_changes() -> None:
    assert changed(DEFAULT_SETTINGS, {"region": " KE "}) == Settings(region="KE")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("region", value) for value in ("", "ke", "XX", "KEN", "K\x00")),
        *(("currency", value) for value in ("", "kes", "AB1", "A-Z", "KESX", "ÄÖÜ", "A\x00B", "ZZZ", "XAU")),
        *(("time_zone", value) for value in ZONES),
    ],
)
def test_a_setting_that_does_not_mean_the_same_everywhere_is_refused(name: str, value: str) -> None:
    with pytest.raises(FieldsInvalid) as refused:
        changed(DEFAULT_SETTINGS, {name: value})
    assert [violation.field for violation in refused.value.fields] == [f"settings.{name}"]


def test_every_wrong_setting_is_named() -> None:
    with pytest.raises(FieldsInvalid) as refused:
        changed(DEFAULT_SETTINGS, dict.fromkeys(asdict(DEFAULT_SETTINGS), "?"))
    assert len(refused.value.fields) == 3
