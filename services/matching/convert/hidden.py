"""Hidden owns what a caller sees of customers that are deleted: who they are, unless its token shows the rest."""

from collections.abc import Iterable
from typing import Protocol

from patronage.customers.v1 import customer_pb2 as model

SHOWS_DELETED = "customers:read:deleted"
"""The scope that shows deleted customers."""

_HIDDEN = frozenset({model.CUSTOMER_STATE_DELETED, model.CUSTOMER_STATE_ERASED})


class Sides(Protocol):
    """An answer with both sides of a merge."""

    @property
    def target(self) -> model.Customer: ...
    @property
    def sources(self) -> Iterable[model.Customer]: ...


def hide_deleted(answer: Sides) -> bool:
    """Leave of each deleted customer only its id, company and state; return whether there was one."""
    hidden = [one for one in (answer.target, *answer.sources) if one.state in _HIDDEN]
    for one in hidden:
        kept = model.Customer(customer_id=one.customer_id, company_id=one.company_id, state=one.state)
        one.CopyFrom(kept)
    return bool(hidden)
