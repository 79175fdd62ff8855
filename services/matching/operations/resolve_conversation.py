"""Resolve conversation owns how a conversation gets its customer: who it is, what is written, what stays known.

No transaction is open while customers is called. Each write there has a request id that follows from the conversation,
and each is harmless where it was done before, so whatever is killed in between, doing it again has one effect.
"""

from dataclasses import dataclass, replace
from typing import Protocol

from services.matching.domain import conversation_resolution as rules
from services.matching.domain.conversation import Conversation, Given
from services.matching.domain.conversation_resolution import (
    ERROR,
    LINK,
    ConversationPolicy,
    Decision,
    Holder,
    Resolution,
    Standing,
)
from services.matching.domain.customer_filling import CustomerNow, Filling, filling
from services.matching.domain.customers_answers import Changed, Gone, Refused, Taken
from services.matching.operations.company_regions import CompanyRegions
from services.matching.operations.judging import Asked, Found, Search
from services.matching.operations.match_record import match_record
from services.matching.operations.save_resolution import note_created, save_resolution
from services.matching.store import conversation_resolutions, policies
from services.runtime.database import Database, TenantScope, Transaction
from services.runtime.failures import ConflictRetry

MOST_ROUNDS = 5
MOST_HOLDERS = 2_000


class Customers(Protocol):
    """What is asked of the customers service; each call raises what the module of answers names, or that it failed."""

    def conversation(self, conversation_id: str) -> Conversation:
        """Return a conversation as it is now."""

    def customer(self, customer_id: str) -> CustomerNow:
        """Return a customer as it is now: its root. Raises Gone."""

    def create(self, conversation: Conversation, given: Given, request_id: str) -> CustomerNow:
        """Create the customer of a conversation. Raises Taken, Refused."""

    def fill(self, customer: CustomerNow, filling: Filling, conversation: Conversation, request_id: str) -> CustomerNow:
        """Add to a customer that is as it was read. Raises Changed, Taken, Gone, Refused."""

    def link(self, conversation: Conversation, customer_id: str, request_id: str) -> tuple[Conversation, str]:
        """Link a conversation that is as it was read; gives it and a change token. Raises Changed, Gone, Refused."""


@dataclass(frozen=True, slots=True)
class Resolving:
    """Where is looked who somebody may be, and by which bounds."""

    database: Database
    search: Search
    regions: CompanyRegions
    key_cap: int
    follower: str


@dataclass(frozen=True)
class Resolved:
    """What became of a conversation, its customer after that, and the token of what was written last."""

    resolution: Resolution
    customer: CustomerNow | None = None
    change_token: str = ""


@dataclass(frozen=True)
class _Known:
    """What is known here of a conversation before it is resolved."""

    policy: ConversationPolicy
    before: Resolution | None
    standing: Standing
    accept: int
    reject: int


@dataclass(frozen=True)
class _Case:
    """A conversation in hand."""

    conversation: Conversation
    given: Given
    known: _Known
    search: rules.Search
    region: str
    model_version: str
    gone: tuple[str, ...]
    """Customers that turned out to be deleted meanwhile."""

    dry_run: bool


def resolve_conversation(
    resolving: Resolving, customers: Customers, scope: TenantScope, conversation: Conversation, *, dry_run: bool = False
) -> Resolved:
    """Find or make the customer of a conversation. Raises what fails for now; what is refused for good is an outcome.

    A conversation or customer that changes meanwhile is looked at anew.
    """
    gone: set[str] = set()
    for _ in range(MOST_ROUNDS):
        case = _case(resolving, scope, conversation, gone, dry_run)
        try:
            return _resolved(resolving, customers, scope, case)
        except Changed:
            conversation = replace(customers.conversation(conversation.conversation_id), epoch=conversation.epoch)
        except Gone as error:
            if error.customer_id in gone:
                break
            gone.add(error.customer_id)
    raise ConflictRetry("The conversation or its customer changes all the time. Repeat the call in a moment.")


def _case(resolving: Resolving, scope: TenantScope, conversation: Conversation, gone: set[str], dry_run: bool) -> _Case:
    given, region = conversation.given, resolving.regions.region_of(scope.company_id)
    with resolving.database.transaction(scope, read_only=True) as tx:
        known = _known(tx, conversation, gone)
    asked = Asked(scope.company_id, 0, MOST_HOLDERS, resolving.key_cap, resolving.follower)
    found = match_record(resolving.search, asked, given.raw, region)
    holders = [Holder(one.customer_id, one.evidence) for one in found.candidates if one.customer_id not in gone]
    search = rules.Search(holders, _crowded(found), known.accept, known.reject)
    return _Case(conversation, given, known, search, region, found.model_version, tuple(sorted(gone)), dry_run)


def _known(tx: Transaction, conversation: Conversation, gone: set[str]) -> _Known:
    before = conversation_resolutions.of(tx, [conversation.conversation_id]).get(conversation.conversation_id)
    policy = policies.current(tx)
    standing = _standing(tx, conversation, before, gone)
    return _Known(conversation_resolutions.policy(tx), before, standing, policy.accept, policy.reject)


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


def _resolved(resolving: Resolving, customers: Customers, scope: TenantScope, case: _Case) -> Resolved:
    decision = rules.decide(case.given, case.search, case.known.policy)
    decision = rules.settle(decision, case.known.standing, case.search)
    try:
        done = _carried_out(resolving, customers, scope, case, decision)
    except Refused as error:
        why = f"Customers refused it: {error.text}"
        done = Resolved(replace(_resolution(case, decision, ERROR), explanation=why, error_reason=error.reason))
    if case.dry_run:
        return done
    return replace(done, resolution=save_resolution(resolving.database, scope, done.resolution))


