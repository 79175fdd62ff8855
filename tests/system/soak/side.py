"""One company of a life: its stubs, its model, and how a call is expected to end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

import grpc

from services.runtime.ids import new_id
from tests.faults.company import Company, insist, reason_of
from tests.system.soak.model import Merged, Model

T = TypeVar("T")


class Step(NamedTuple):
    """What is done, in which company, and numbers that choose among what is there by then."""

    kind: str
    company: int
    a: int
    b: int
    c: int
    d: int


@dataclass(frozen=True)
class Done:
    """The customers that a step was about, and those whose own record it may have written."""

    touched: Iterable[str] = ()
    written: Iterable[str] = ()


@dataclass
class Side:
    """A company and what it should hold. `fresh` is the token of its last write.

    `digests` and `views` say what was seen of a customer in a state of the model, `pending` in which state everyone
    was before each merge; `compared` counts digests that were the same before a merge and after its undo.
    """

    company: Company
    model: Model = field(default_factory=Model)
    fresh: str = ""
    digests: dict[tuple[object, ...], str] = field(default_factory=dict)
    views: dict[tuple[object, ...], str] = field(default_factory=dict)
    pending: dict[str, dict[str, tuple[object, ...]]] = field(default_factory=dict)
    compared: int = 0

    def add_merge(self, merged: Merged) -> None:
        """A merge that was made."""
        self.pending[merged.merge_id] = {customer: self.model.digest_key(customer) for customer in self.model.own}
        self.model.standing[merged.merge_id] = merged

    def ask(self, call: Callable[[Any], T], request: Any, refusal: str = "", again: int = 1) -> T | None:
        """The answer of a call that must succeed; None of one that must be refused for this reason.

        Every eighth request with an id is sent twice, as a caller does whose line was cut: the answer is the same.
        """
        if "request_id" in request.DESCRIPTOR.fields_by_name:
            request.request_id = new_id()
        answer, refused = tried(call, request)
        assert refused == refusal, f"{refused or 'done'} and not {refusal or 'done'}: {request}"
        if answer is None:
            return None
        if again % 8 == 0 and "request_id" in request.DESCRIPTOR.fields_by_name:
            assert _lasting(insist(call, request)) == _lasting(answer), request
        self.fresh = getattr(answer, "change_token", "") or self.fresh
        return answer


def tried(call: Callable[[Any], T], request: Any) -> tuple[T | None, str]:
    """The answer of a call, or the reason why it was refused."""
    try:
        return insist(call, request), ""
    except grpc.RpcError as error:
        return None, reason_of(error) or str(error)


def _lasting(answer: Any) -> Any:
    """An answer without what is of the moment: a merge or undo that is repeated shows the customers of now."""
    if answer.DESCRIPTOR.name == "MergeCustomersResponse":
        return answer.merge.merge_id
    return answer


def pick(among: Sequence[T], number: int) -> T | None:
    """One of these by a number; None of nothing."""
    return among[number % len(among)] if among else None


def refusal_of(side: Side, customer: str) -> str:
    """What a write on a customer is refused for; empty where it is not."""
    return "" if side.model.is_live(customer) else "CUSTOMER_DELETED"
