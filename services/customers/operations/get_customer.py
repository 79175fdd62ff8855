"""Reads customers by id: a merged one answers with its root, a deleted or erased one is not found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.customers.domain.failures import CustomerNotFound
from services.customers.domain.fields import Json, weight
from services.customers.store import reading
from services.runtime.database import Reader, Transaction
from services.runtime.failures import FieldsInvalid, FieldViolation
from services.runtime.paging import page_of

MOST_IDS = 1000


@dataclass(frozen=True, slots=True)
class Found:
    """What is shown of a customer, and the id that was asked for where that one was merged into it."""

    shown: dict[str, Json]
    merged_from: str = ""


def get_customer(reader: Reader | Transaction, customer_id: str) -> Found:
    """One customer by id; CustomerNotFound where there is none."""
    if not customer_id:
        raise FieldsInvalid([FieldViolation("customer_id", "is required")])
    shown = reading.root(reader, customer_id)
    if shown is None:
        raise CustomerNotFound(customer_id)
    return _as_asked(customer_id, shown)


def batch_get_customers(tx: Transaction, customer_ids: Sequence[str]) -> tuple[list[Found], list[str]]:
    """Those of the customers that there are, in the order asked, and the ids that were not found."""
    if not 1 <= len(customer_ids) <= MOST_IDS:
        raise FieldsInvalid(
            [FieldViolation("customer_ids", f"takes 1 to {MOST_IDS} ids; {len(customer_ids)} were given")]
        )
    found = _found(tx, customer_ids)
    answered = [found[i] for i in customer_ids if i in found]
    fitting, too_much = page_of(answered, MOST_IDS, lambda one: weight(one.shown))
    if too_much:
        text = f"are together larger than one message; ask for {len(fitting)} or fewer of them"
        raise FieldsInvalid([FieldViolation("customer_ids", text)])
    return answered, [i for i in customer_ids if i not in found]


def _found(tx: Transaction, customer_ids: Sequence[str]) -> dict[str, Found]:
    rows = reading.roots(tx, customer_ids)
    return {asked: _as_asked(asked, shown) for asked, shown in rows.items()}


def _as_asked(asked: str, shown: dict[str, Json]) -> Found:
    return Found(shown, "" if shown["customer_id"] == asked.lower() else asked)
