"""Reads the settings of the caller's company."""

from __future__ import annotations

from services.customers.domain.company import Company
from services.customers.store import companies
from services.runtime.database import Transaction


def get_company(tx: Transaction) -> Company:
    """The company of the caller, with the defaults where nothing was set."""
    return companies.read(tx)
