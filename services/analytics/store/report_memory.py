"""Gives questions about whole companies more memory, and recounts more time, than the others have."""

from services.runtime.database import Transaction

# Enough to group and sort a million customers without a file; at most as many such calls run as there are workers.
MORE_MEMORY = "SET LOCAL work_mem = '64MB'"
# For each statement. One that only reads has no transaction id, and so holds back no feed.
MORE_TIME = "SET LOCAL statement_timeout = '10min'"


def take(tx: Transaction) -> None:
    """Until the transaction ends."""
    tx.execute(MORE_MEMORY)


def take_time(tx: Transaction) -> None:
    """Memory, and the time to go through every sale, until the transaction ends."""
    take(tx)
    tx.execute(MORE_TIME)