def _carried_out(
    resolving: Resolving, customers: Customers, scope: TenantScope, case: _Case, decision: Decision
) -> Resolved:
    if decision.action == rules.CREATED:
        return _create(resolving, customers, scope, case, decision)
    if decision.action == LINK:
        return _link(customers, scope, case, decision)
    resolution = _resolution(case, decision, decision.action)
    return Resolved(resolution, customers.customer(decision.customer_id) if _has_customer(case, decision) else None)


def _has_customer(case: _Case, decision: Decision) -> bool:
    return bool(decision.customer_id) and case.known.standing.live


def _create(
    resolving: Resolving, customers: Customers, scope: TenantScope, case: _Case, decision: Decision
) -> Resolved:
    if case.dry_run:
        return Resolved(_resolution(case, decision, rules.CREATED))
    conversation = case.conversation
    request_id = conversation.request_id(scope.company_id, "create", conversation.digest, *case.gone)
    try:
        created = customers.create(conversation, case.given, request_id)
    except Taken as error:
        decision = rules.settle(rules.taken(error.hits, case.search), case.known.standing, case.search)
        return _carried_out(resolving, customers, scope, case, decision)
    note_created(resolving.database, scope, conversation, created.customer_id)
    made = created.customer_id
    resolution = replace(_resolution(case, decision, rules.CREATED), customer_id=made, created_id=made)
    return _linked(customers, scope, case, resolution, created)


def _link(customers: Customers, scope: TenantScope, case: _Case, decision: Decision) -> Resolved:
    customer = customers.customer(decision.customer_id)
    if decision.matched_by == LINK and not rules.names_agree(case.given.name, customer.name):
        why = "It was linked to the customer before, and the name is another person's now."
        review = replace(decision, action=rules.REVIEW, why=why, needs_review=True)
        return Resolved(_resolution(case, review, rules.REVIEW), customer)
    wanted = filling(case.given, customer, case.region, decision.leave_out)
    outcome = rules.UPDATED if wanted else rules.FOUND_EXISTING
    created_before = case.known.standing.created_id == customer.customer_id and not case.known.standing.linked_to
    resolution = replace(
        _resolution(case, decision, rules.CREATED if created_before else outcome),
        customer_id=customer.customer_id,
        filled=wanted.filled,
        added=wanted.added,
    )
    if case.dry_run:
        return Resolved(resolution, customer)
    if wanted:
        try:
            customer = _filled(customers, scope, case, customer, wanted)
        except Taken as error:
            return _contested(case, decision, customer, error)
    return _linked(customers, scope, case, resolution, customer)


def _filled(
    customers: Customers, scope: TenantScope, case: _Case, customer: CustomerNow, wanted: Filling
) -> CustomerNow:
    conversation = case.conversation
    request_id = conversation.request_id(scope.company_id, "fill", conversation.digest, customer.etag)
    return customers.fill(customer, wanted, conversation, request_id)


def _contested(case: _Case, decision: Decision, customer: CustomerNow, error: Taken) -> Resolved:
    """Return the review of a conversation that found one customer, and gave what belongs to another one."""
    others = tuple(dict.fromkeys(customer_id for customer_id, _ in error.hits))
    why = f"{decision.why} What else was given belongs to another customer."
    asked = replace(decision, why=why, candidates=(customer.customer_id, *others), customer_id="", needs_review=True)
    return Resolved(_resolution(case, asked, rules.REVIEW))


def _linked(
    customers: Customers, scope: TenantScope, case: _Case, resolution: Resolution, customer: CustomerNow
) -> Resolved:
    """Link the conversation, unless it is; gives what became of it."""
    conversation, standing = case.conversation, case.known.standing
    if customer.customer_id in (standing.linked_to, conversation.origin_id):
        kept = case.known.before if standing.by_resolver else None
        linked_id, link_time = (kept.linked_id, kept.link_time) if kept else ("", "")
        resolution = replace(resolution, linked_id=linked_id, link_time=link_time)
        return Resolved(resolution, customer, customer.change_token)
    request_id = conversation.request_id(scope.company_id, "link", conversation.etag, customer.customer_id)
    after, change_token = customers.link(conversation, customer.customer_id, request_id)
    resolution = replace(
        resolution,
        revision=after.revision,
        linked_id=customer.customer_id,
        link_time=after.link_time,
        moved_from=standing.linked_to,
    )
    return Resolved(resolution, customer, change_token)


def _resolution(case: _Case, decision: Decision, outcome: str) -> Resolution:
    """Return what became of a conversation as far as the decision says; a link that was made before stays known."""
    before, left_out = case.known.before, case.given.left_out
    odd = f" What was given as {' and '.join(left_out)} is none." if left_out else ""
    return Resolution(
        case.conversation.conversation_id,
        case.conversation.revision,
        case.conversation.epoch,
        case.conversation.digest,
        outcome,
        decision.matched_by,
        decision.why + odd,
        decision.customer_id,
        decision.confidence,
        decision.weight,
        candidates=tuple(one for one in decision.candidates if one != decision.customer_id),
        needs_review=decision.needs_review,
        linked_id=before.linked_id if before else "",
        link_time=before.link_time if before else "",
        model_version=case.model_version,
    )
