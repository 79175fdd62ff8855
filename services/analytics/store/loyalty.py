"""The versions of a company's loyalty policy."""

import json
from collections.abc import Mapping
from typing import Any

from services.analytics.domain.loyalty import SHIPPED, LifetimeValueMethod, LoyaltyPolicy, Tier
from services.runtime.database import Transaction

COLUMNS = "version, policy, created_at, created_by"
LATEST = f"SELECT {COLUMNS} FROM loyalty_policies WHERE company_id = app_company() ORDER BY version DESC LIMIT 1"
OF_VERSION = f"SELECT {COLUMNS} FROM loyalty_policies WHERE company_id = app_company() AND version = %s"
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('loyalty policy of ' || app_company(), 0))"
INSERT = f"""
INSERT INTO loyalty_policies (company_id, version, policy, created_by) VALUES (app_company(), %s, %s::jsonb, %s)
RETURNING {COLUMNS}
"""
CUSTOMERS_BY_PURCHASES = """
SELECT purchases, count(*) AS customers FROM root_figures WHERE company_id = app_company() AND listed GROUP BY 1
"""


def latest(tx: Transaction) -> LoyaltyPolicy:
    """The policy that holds: the shipped one where none was set."""
    row = tx.row(LATEST)
    return _policy(row) if row else SHIPPED


def of_version(tx: Transaction, version: int) -> LoyaltyPolicy | None:
    """The policy of a version."""
    row = tx.row(OF_VERSION, (version,))
    return _policy(row) if row else None


def lock(tx: Transaction) -> None:
    """Nobody else sets the company's policy until the transaction ends."""
    tx.execute(LOCK)


def add(tx: Transaction, policy: LoyaltyPolicy) -> LoyaltyPolicy:
    """Stores a policy as its version; call it under the lock."""
    row = tx.row(INSERT, (policy.version, json.dumps(_kept(policy)), tx.scope.actor))
    assert row is not None
    return _policy(row)


def customers_by_purchases(tx: Transaction) -> list[tuple[int, int]]:
    """How many listed customers have so many purchases."""
    return [(row["purchases"], row["customers"]) for row in tx.rows(CUSTOMERS_BY_PURCHASES)]


def _kept(policy: LoyaltyPolicy) -> dict[str, Any]:
    return {
        "occasional_from": policy.occasional_from,
        "regular_from": policy.regular_from,
        "frequent_from": policy.frequent_from,
        "tiers": [[tier.label, tier.least_purchases] for tier in policy.tiers],
        "method": policy.method.value,
    }


def _policy(row: Mapping[str, Any]) -> LoyaltyPolicy:
    kept = row["policy"]
    return LoyaltyPolicy(
        occasional_from=kept["occasional_from"],
        regular_from=kept["regular_from"],
        frequent_from=kept["frequent_from"],
        tiers=tuple(Tier(label, least) for label, least in kept["tiers"]),
        method=LifetimeValueMethod(kept["method"]),
        version=row["version"],
        create_time=row["created_at"],
        created_by=row["created_by"],
    )
