"""The settings of companies; one that never changed them has the defaults and no row."""

from __future__ import annotations

import json

from services.customers.domain.company import DEFAULT_SETTINGS, Company, CreatePolicy, Settings
from services.runtime.database import Transaction

READ = """
SELECT region, currency, time_zone, required_fields, on_duplicate, revision FROM companies
 WHERE company_id = (SELECT app_company())
"""
WRITE = """
INSERT INTO companies (company_id, region, currency, time_zone, required_fields, on_duplicate, revision)
VALUES ((SELECT app_company()), %(region)s, %(currency)s, %(time_zone)s, %(required_fields)s, %(on_duplicate)s, 1)
ON CONFLICT (company_id) DO UPDATE SET region = %(region)s, currency = %(currency)s, time_zone = %(time_zone)s,
       required_fields = %(required_fields)s, on_duplicate = %(on_duplicate)s, revision = companies.revision + 1
RETURNING revision
"""
ANNOUNCE = """
INSERT INTO feed (company_id, subject, kind, revision, payload)
VALUES ((SELECT app_company()), 'company', 'SETTINGS_CHANGED', %s, %s)
"""
LOCK = "SELECT pg_advisory_xact_lock(hashtext('company settings'), hashtext(app_company()))"


def read(tx: Transaction) -> Company:
    """The company of the transaction."""
    row = tx.row(READ)
    if row is None:
        return Company(tx.scope.company_id, DEFAULT_SETTINGS, revision=0)
    policy = CreatePolicy(tuple(map(tuple, row["required_fields"])), row["on_duplicate"])
    settings = Settings(row["region"], row["currency"], row["time_zone"], policy)
    return Company(tx.scope.company_id, settings, row["revision"])


def lock(tx: Transaction) -> None:
    """Keeps other writers of the company's settings out until the transaction ends."""
    tx.execute(LOCK)


def write(tx: Transaction, settings: Settings) -> Company:
    """Stores settings, announces them, and gives the company as it is now."""
    policy = settings.create_policy
    parameters = {
        "region": settings.region,
        "currency": settings.currency,
        "time_zone": settings.time_zone,
        "required_fields": json.dumps(policy.required_fields),
        "on_duplicate": policy.on_duplicate,
    }
    company = Company(tx.scope.company_id, settings, revision=tx.value(WRITE, parameters))
    tx.execute(ANNOUNCE, (company.revision, json.dumps(company.shown)))
    return company
