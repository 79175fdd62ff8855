"""List judgements owns the pages of what was judged, of one customer with all that is merged into it or of all."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.matching.domain.failures import customer_not_found
from services.matching.domain.judgement import Judgement
from services.matching.store import judgements
from services.runtime.database import Transaction
from services.runtime.ids import is_id
from services.runtime.paging import not_a_token, page_token, position_of


@dataclass(frozen=True, slots=True)
class JudgementPage:
    """One page."""

    judgements: Sequence[Judgement]
    next_page_token: str


def list_judgements(tx: Transaction, customer_id: str, retracted: bool, size: int, token: str) -> JudgementPage:
    """Return the next judgements, the newest first. Raises CustomerNotFound."""
    question = {"list": "judgements", "customer_id": customer_id.lower(), "retracted": retracted}
    before = _position(position_of(token, question, tx.scope.company_id))
    root = _root_of(tx, customer_id) if customer_id else None
    found = judgements.page(tx, root, retracted, before, size + 1)
    following = page_token(question, [found[size - 1].judgement_id], tx.scope.company_id) if len(found) > size else ""
    return JudgementPage(found[:size], following)


def _root_of(tx: Transaction, customer_id: str) -> str:
    root = judgements.root_of(tx, customer_id) if is_id(customer_id) else None
    if root is None:
        raise customer_not_found(customer_id)
    return root


def _position(read: list[object] | None) -> str:
    match read:
        case None:
            return judgements.LAST
        case [str(judgement_id)] if is_id(judgement_id):
            return judgement_id
    raise not_a_token()
