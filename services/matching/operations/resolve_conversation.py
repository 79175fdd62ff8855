"""Resolve conversation owns how a conversation gets its customer: who it is, what is written, what stays known.

No transaction is open while customers is called. Each write there has a request id that follows from the conversation,
and each is harmless where it was done before, so whatever is killed in between, doing it again has one effect.
"""

from dataclasses import dataclass, replace

from services.matching.domain import conversation_decision as rules
from services.matching.domain.conversation import Conversation
from services.matching.domain.conversation_decision import Holder, Standing
from services.matching.domain.conversation_resolution import ERROR, Resolution
from services.matching.domain.customers_answers import Changed, Gone, Refused
from services.matching.operations.carry_out_resolution import carry_out
from services.matching.operations.company_regions import CompanyRegions
from services.matching.operations.judging import Asked, Found, Search
from services.matching.operations.match_record import match_record
from services.matching.operations.resolution_case import Case, Customers, Known, Resolved, resolution_of
from services.matching.operations.save_resolution import forget_resolution, save_resolution
from services.matching.store import conversation_resolutions, policies
from services.runtime.database import Database, TenantScope, Transaction
from services.runtime.failures import ConflictRetry

MOST_ROUNDS = 5
MOST_HOLDERS = 2_000


@dataclass(frozen=True, slots=True)
class Resolving:
    """Where is looked who somebody may be, and by which bounds."""

    database: Database
    search: Search
    regions: CompanyRegions
    key_cap: int
    follower: str


def resolve_conversation(
    resolving: Resolving, customers: Customers, scope: TenantScope, conversation: Conversation, *, dry_run: bool = False
) -> Resolved:
    """Find or make the customer of a conversation. Raises what fails for now; what is refused for good is an outcome.

    A conversation or customer that changes meanwhile is looked at anew.
    """
    gone: set[str] = set()
    is_newest = False
    for _ in range(MOST_ROUNDS):
        case = _case(resolving, scope, conversation, gone, dry_run)
        try:
            return _resolved(resolving, customers, scope, case, is_newest=is_newest)
        except Changed:
            now = replace(customers.conversation(conversation.conversation_id), epoch=conversation.epoch)
            is_newest = case.is_behind and now.revision == conversation.revision  # customers was restored from a copy
            conversation = now
        except Gone as error:
            if error.customer_id in gone:
                break
            gone.add(error.customer_id)
    raise ConflictRetry("The conversation or its customer changes all the time. Repeat the call in a moment.")


def _case(resolving: Resolving, scope: TenantScope, conversation: Conversation, gone: set[str], dry_run: bool) -> Case:
    given, region = conversation.given, resolving.regions.region_of(scope.company_id)
    with resolving.database.transaction(scope, read_only=True) as tx:
        known = _known(tx, conversation, gone)
    asked = Asked(scope.company_id, 0, MOST_HOLDERS, resolving.key_cap, resolving.follower)
    found = match_record(resolving.search, asked, given.raw, region)
    holders = [Holder(one.customer_id, one.evidence) for one in found.candidates if one.customer_id not in gone]
    search = rules.Search(holders, _crowded(found), known.accept, known.reject)
    return Case(conversation, given, known, search, region, found.model_version, tuple(sorted(gone)), dry_run)


def _known(tx: Transaction, conversation: Conversation, gone: set[str]) -> Known:
    before = conversation_resolutions.of(tx, [conversation.conversation_id]).get(conversation.conversation_id)
    policy = policies.current(tx)
    standing = _standing(tx, conversation, before, gone)
    return Known(conversation_resolutions.policy(tx), before, standing, policy.accept, policy.reject)


def _standing(tx: Transaction, conversation: Conversation, before: Resolution | None, gone: set[str]) -> Standing:
    created, _ = _root(tx, before.created_id if before else "", gone)
    linked = before.linked_id if before else ""
    if not conversation.origin_id:
        return Standing(created_id=created, taken_from=_root(tx, linked, set())[0])
    root, live = _root(tx, conversation.origin_id, gone)
    ours = before is not None and (linked, before.link_time) == (conversation.origin_id, conversation.link_time)
    return Standing(root or conversation.origin_id, live, ours, created)


def _root(tx: Transaction, customer_id: str, gone: set[str]) -> tuple[str, bool]:
    """Return the root of a customer, and whether it is in use; one that is not known here yet is its own."""
    if not customer_id:
        return "", True
    found, seen = conversation_resolutions.root_of(tx, customer_id)
    root = found or ("" if seen else customer_id)
    return ("", False) if not root or root in gone else (root, True)


def _crowded(found: Found) -> frozenset[str]:
    kinds = {key.partition(":")[0] for key in found.capped_keys}
    return frozenset(kinds & {"email", "phone"})


def _resolved(
    resolving: Resolving, customers: Customers, scope: TenantScope, case: Case, *, is_newest: bool
) -> Resolved:
    if case.is_behind and not is_newest:
        raise Changed
    decision = rules.decide(case.given, case.search, case.known.policy)
    decision = rules.settle(decision, case.known.standing, case.search)
    try:
        done = carry_out(resolving.database, customers, scope, case, decision)
    except Refused as error:
        why = f"Customers refused it: {error.text}"
        done = Resolved(replace(resolution_of(case, decision, ERROR), explanation=why, error_reason=error.reason))
    if case.dry_run:
        return done
    saved = save_resolution(resolving.database, scope, done.resolution, case.known.before)
    if saved.review_item_id and not customers.is_there(saved.conversation_id):
        forget_resolution(resolving.database, scope, saved.conversation_id)
    return replace(done, resolution=saved)
