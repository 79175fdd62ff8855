"""Resolve conversations owns how the plain ones of many conversations get their customers: one look and one write.

Plain is an orphan that never was linked here: with somebody new, with a customer who was found, or one that a person is
asked about. Whoever is new is created with the link, so nobody is made twice of one conversation; two of one new person
are told apart by e-mail or phone, and where they have neither and another one here has the name, left. Each that is
not plain, or meets something on the way, is left too: to be resolved by itself.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from services.matching.domain import conversation_decision as rules
from services.matching.domain.conversation import Conversation
from services.matching.domain.conversation_decision import Decision
from services.matching.domain.conversation_resolution import (
    CREATED,
    FOUND_EXISTING,
    LINK,
    REVIEW,
    SKIPPED,
    UPDATED,
    Resolution,
)
from services.matching.domain.customer_filling import CustomerNow, Filling, filling
from services.matching.domain.customers_answers import Changed, Gone, LinkAnswer, Linked, Refused, Taken
from services.matching.operations.carry_out_resolution import created_with_link, filled, with_link
from services.matching.operations.resolution_case import Case, Fills, Resolved, resolution_of
from services.matching.operations.resolve_conversation import Resolving, cases_of, decided
from services.matching.operations.save_resolution import forget_resolution, save_resolutions
from services.runtime.database import TenantScope

Plain = tuple[Case, Decision]


@dataclass(frozen=True, slots=True)
class WantedLink:
    """A conversation as it was read, and its customer; an empty id: one that is created of what was given."""

    conversation: Conversation
    customer_id: str = ""


class ManyCustomers(Fills, Protocol):
    """What is asked of the customers service about many at once."""

    def is_there(self, conversation_id: str) -> bool:
        """Return whether there is such a conversation now."""

    def customers_now(self, customer_ids: Sequence[str]) -> Mapping[str, CustomerNow]:
        """Return customers as they are now, by the ids that were asked for; roots stand for who was merged."""

    def link_all(self, company_id: str, links: Sequence[WantedLink]) -> tuple[list[LinkAnswer], str]:
        """Link conversations that are as they were read; gives what became of each, and a change token."""


def resolve_conversations(
    resolving: Resolving,
    customers: ManyCustomers,
    scope: TenantScope,
    conversations: Sequence[Conversation],
    *,
    dry_run: bool = False,
    run_id: str = "",
) -> list[Resolved | None]:
    """Find or make the customers of the plain ones; None for each that is to be resolved by itself."""
    if not conversations:
        return []
    cases = cases_of(resolving, scope, conversations, dry_run=dry_run)
    before = {} if dry_run else _done_before(cases, run_id)
    cases = [one for one in cases if one.conversation.conversation_id not in before]
    names = Counter(one.given.name_words for one in cases)
    plain = {one.conversation.conversation_id: (one, decided(one)) for one in cases if _is_plain(one)}
    done = {key: _resolved(*one, one[1].action) for key, one in plain.items() if one[1].action in (SKIPPED, REVIEW)}
    new = {key: one for key, one in plain.items() if _is_of_somebody_new(*one, names)}
    created, asked, found = _create(customers, scope, new, dry_run)
    found |= {key: one for key, one in plain.items() if one[1].action == LINK}
    done |= created | asked | _link(customers, scope, found, dry_run)
    if not dry_run:
        done = _saved(resolving, customers, scope, done, plain, run_id) | before
    return [done.get(one.conversation_id) for one in conversations]


def _done_before(cases: Sequence[Case], run_id: str) -> dict[str, Resolved]:
    """Return what the same run has made of conversations before it broke off; it stays so."""
    known = [one.known.before for one in cases if run_id and one.known.before]
    return {one.conversation_id: Resolved(one) for one in known if one.run_id == run_id}


def _is_plain(case: Case) -> bool:
    before = case.known.before
    return (
        not case.conversation.origin_id
        and not case.conversation.taken_from
        and not case.is_behind
        and not (before and (before.linked_id or before.created_id or before.decided_id or before.apart))
    )


def _is_of_somebody_new(case: Case, decision: Decision, names: Mapping[tuple[str, ...], int]) -> bool:
    """Return whether a customer is to be created, whom nobody of the same name here may be."""
    has_a_key = bool(case.given.email or case.given.phone)
    return decision.action == CREATED and (has_a_key or names[case.given.name_words] == 1)


def _resolved(case: Case, decision: Decision, outcome: str, **more: object) -> Resolved:
    return Resolved(replace(resolution_of(case, decision, outcome), **more))  # type: ignore[arg-type]


def _create(
    customers: ManyCustomers, scope: TenantScope, new: Mapping[str, Plain], dry_run: bool
) -> tuple[dict[str, Resolved], dict[str, Resolved], dict[str, Plain]]:
    """Return those whose customers were created; of those whose e-mail or phone somebody has by now, those that a
    person is asked about, and those whose customer that is."""
    if dry_run:
        return {key: _resolved(case, decision, CREATED) for key, (case, decision) in new.items()}, {}, {}
    answers, token = _answers(customers, scope, [WantedLink(case.conversation) for case, _ in new.values()])
    done: dict[str, Resolved] = {}
    taken: dict[str, Plain] = {}
    for (key, (case, decision)), answer in zip(new.items(), answers, strict=True):
        if isinstance(answer, Linked):
            done[key] = created_with_link(case, decision, answer, token)
        elif isinstance(answer, Taken):
            taken[key] = case, rules.settle(rules.taken(answer.hits, case.search), case.known.standing, case.search)
    asked = {key: _resolved(*one, REVIEW) for key, one in taken.items() if one[1].action == REVIEW}
    return done, asked, {key: one for key, one in taken.items() if one[1].action == LINK}


def _link(
    customers: ManyCustomers, scope: TenantScope, found: Mapping[str, Plain], dry_run: bool
) -> dict[str, Resolved]:
    """Return those that are linked to who was found, and who has what was given by then, or that are asked about."""
    wanted = sorted({decision.customer_id for _, decision in found.values()})
    now = customers.customers_now(wanted) if wanted else {}
    there = {key: (*one, now[one[1].customer_id]) for key, one in found.items() if one[1].customer_id in now}
    asked = {key: again for key, one in there.items() if (again := _of_a_shared_phone(*one))}
    tried = {key: _found(*one) for key, one in there.items() if key not in asked}
    if dry_run:
        return asked | {key: one for key, (one, _) in tried.items()}
    ready = {
        key: one for key, (one, wanted) in tried.items() if _is_filled(customers, scope, found[key][0], one, wanted)
    }
    links = [WantedLink(found[key][0].conversation, one.resolution.customer_id) for key, one in ready.items()]
    answers, token = _answers(customers, scope, links)
    linked = {
        key: with_link(one, answer, token)
        for (key, one), answer in zip(ready.items(), answers, strict=True)
        if isinstance(answer, Linked)
    }
    return asked | linked


def _of_a_shared_phone(case: Case, decision: Decision, customer: CustomerNow) -> Resolved | None:
    """Return the question whether a customer with the phone and another name is meant; None where there is none."""
    if not rules.is_of_a_shared_phone(decision, case.given.name, customer.name, case.search):
        return None
    asked = rules.settle(rules.shared_phone(decision.customer_id), case.known.standing, case.search)
    return _resolved(case, asked, asked.action)


def _found(case: Case, decision: Decision, customer: CustomerNow) -> tuple[Resolved, Filling]:
    wanted = filling(case.given, customer, case.region, decision.leave_out)
    outcome = UPDATED if wanted else FOUND_EXISTING
    one = _resolved(case, decision, outcome, customer_id=customer.customer_id, filled=wanted.filled, added=wanted.added)
    return replace(one, customer=customer), wanted


def _is_filled(customers: ManyCustomers, scope: TenantScope, case: Case, one: Resolved, wanted: Filling) -> bool:
    """Add what was given to the customer that was found; false where that met something."""
    if wanted and one.customer is not None:
        try:
            filled(customers, scope, case, one.customer, wanted)
        except (Changed, Gone, Refused, Taken):
            return False
    return True


def _answers(customers: ManyCustomers, scope: TenantScope, links: Sequence[WantedLink]) -> tuple[list[LinkAnswer], str]:
    return customers.link_all(scope.company_id, links) if links else ([], "")


def _saved(
    resolving: Resolving,
    customers: ManyCustomers,
    scope: TenantScope,
    done: Mapping[str, Resolved],
    plain: Mapping[str, Plain],
    run_id: str,
) -> dict[str, Resolved]:
    """Return those that could be written down; where somebody else was at one of them, it is looked at anew.

    Nobody is asked about one that was deleted meanwhile: that may have been followed before it was written.
    """
    made: list[tuple[Resolution, Resolution | None]] = [
        (replace(one.resolution, run_id=run_id), plain[key][0].known.before) for key, one in done.items()
    ]
    saved = [one for one in save_resolutions(resolving.database, scope, made) if one is not None]
    for one in saved:
        if one.review_item_id and not customers.is_there(one.conversation_id):
            forget_resolution(resolving.database, scope, one.conversation_id)
    return {one.conversation_id: replace(done[one.conversation_id], resolution=one) for one in saved}
