"""Resolve conversation owns how a conversation gets its customer: who it is, what is written, what stays known.

No transaction is open while customers is called. Each write there has a request id that follows from the conversation,
and each is harmless where it was done before, so whatever is killed in between, doing it again has one effect.
"""

from collections.abc import Sequence, Set
from dataclasses import dataclass, replace

from services.matching.domain import conversation_decision as rules
from services.matching.domain import conversation_search
from services.matching.domain.conversation import Conversation, Given
from services.matching.domain.conversation_decision import Decision
from services.matching.domain.conversation_resolution import DECISION, ERROR, Resolution
from services.matching.domain.conversation_search import Holder, Standing
from services.matching.domain.customers_answers import Changed, Gone, Refused
from services.matching.operations.carry_out_resolution import carry_out
from services.matching.operations.company_regions import CompanyRegions
from services.matching.operations.judging import Asked, Found, Search
from services.matching.operations.match_record import match_records
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
    resolving: Resolving,
    customers: Customers,
    scope: TenantScope,
    conversation: Conversation,
    *,
    dry_run: bool = False,
    run_id: str = "",
) -> Resolved:
    """Find or make the customer of a conversation. Raises what fails for now; what is refused for good is an outcome.

    `run_id` is the request id of the call that wants it. What changes meanwhile is looked at anew.
    """
    gone: set[str] = set()
    is_newest = False
    for _ in range(MOST_ROUNDS):
        [case] = cases_of(resolving, scope, [conversation], gone, dry_run=dry_run)
        try:
            return _resolved(resolving, customers, scope, case, is_newest=is_newest, run_id=run_id)
        except Changed:
            now = replace(customers.conversation(conversation.conversation_id), epoch=conversation.epoch)
            is_newest = case.is_behind and now.revision == conversation.revision  # customers was restored from a copy
            conversation = now
        except Gone as error:
            if error.customer_id in gone:
                break
            gone.add(error.customer_id)
    raise ConflictRetry("The conversation or its customer changes all the time. Repeat the call in a moment.")


def cases_of(
    resolving: Resolving,
    scope: TenantScope,
    conversations: Sequence[Conversation],
    gone: Set[str] = frozenset(),
    *,
    dry_run: bool,
) -> list[Case]:
    """Return conversations in hand: what is known of each, and who its customer may be; `gone` are no customers."""
    region = resolving.regions.region_of(scope.company_id)
    with resolving.database.transaction(scope, read_only=True) as tx:
        known = _known(tx, conversations, gone)
    asked = Asked(scope.company_id, 0, MOST_HOLDERS, resolving.key_cap, resolving.follower)
    given = [one.given for one in conversations]
    found = match_records(resolving.search, asked, [one.raw for one in given], region)
    return [_case(*one, region, gone, dry_run) for one in zip(conversations, given, known, found, strict=True)]


def _case(
    conversation: Conversation, given: Given, known: Known, found: Found, region: str, gone: Set[str], dry_run: bool
) -> Case:
    there = [Holder(one.customer_id, one.evidence) for one in found.candidates if one.customer_id not in gone]
    holders = [one for one in there if one.customer_id not in known.apart]
    search = conversation_search.Search(holders, _crowded(found), known.accept, known.reject, len(holders) < len(there))
    return Case(conversation, given, known, search, region, found.model_version, dry_run)


def _known(tx: Transaction, conversations: Sequence[Conversation], gone: Set[str]) -> list[Known]:
    before = conversation_resolutions.of(tx, [one.conversation_id for one in conversations])
    weighed, policy = policies.current(tx), conversation_resolutions.policy(tx)
    known = [(before.get(one.conversation_id), one) for one in conversations]
    return [
        Known(policy, was, _standing(tx, one, was, gone), weighed.accept, weighed.reject, _apart(tx, was))
        for was, one in known
    ]


def _apart(tx: Transaction, before: Resolution | None) -> frozenset[str]:
    return frozenset(_root(tx, one, set())[0] for one in (before.apart if before else ())) - {""}


def _standing(tx: Transaction, conversation: Conversation, before: Resolution | None, gone: Set[str]) -> Standing:
    created, _ = _root(tx, before.created_id if before else "", gone)
    linked = before.linked_id if before else ""
    if not conversation.origin_id:
        decided = _decided(tx, conversation, before, "", gone)
        taken_from = frozenset(_root(tx, one, set())[0] for one in (linked, conversation.taken_from)) - {""}
        return Standing(created_id=created, taken_from=taken_from, decided=decided)
    root, live = _root(tx, conversation.origin_id, gone)
    ours = before is not None and (linked, before.link_time) == (conversation.origin_id, conversation.link_time)
    by_resolver = ours and before is not None and not before.decided_id
    decided = _decided(tx, conversation, before, root, gone)
    return Standing(root or conversation.origin_id, live, by_resolver, created, decided=decided)


def _decided(
    tx: Transaction, conversation: Conversation, before: Resolution | None, linked_to: str, gone: Set[str]
) -> str:
    """Return the customer that a person has decided a conversation to be; once linked to, only as long as it is."""
    if before is None:
        return ""
    decided, _ = _root(tx, before.decided_for(conversation.digest), gone)
    return decided if before.matched_by != DECISION or decided == linked_to else ""


def _root(tx: Transaction, customer_id: str, gone: Set[str]) -> tuple[str, bool]:
    """Return the root of a customer, and whether it is in use; one that is not known here yet is its own."""
    if not customer_id:
        return "", True
    found, seen = conversation_resolutions.root_of(tx, customer_id)
    root = found or ("" if seen else customer_id)
    return ("", False) if not root or root in gone else (root, True)


def _crowded(found: Found) -> frozenset[str]:
    kinds = {key.partition(":")[0] for key in found.capped_keys}
    return frozenset(kinds & {"email", "phone"})


def decided(case: Case) -> Decision:
    """Return what is to be done with a conversation in hand."""
    decision = rules.decide(case.given, case.search, case.known.policy)
    return rules.settle(decision, case.known.standing, case.search)


def _resolved(
    resolving: Resolving, customers: Customers, scope: TenantScope, case: Case, *, is_newest: bool, run_id: str
) -> Resolved:
    if case.is_behind and not is_newest:
        raise Changed
    decision = decided(case)
    try:
        done = carry_out(customers, scope, case, decision)
    except Refused as error:
        why = f"Customers refused it: {error.text}"
        done = Resolved(replace(resolution_of(case, decision, ERROR), explanation=why, error_reason=error.reason))
    if case.dry_run:
        return done
    resolution = replace(done.resolution, run_id=run_id)
    saved = save_resolution(resolving.database, scope, resolution, case.known.before)
    may_be_deleted = saved.review_item_id or saved.error_reason == "CONVERSATION_NOT_FOUND"
    if may_be_deleted and not customers.is_there(saved.conversation_id):
        forget_resolution(resolving.database, scope, saved.conversation_id)
    return replace(done, resolution=saved)
