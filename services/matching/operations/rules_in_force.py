"""Rules in force owns what a merge follows where it asks for nothing else: the survivorship of the current policy."""

from services.matching.domain.survivorship import RulesInForce
from services.matching.store import policies
from services.runtime.database import Transaction


def rules_in_force(tx: Transaction) -> RulesInForce:
    """Return the survivorship that holds now, with the version of the policy that it belongs to."""
    return policies.rules_in_force(tx)
