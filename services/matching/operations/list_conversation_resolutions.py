"""List conversation resolutions owns the pages of what became of conversations, in the order of their times."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from services.matching.domain.conversation_resolution import Resolution, ResolutionsAsked
from services.matching.store import conversation_resolutions
from services.runtime.database import Transaction
from services.runtime.ids import is_id
from services.runtime.paging import moment, not_a_token, page_token, position_of


@dataclass(frozen=True, slots=True)
class ResolutionPage:
    """One page."""

    resolutions: Sequence[Resolution]
    next_page_token: str


def list_conversation_resolutions(tx: Transaction, asked: ResolutionsAsked, size: int, token: str) -> ResolutionPage:
    """Return the next resolutions, the earliest first. Raises FieldsInvalid for a token of another question."""
    question = {"list": "conversation resolutions", **asdict(asked)}
    found = conversation_resolutions.page(
        tx, asked, _position(position_of(token, question, tx.scope.company_id)), size + 1
    )
    following = page_token(question, _place(found[size - 1]), tx.scope.company_id) if len(found) > size else ""
    return ResolutionPage(found[:size], following)


def _place(one: Resolution) -> tuple[str, str]:
    assert one.resolved_at is not None
    return one.resolved_at.isoformat(), one.conversation_id


def _position(read: list[object] | None) -> tuple[str, str]:
    match read:
        case None:
            return conversation_resolutions.FIRST
        case [str(time), str(conversation_id)] if is_id(conversation_id):
            return moment(time), conversation_id
    raise not_a_token()
