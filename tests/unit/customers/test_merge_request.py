"""What a request to merge may hold."""

import pytest

from services.customers.domain.merge import LONGEST_REASON, LONGEST_SUBJECT, MOST_NAMED, MOST_SOURCES, check_merge
from services.runtime.failures import FieldCheck, FieldsInvalid

Pairs = tuple[tuple[str, str], ...]


def wrong(
    target: str = "t",
    sources: tuple[str, ...] = ("s",),
    rules: Pairs = (),
    choices: Pairs = (),
    reason: str = "",
    on_behalf_of: str = "",
    name: str = "",
) -> set[str]:
    """The fields that are refused."""
    try:
        check_merge(FieldCheck(), target, sources, rules, choices, (reason, on_behalf_of, name, ""))
    except FieldsInvalid as refused:
        return {violation.field for violation in refused.fields}
    return set()


def test_a_target_and_a_source_are_enough() -> None:
    assert wrong() == set()
    assert wrong(reason="r" * LONGEST_REASON, on_behalf_of="o" * LONGEST_SUBJECT) == set()


@pytest.mark.parametrize("sources", [(), ("",), ("s", "s"), tuple(map(str, range(MOST_SOURCES + 1)))], ids=len)
def test_sources_are_one_to_fifty_different_ids(sources: tuple[str, ...]) -> None:
    assert wrong(sources=sources) == {"source_ids"}


def test_too_many_rules_and_choices_are_refused_as_a_whole() -> None:
    rules, choices = (("name", "OLDEST"),) * MOST_NAMED, (("name", "t"),) * MOST_NAMED
    assert wrong(rules=rules, choices=choices) == set()
    assert wrong(rules=(("nix", ""),) * (MOST_NAMED + 1), choices=(("nix", ""),) * (MOST_NAMED + 1)) == {
        "rules",
        "choices",
    }


def test_a_field_is_chosen_from_one_customer() -> None:
    assert wrong(choices=(("name", "t"), ("email", "s"), ("name", "t"), ("given_name", "t"))) == set()
    assert wrong(choices=(("name", "t"), ("email", "s"), ("name", "s"), ("given_name", "s"))) == {
        "choices[2].field",
        "choices[3].field",
    }


def test_every_wrong_field_is_named() -> None:
    assert wrong(
        target="",
        sources=(),
        rules=(("name", "BEST"), ("tags", "OLDEST")),
        choices=(("etag", "t"),),
        reason="r" * (LONGEST_REASON + 1),
        on_behalf_of="o" * (LONGEST_SUBJECT + 1),
    ) == {"target_id", "source_ids", "rules[0].rule", "rules[1].rule", "choices[0].field", "reason", "on_behalf_of"}
    assert wrong(reason="\x00", on_behalf_of="\x00", name="\x00") == {"reason", "on_behalf_of", "on_behalf_of_name"}
