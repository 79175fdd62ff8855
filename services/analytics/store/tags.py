"""Which tags each customer has, as the feed tells it."""

from collections.abc import Iterable

from services.analytics.domain.mirror import CustomerChange
from services.analytics.store.told_values import ToldValues
from services.runtime.database import Transaction

TAGS = ToldValues("mirror_tags", ("tag",))


def write(tx: Transaction, changes: Iterable[CustomerChange]) -> None:
    """Stores the tags of the customers as they are told, in place of what was known."""
    TAGS.replace(tx, {change.customer_id: [(tag,) for tag in change.tags] for change in changes})
