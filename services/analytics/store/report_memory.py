"""Gives questions about whole companies more memory than the others have."""

from services.runtime.database import Transaction

# Enough to group and sort a million customers without a file; at most as many such calls run as there are workers.
MORE_MEMORY = "SET LOCAL work_mem = '64MB'"


def take(tx: Transaction) -> None:
    """Until the transaction ends."""
    tx.execute(MORE_MEMORY)
