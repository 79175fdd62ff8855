"""Reads and sets how a company classes its customers, and tells what a change would change."""

from dataclasses import replace

from services.analytics.domain.failures import PolicyNotFound
from services.analytics.domain.loyalty import LoyaltyPolicy, PolicySet, tier_changes
from services.analytics.store import loyalty
from services.runtime.database import Transaction
from services.runtime.failures import EtagMismatch


def get_loyalty_policy(tx: Transaction, version: int) -> LoyaltyPolicy:
    """The policy of a version, or that which holds where the version is 0. Raises PolicyNotFound."""
    if version == 0:
        return loyalty.latest(tx)
    found = loyalty.of_version(tx, version)
    if found is None:
        raise PolicyNotFound(version)
    return found


def preview_loyalty_policy(tx: Transaction, asked: LoyaltyPolicy, expected: int | None) -> PolicySet:
    """What setting the policy would change. Raises EtagMismatch."""
    before = _expected(loyalty.latest(tx), expected)
    changes = tier_changes(before, asked, loyalty.customers_by_purchases(tx))
    return PolicySet(replace(asked, version=before.version + 1), changes)


def set_loyalty_policy(tx: Transaction, asked: LoyaltyPolicy, expected: int | None) -> PolicySet:
    """Sets the policy as the next version. Raises EtagMismatch."""
    loyalty.lock(tx)
    preview = preview_loyalty_policy(tx, asked, expected)
    return replace(preview, policy=loyalty.add(tx, preview.policy))


def _expected(holds: LoyaltyPolicy, expected: int | None) -> LoyaltyPolicy:
    if expected not in {None, holds.version}:
        raise EtagMismatch(
            "The loyalty policy was set since you read it. Read it again, and repeat the call with its version.",
            metadata={"version": str(holds.version)},
        )
    return holds
