"""A company's loyalty policy has versions, tells what it would change, and classes customers from then on."""

from dataclasses import replace

import pytest

from services.analytics.domain.failures import PolicyNotFound
from services.analytics.domain.frequency import RepeatFrequency
from services.analytics.domain.loyalty import SHIPPED, LoyaltyPolicy, Tier, checked_policy
from services.analytics.operations.loyalty_policy import (
    get_loyalty_policy,
    preview_loyalty_policy,
    set_loyalty_policy,
)
from services.runtime.database import Database
from services.runtime.failures import EtagMismatch, FieldCheck, FieldsInvalid
from tests.integration.analytics.shop import Shop, sale

STRICT = LoyaltyPolicy(3, 5, 6, (Tier("none", 0), Tier("gold", 2)))


def set_to(shop: Shop, policy: LoyaltyPolicy, expected: int | None = None) -> LoyaltyPolicy:
    with shop.database.transaction(shop.scope) as tx:
        return set_loyalty_policy(tx, policy, expected).policy


def test_a_company_that_never_set_one_has_the_shipped_policy(shop: Shop) -> None:
    assert shop.ask(lambda tx: get_loyalty_policy(tx, 0)) == SHIPPED


def test_a_policy_classes_customers_from_then_on_and_its_versions_stay(shop: Shop, database: Database) -> None:
    amina = shop.customer()
    shop.sell_many(*(sale(amina) for _ in range(2)))
    assert (shop.metrics(amina).repeat_frequency, shop.metrics(amina).loyalty_tier) == (
        RepeatFrequency.OCCASIONAL,
        "occasional",
    )
    first = set_to(shop, STRICT)
    assert (first.version, first.created_by) == (1, "till")
    metrics = shop.metrics(amina)
    assert (metrics.repeat_frequency, metrics.loyalty_tier) == (RepeatFrequency.ONE_TIME, "gold")
    assert dict(shop.summary().frequencies)[RepeatFrequency.ONE_TIME] == 1
    set_to(shop, SHIPPED)
    assert shop.ask(lambda tx: get_loyalty_policy(tx, 1)) == first
    assert shop.ask(lambda tx: get_loyalty_policy(tx, 0)).version == 2
    with pytest.raises(PolicyNotFound):
        shop.ask(lambda tx: get_loyalty_policy(tx, 3))
    assert Shop(database, "another company").ask(lambda tx: get_loyalty_policy(tx, 0)) == SHIPPED


def test_a_preview_tells_how_many_change_tier_and_sets_nothing(shop: Shop) -> None:
    for purchases in (0, 1, 1, 2):
        customer = shop.customer()
        shop.sell_many(*(sale(customer) for _ in range(purchases)))
    preview = shop.ask(lambda tx: preview_loyalty_policy(tx, STRICT, None))
    assert preview.policy.version == 1
    assert preview.changes == [("one_time", "none", 2), ("occasional", "gold", 1)]
    assert shop.ask(lambda tx: get_loyalty_policy(tx, 0)) == SHIPPED


def test_a_policy_that_was_set_meanwhile_is_not_overwritten(shop: Shop) -> None:
    set_to(shop, STRICT, expected=0)
    with pytest.raises(EtagMismatch):
        set_to(shop, STRICT, expected=0)


def test_every_bad_field_of_a_policy_is_named_at_once() -> None:
    bad = LoyaltyPolicy(1, 1, 1, (Tier("", 1), Tier("x", 1), Tier("x", 5)))
    with pytest.raises(FieldsInvalid) as refused:
        checked_policy(FieldCheck(), bad)
    assert [one.field for one in refused.value.fields] == [
        "policy.occasional_from",
        "policy.regular_from",
        "policy.frequent_from",
        "policy.tiers[0].label",
        "policy.tiers[0].least_purchases",
        "policy.tiers[1].least_purchases",
        "policy.tiers[2].label",
    ]
    with pytest.raises(FieldsInvalid):
        checked_policy(FieldCheck(), None)
    assert [tier.label for tier in checked_policy(FieldCheck(), replace(STRICT, tiers=())).tiers] == [
        "none",
        "one_time",
        "occasional",
        "regular",
        "frequent",
    ]
