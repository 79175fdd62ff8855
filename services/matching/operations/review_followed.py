"""Review followed owns how review items follow customers that are merged, unmerged, deleted, restored and erased."""

from collections.abc import Mapping, Sequence

from services.matching.domain.customer_seen import LIVE
from services.matching.operations.review_conflicts import review_followed_judgements
from services.matching.store import conversation_resolutions, conversation_tasks, review_endings
from services.matching.store.records import Known, MirrorRow
from services.runtime.database import Transaction


def review_followed(tx: Transaction, rows: Sequence[MirrorRow], known: Mapping[str, Known]) -> None:
    """End the items about customers that are gone, and look anew at conflicts in the trees that have changed.

    A conversation that fitted several may fit one of them now: it waits to be resolved again.
    """
    state = {row.customer_id: row.state for row in rows}
    gone = [one for one, now in state.items() if now not in LIVE and (one not in known or known[one].live)]
    back = [one for one, now in state.items() if now in LIVE and one in known and not known[one].live]
    if gone:
        review_endings.end_gone(tx, sorted(gone))
        if conversation_resolutions.policy(tx).automatic:
            conversation_tasks.put_again(tx, sorted(gone))
    if back:
        review_endings.open_again(tx, sorted(back))
    if erased := sorted(one for one, now in state.items() if now == "ERASED"):
        review_endings.erase_words(tx, erased)
    if gone or back:
        review_followed_judgements(tx, sorted({*gone, *back}))
