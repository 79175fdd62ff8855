"""Reads the settings of the caller's company, and how far customers has come."""

from __future__ import annotations

from services.customers.domain.company import Company
from services.customers.store import companies, newest_change
from services.runtime.database import Transaction
from services.runtime.freshness import ChangeToken


def get_company(tx: Transaction) -> tuple[Company, ChangeToken]:
    """The company of the caller, with the defaults where nothing was set, and a token of all that is committed."""
    company = companies.read(tx)
    return company, newest_change.token(tx)
