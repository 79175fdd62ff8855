"""Carry out resolution owns what is asked of customers once it is decided who a conversation is with."""

from dataclasses import replace

from services.matching.domain import conversation_decision as rules
from services.matching.domain.conversation_decision import Decision
from services.matching.domain.conversation_resolution import (
    CREATED,
    DECISION,
    FOUND_EXISTING,
    LINK,
    REVIEW,
    SKIPPED,
    UPDATED,
    Resolution,
)
from services.matching.domain.customer_filling import CustomerNow, Filling, filling
from services.matching.domain.customers_answers import Full, Linked, Taken
from services.matching.operations.resolution_case import Case, Customers, Fills, Resolved, resolution_of
from services.runtime.database import TenantScope


def carry_out(customers: Customers, scope: TenantScope, case: Case, decision: Decision) -> Resolved:
    """Create, fill and link as decided; in a dry run only say so. Raises Changed, Gone, Refused.

    Who is new is created with the link, by one write: of two callers who do so one is too late, and has made nobody.
    """
    if decision.action == CREATED:
        return _create(customers, scope, case, decision)
    if decision.action == LINK:
        return _link(customers, scope, case, decision)
    resolution = resolution_of(case, decision, decision.action)
    return Resolved(resolution, customers.customer(decision.customer_id) if _has_customer(case, decision) else None)


def _has_customer(case: Case, decision: Decision) -> bool:
    return bool(decision.customer_id) and case.known.standing.live


def _create(customers: Customers, scope: TenantScope, case: Case, decision: Decision) -> Resolved:
    if case.dry_run:
        return Resolved(resolution_of(case, decision, CREATED))
    try:
        return created_with_link(case, decision, *customers.link_new(case.conversation))
    except Taken as error:
        hits = case.hits(error)
        if not hits:
            return Resolved(resolution_of(case, rules.APART, SKIPPED))
        decision = rules.settle(rules.taken(hits, case.search), case.known.standing, case.search)
        return carry_out(customers, scope, case, decision)


def created_with_link(case: Case, decision: Decision, link: Linked, change_token: str) -> Resolved:
    """Return what became of a conversation whose customer was created with the link."""
    resolution = replace(
        resolution_of(case, decision, CREATED), created_id=link.customer_id, moved_from=case.known.standing.linked_to
    )
    return with_link(Resolved(resolution), link, change_token)


def with_link(one: Resolved, link: Linked, change_token: str) -> Resolved:
    """Return what became of a conversation, with the link that was made for it."""
    linked = replace(
        one.resolution,
        customer_id=link.customer_id,
        revision=link.revision,
        linked_id=link.customer_id,
        link_time=link.link_time,
    )
    return replace(one, resolution=linked, change_token=change_token)


def _link(customers: Customers, scope: TenantScope, case: Case, decision: Decision) -> Resolved:
    customer = customers.customer(decision.customer_id)
    if decision.matched_by == LINK and not rules.names_agree(case.given.name, customer.name):
        why = "It was linked to the customer before, and the name is another person's now."
        review = replace(decision, action=REVIEW, why=why, needs_review=True)
        return Resolved(resolution_of(case, review, REVIEW), customer)
    if rules.is_of_a_shared_phone(decision, case.given.name, customer.name, case.search):
        asked = rules.settle(rules.shared_phone(decision.customer_id), case.known.standing, case.search)
        return carry_out(customers, scope, case, asked)
    wanted = filling(case.given, customer, case.region, decision.leave_out)
    if case.dry_run:
        return Resolved(_found(case, decision, customer, wanted), customer)
    try:
        customer, wanted = _filled(customers, scope, case, customer, wanted)
    except Taken as error:
        if case.hits(error) and decision.matched_by != DECISION:
            return _contested(case, decision, customer, error)
        wanted = Filling()
    return _linked(customers, scope, case, _found(case, decision, customer, wanted), customer)


def _found(case: Case, decision: Decision, customer: CustomerNow, added: Filling) -> Resolution:
    """Return what became of a conversation whose customer was there, or was made by it before it broke off."""
    created_before = case.known.standing.created_id == customer.customer_id and not case.known.standing.linked_to
    outcome = CREATED if created_before else UPDATED if added else FOUND_EXISTING
    resolution = resolution_of(case, decision, outcome)
    return replace(resolution, customer_id=customer.customer_id, filled=added.filled, added=added.added)


def _filled(
    customers: Fills, scope: TenantScope, case: Case, customer: CustomerNow, wanted: Filling
) -> tuple[CustomerNow, Filling]:
    """Add what there is room for; gives the customer after that, and what was added."""
    while wanted:
        try:
            return filled(customers, scope, case, customer, wanted), wanted
        except Full:
            if not wanted.points:
                raise
            wanted = wanted.without_last_point
    return customer, wanted


def filled(customers: Fills, scope: TenantScope, case: Case, customer: CustomerNow, wanted: Filling) -> CustomerNow:
    """Add what a conversation gave to its customer. Raises Changed, Taken, Gone, Full, Refused."""
    conversation = case.conversation
    request_id = conversation.request_id(scope.company_id, "fill", conversation.digest, customer.etag)
    return customers.fill(customer, wanted, conversation, request_id)


def _contested(case: Case, decision: Decision, customer: CustomerNow, error: Taken) -> Resolved:
    """Return the review of a conversation that found one customer, and gave what belongs to another one."""
    others = tuple(dict.fromkeys(customer_id for customer_id, _ in case.hits(error)))
    why = f"{decision.why} What else was given belongs to another customer."
    asked = replace(decision, why=why, candidates=(customer.customer_id, *others), customer_id="", needs_review=True)
    return Resolved(resolution_of(case, asked, REVIEW))


def _linked(
    customers: Customers, scope: TenantScope, case: Case, resolution: Resolution, customer: CustomerNow
) -> Resolved:
    """Link the conversation, unless it is; gives what became of it."""
    conversation, standing = case.conversation, case.known.standing
    if customer.customer_id in (standing.linked_to, conversation.origin_id):
        before = case.known.before
        kept = before if before and (standing.by_resolver or before.decided_id) else None
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
