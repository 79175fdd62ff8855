"""Find duplicates owns the question who else a customer may be."""

from services.matching.domain.failures import customer_not_found
from services.matching.operations.judging import Asked, Found, Search, judged
from services.matching.store.candidates import candidates_of_customer
from services.runtime.ids import is_id


def find_duplicates(search: Search, asked: Asked, customer_id: str) -> Found:
    """Find who else a customer may be; a merged one stands for its root."""
    if not is_id(customer_id):
        raise customer_not_found(customer_id)
    found = candidates_of_customer(search.reader(asked.company_id), customer_id, asked.cap, asked.follower)
    if found.own is None:
        raise customer_not_found(customer_id)
    return judged(search, found.own, found, asked)
