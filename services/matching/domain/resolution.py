"""Resolution owns what a person wants to become of a review item, and which of its customers that means."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, product

from services.matching.domain.failures import ResolutionUnfit
from services.matching.domain.review_item import (
    CONFLICT,
    CONVERSATION,
    DIFFERENT,
    MERGE_UNDONE,
    MERGED,
    PAIR,
    SAME,
    UNSURE,
    ReviewItem,
)
from services.runtime.failures import FieldsInvalid, FieldViolation

MOST_PAIRS = 300
_PAIR = 2


@dataclass(frozen=True, slots=True)
class Decision:
    """What is decided of an item: MERGED, DIFFERENT, SAME or UNSURE, and of whom; none named means all."""

    item_id: str
    resolution: str
    target_id: str = ""
    customer_ids: tuple[str, ...] = ()
    reason: str = ""
    etag: str = ""


def roots_of(item: ReviewItem) -> tuple[str, ...]:
    """Return the roots that an item is about now."""
    return tuple(dict.fromkeys(one.root_id for one in item.customers if one.root_id is not None))


def named_roots(item: ReviewItem, customer_ids: Sequence[str], field: str) -> tuple[str, ...]:
    """Return the roots of customers that a decision names; FieldsInvalid names each that the item is not about."""
    known = {one.customer_id: one.root_id for one in item.customers} | {root: root for root in roots_of(item)}
    wanted = [known.get(one.lower()) for one in customer_ids]
    wrong = [
        FieldViolation(f"{field}[{number}]" if field == "customer_ids" else field, "is no customer of the item")
        for number, root in enumerate(wanted)
        if root is None
    ]
    if wrong:
        raise FieldsInvalid(wrong)
    return tuple(dict.fromkeys(root for root in wanted if root is not None))


def merge_of(item: ReviewItem, decision: Decision) -> tuple[str, tuple[str, ...]]:
    """Return the target and the sources of a merge. Raises FieldsInvalid, ResolutionUnfit."""
    if item.kind == CONFLICT:
        raise unfit(item, "Say DIFFERENT or SAME of a conflict, and merge by MergeCustomers.")
    [target] = named_roots(item, [decision.target_id], "target_id")
    named = named_roots(item, decision.customer_ids, "customer_ids") or roots_of(item)
    sources = tuple(root for root in named if root != target)
    if not sources:
        raise unfit(item, "There is nobody to merge into the target.")
    return target, sources


def judged_pairs(item: ReviewItem, decision: Decision) -> list[tuple[str, str]]:
    """Return the pairs of roots that a decision judges. Raises FieldsInvalid, ResolutionUnfit.

    SAME joins all that are meant to the first one, of a conversation one alone may be meant; DIFFERENT keeps those that
    are named from the others, or all apart; UNSURE is said of a pair only, and never in place of what was judged of
    those that a conversation fits.
    """
    roots = roots_of(item)
    if len(roots) < _PAIR:
        if item.kind != CONVERSATION and decision.resolution != UNSURE:
            raise unfit(item, "There are not two customers left; read the item anew.")
        return []
    if decision.resolution == UNSURE:
        return [(roots[0], roots[1])] if item.kind in (PAIR, MERGE_UNDONE) else []
    pairs = _pairs(roots, named_roots(item, decision.customer_ids, "customer_ids"), decision.resolution)
    if not pairs and item.kind == CONVERSATION and decision.resolution == SAME:
        return []
    if not pairs:
        raise FieldsInvalid([FieldViolation("customer_ids", _TOO_FEW[decision.resolution])])
    if len(pairs) > MOST_PAIRS:
        raise FieldsInvalid([FieldViolation("customer_ids", f"must leave at most {MOST_PAIRS} pairs to be judged")])
    return pairs


def conversation_of(item: ReviewItem, decision: Decision, linked_to: str) -> tuple[str, tuple[str, ...]]:
    """Return the root that an item's conversation is with by a decision, empty: not said; and those it is not with.

    `linked_to` is the root that it is linked to; empty: it is an orphan.
    """
    roots = roots_of(item)
    named = named_roots(item, decision.customer_ids, "customer_ids")
    if decision.resolution == DIFFERENT:
        others = tuple(one for one in roots if one not in named)
        apart = others if linked_to in named else named or roots
        return "", tuple(one for one in apart if one != linked_to)
    if decision.resolution == UNSURE:
        return "", ()
    target = named_roots(item, [decision.target_id], "target_id") if decision.resolution == MERGED else ()
    meant = (*target, *(named or roots))
    if decision.resolution == MERGED and linked_to:
        return "", ()
    return (linked_to if linked_to in meant else meant[0] if meant else ""), ()


def unfit(item: ReviewItem, text: str) -> ResolutionUnfit:
    """The failure of an item that cannot be decided in this way."""
    return ResolutionUnfit(text, metadata={"item_id": item.item_id, "kind": item.kind})


_TOO_FEW = {"SAME": "must name two or more", "DIFFERENT": "must leave some of the item's customers out"}


def _pairs(roots: Sequence[str], named: Sequence[str], resolution: str) -> list[tuple[str, str]]:
    if resolution == SAME:
        first, *others = named or roots
        return [(first, other) for other in others]
    if not named:
        return list(combinations(roots, 2))
    return list(product(named, [root for root in roots if root not in named]))
