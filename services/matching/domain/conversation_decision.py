"""Conversation decision owns who a conversation is with: exact e-mail, then phone, then evidence."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from services.identity.text import words
from services.matching.domain.conversation import Given
from services.matching.domain.conversation_resolution import (
    ASK,
    CREATE_AND_REVIEW,
    CREATED,
    DECISION,
    EMAIL,
    EVIDENCE,
    LINK,
    NAME_ONLY,
    NONE,
    PHONE,
    REVIEW,
    SKIP,
    SKIPPED,
    ConversationPolicy,
)
from services.matching.domain.conversation_search import Holder, Search, Standing
from services.matching.domain.evidence import NAME_ONLY_LIMIT

CONFIDENCE_OF = {EMAIL: 100, PHONE: 90}
"""What callers of the older systems expect of an exact key; the weight beside it says what the evidence is worth."""

MOST_CANDIDATES = 20
_ALIKE = 0.8
_THE_KEY = {EMAIL: "e-mail", PHONE: "phone"}


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done: LINK to `customer_id` (which it may be linked to already), CREATED, REVIEW or SKIPPED."""

    action: str
    matched_by: str
    why: str
    customer_id: str = ""
    confidence: int = 0
    weight: float | None = None
    candidates: tuple[str, ...] = ()
    leave_out: tuple[str, ...] = ()
    """Kinds of contact points that are not to be added, since many have them."""

    needs_review: bool = False


APART = Decision(SKIPPED, NONE, "A person has said that it is none of those who were found.")


def decide(given: Given, search: Search, policy: ConversationPolicy) -> Decision:
    """Return who it is by what was given, as if the conversation were linked to nobody."""
    if not given.anything:
        return Decision(SKIPPED, NONE, "Nothing was given to find anybody by.")
    for key in (EMAIL, PHONE):
        if (by_key := _by_key(key, given, search)) is not None:
            return by_key
    return _by_evidence(search) or _nobody(given, search, policy)


def settle(decision: Decision, standing: Standing, search: Search) -> Decision:
    """Return what is to be done in view of how the conversation stands: what a person did is never undone."""
    if decision.action == CREATED and search.some_apart:
        decision = APART
    if standing.decided:
        return _link(DECISION, standing.decided, search, "A person has decided that it is this customer.")
    if not standing.linked_to:
        return _settle_orphan(decision, standing)
    if not standing.live:
        why = "The conversation is linked to a customer that was deleted."
        return Decision(REVIEW, NONE, why, standing.linked_to, candidates=_named(decision), needs_review=True)
    if decision.action == LINK and (standing.by_resolver or decision.customer_id == standing.linked_to):
        return decision
    if decision.action == LINK or (decision.action == REVIEW and _against(decision, standing)):
        return _ask(decision, standing)
    return decision if _is_moved_to_a_new_one(decision, standing, search) else _stay(standing, search)


def taken(hits: Iterable[tuple[str, str]], search: Search) -> Decision:
    """Return what follows where a new customer's e-mail or phone has just been taken: that customer, if it is one."""
    by_customer: dict[str, str] = {}
    for customer_id, kind in sorted(hits, key=lambda hit: hit[1] != EMAIL):
        by_customer.setdefault(customer_id, kind)
    if len(by_customer) != 1:
        return _several(EMAIL if EMAIL in by_customer.values() else PHONE, by_customer)
    ((customer_id, kind),) = by_customer.items()
    return _link(kind, customer_id, search, f"The {_THE_KEY[kind]} is that of the customer.")


def is_of_a_shared_phone(decision: Decision, name: str, customer_name: str, search: Search) -> bool:
    """Return whether a phone alone, not yet seen with the customer in the search, would link another name."""
    holder = search.of(decision.customer_id)
    seen = holder is not None and holder.has(PHONE)
    by_phone = decision.action == LINK and decision.matched_by == PHONE
    return by_phone and not seen and not names_agree(name, customer_name)


def shared_phone(customer_id: str) -> Decision:
    """Return the review of whoever has the phone of a customer and another name."""
    why = "The phone is that of the customer, and the name is another person's: people share phones."
    return _review(PHONE, [customer_id], why)


def names_agree(one: str, other: str) -> bool:
    """Return whether two names may be one person's: the same words, some of them, or nearly the same letters."""
    left, right = words(one), words(other)
    if not (left and right):
        return True
    alike = SequenceMatcher(None, " ".join(sorted(left)), " ".join(sorted(right))).ratio() >= _ALIKE
    return alike or set(left) <= set(right) or set(right) <= set(left)


def _by_key(key: str, given: Given, search: Search) -> Decision | None:
    """Return what an exact key says; None where nobody has it."""
    if not (given.email if key == EMAIL else given.phone):
        return None
    if key.lower() in search.crowded:
        why = f"So many customers have the {_THE_KEY[key]} that it does not tell who this is."
        return _review(key, (), why)
    found = _holding(key, search)
    return _by_holders(key, found, search) if found else None


def _holding(key: str, search: Search) -> list[Holder]:
    """Return who has a key; where the other key tells one of several, that one, where it is another's, them too."""
    other = PHONE if key == EMAIL else EMAIL
    found = [one for one in search.holders if one.has(key)]
    both = [one for one in found if one.has(other)]
    if both:
        return both if len(both) == 1 else found
    return found + [one for one in search.holders if one.has(other)] if found else []


def _by_holders(key: str, found: Sequence[Holder], search: Search) -> Decision:
    if len(found) > 1:
        return _several(key, [one.customer_id for one in found])
    if key == PHONE and found[0].named_otherwise:
        return shared_phone(found[0].customer_id)
    return _link(key, found[0].customer_id, search, f"The {_THE_KEY[key]} is that of the customer.")


