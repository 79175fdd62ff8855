"""Get policy owns how a company's customers are compared, now or in an earlier version."""

from services.matching.domain.failures import policy_not_found
from services.matching.domain.policy import Policy, number_of, shipped
from services.matching.store import policies
from services.runtime.database import Transaction


def get_policy(tx: Transaction, version: str) -> tuple[Policy, str]:
    """Return a version, or the current one, and which version is current."""
    current = policies.current(tx)
    return (policy_of(tx, version) if version else current), current.version


def policy_of(tx: Transaction, version: str) -> Policy:
    """Return a version of the company, or a shipped one."""
    number = number_of(version)
    found = policies.get(tx, number) if number else shipped(version)
    if found is None:
        raise policy_not_found(version)
    return found
