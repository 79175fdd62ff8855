"""Changes the settings of the caller's company."""

from __future__ import annotations

from collections.abc import Mapping

from services.customers.domain.company import Company, CreatePolicy, changed
from services.customers.store import companies
from services.runtime.database import Transaction
from services.runtime.freshness import ChangeToken


def update_company_settings(
    tx: Transaction, changes: Mapping[str, str], policy: CreatePolicy | None = None
) -> tuple[Company, ChangeToken]:
    """Changes the settings that are named; what changes nothing writes nothing. Raises FieldsInvalid."""
    companies.lock(tx)
    before = companies.read(tx)
    wanted = changed(before.settings, changes, policy)
    if wanted == before.settings:
        return before, tx.change_token()
    company = companies.write(tx, wanted)
    return company, tx.change_token()