def _by_evidence(search: Search) -> Decision | None:
    sure = [one for one in search.holders if one.evidence.confidence >= search.accept and one.more_than_a_name]
    if len(sure) > 1:
        return _several(EVIDENCE, [one.customer_id for one in sure], sure[0].evidence.confidence)
    if not sure:
        return None
    fields = ", ".join(sure[0].evidence.matched_fields)
    return _link(EVIDENCE, sure[0].customer_id, search, f"All that was given together fits one customer: {fields}.")


def _nobody(given: Given, search: Search, policy: ConversationPolicy) -> Decision:
    """Return what is done where nobody is found: a customer is created, if there is a name."""
    maybe = [one for one in search.holders if one.evidence.confidence >= search.reject and one.more_than_a_name]
    if not given.name:
        return Decision(SKIPPED, NONE, "Nobody was found, and no name was given to create a customer with.")
    if given.name_only:
        return _by_name_alone(search, policy)
    if maybe:
        why = "Nobody was found for sure; some customers fit in part."
        return _creation(NONE, why, maybe, needs_review=True)
    return _creation(NONE, "Nobody was found.", ())


def _by_name_alone(search: Search, policy: ConversationPolicy) -> Decision:
    namesakes = list(search.holders)
    if policy.name_only == SKIP:
        return Decision(SKIPPED, NAME_ONLY, "A name alone finds nobody, and by the company's policy creates nobody.")
    if policy.name_only == ASK:
        why = "A name alone finds nobody; by the company's policy a person decides."
        return _review(NAME_ONLY, [one.customer_id for one in namesakes], why, min(_best(namesakes), NAME_ONLY_LIMIT))
    asks = policy.name_only == CREATE_AND_REVIEW
    return _creation(NAME_ONLY, "A name alone finds nobody, so a customer was created.", namesakes, needs_review=asks)


def _settle_orphan(decision: Decision, standing: Standing) -> Decision:
    found = decision.customer_id if decision.action == LINK else standing.created_id
    if decision.action in (LINK, CREATED) and found in standing.taken_from:
        why = "A person has taken the conversation from the customer that was found."
        return _review(decision.matched_by, [found], why, decision.confidence)
    if standing.created_id and decision.action == CREATED:
        why = "The customer was created from this conversation."
        return Decision(LINK, LINK, why, standing.created_id, needs_review=decision.needs_review)
    return decision


def _against(decision: Decision, standing: Standing) -> bool:
    """Return whether a review is about others than the customer that it is linked to, or about the link itself."""
    several = len(decision.candidates) > 1
    return bool(decision.candidates) and not (several and standing.linked_to in decision.candidates)


def _ask(decision: Decision, standing: Standing) -> Decision:
    """Return the review of a link that what was given speaks against."""
    who = "that it was linked to before" if standing.by_resolver else "that somebody has linked it to"
    return Decision(
        REVIEW,
        decision.matched_by,
        f"{decision.why} The conversation stays with the customer {who}.",
        standing.linked_to,
        decision.confidence,
        decision.weight,
        _named(decision),
        needs_review=True,
    )


def _is_moved_to_a_new_one(decision: Decision, standing: Standing, search: Search) -> bool:
    """Return whether a link that was made here rests on nothing any more, and there is a name to create another by."""
    holder = search.of(standing.linked_to)
    fits = holder is not None and holder.evidence.confidence >= search.reject
    created_here = standing.created_id == standing.linked_to
    return decision.action == CREATED and standing.by_resolver and not fits and not created_here


def _stay(standing: Standing, search: Search) -> Decision:
    """Return the link as it is: staying needs less than joining."""
    holder = search.of(standing.linked_to)
    why = "It was linked to the customer before, and what was given is not against it."
    confidence = holder.evidence.confidence if holder else 0
    return Decision(LINK, LINK, why, standing.linked_to, confidence, holder.evidence.match_weight if holder else None)


def _link(key: str, customer_id: str, search: Search, why: str) -> Decision:
    holder = search.of(customer_id)
    confidence = CONFIDENCE_OF.get(key) or (holder.evidence.confidence if holder else 0)
    weight = holder.evidence.match_weight if holder else None
    crowded = tuple(kind.upper() for kind in sorted(search.crowded))
    return Decision(LINK, key, why, customer_id, confidence, weight, leave_out=crowded)


def _several(key: str, customer_ids: Iterable[str], confidence: int = 0) -> Decision:
    ids = list(dict.fromkeys(customer_ids))
    return _review(key, ids, f"{len(ids)} customers match what was given.", confidence)


def _review(key: str, customer_ids: Sequence[str], why: str, confidence: int = 0) -> Decision:
    sure = CONFIDENCE_OF.get(key, confidence)
    return Decision(
        REVIEW, key, why, confidence=sure, candidates=tuple(customer_ids[:MOST_CANDIDATES]), needs_review=True
    )


def _creation(key: str, why: str, maybe: Sequence[Holder], *, needs_review: bool = False) -> Decision:
    ids = tuple(one.customer_id for one in maybe[:MOST_CANDIDATES])
    best = maybe[0].evidence.match_weight if maybe else None
    confidence = min(_best(maybe), NAME_ONLY_LIMIT) if key == NAME_ONLY else _best(maybe)
    return Decision(CREATED, key, why, "", confidence, best, ids, needs_review=needs_review)


def _best(holders: Sequence[Holder]) -> int:
    return max((one.evidence.confidence for one in holders), default=0)


def _named(decision: Decision) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for one in (decision.customer_id, *decision.candidates) if one))
