"""Regroup owns how listed groups follow what has changed since the scan: members leave, join, and are weighed anew."""

from collections import Counter
from collections.abc import Sequence

from services.matching.domain.duplicate_group import FoundGroup, Member, group_id_of
from services.matching.domain.identity_record import Identity
from services.matching.domain.judgement import DIFFERENT, SAME
from services.matching.domain.policy import SHIPPED_POLICY, Policy, number_of, shipped
from services.matching.domain.scan import Scan
from services.matching.engine.regrouping import Link, Regrouped, regroup
from services.matching.operations.knowledge import Knowledge, KnownCompanies
from services.matching.operations.review_changes import review_changed, reviewing
from services.matching.store import groups, judgements, policies, regrouping, review_items
from services.matching.store.candidates import Candidates, candidates_of_customer
from services.runtime.database import Transaction
from services.runtime.ids import new_id

AT_ONCE = 200
MOST_MEMBERS = 200
"""More customers that hang together are left as they are, and their groups are noted to be out of date."""

CORRECTED = "CORRECTED"


def regroup_some(tx: Transaction, known: KnownCompanies, cap: int, follower: str) -> bool:
    """Judge the groups of some changed customers anew; answers whether more wait. While a scan writes, they wait."""
    if not review_items.may_write(tx):
        return False
    taken = regrouping.take(tx, AT_ONCE)
    company = known.seen_by(tx) if taken else None
    if company is not None and company.scan is not None:
        judged_by = _policy_of(tx, company.scan)
        partners = regrouping.partners_of(tx, taken)
        by = reviewing(tx, company.scan, judged_by, company)
        for customer_id in taken:
            found = candidates_of_customer(tx, customer_id, cap, follower)
            related = _related(found, judged_by, company, company.scan.min_confidence) | partners.get(customer_id, {})
            touched = _regroup(tx, company.scan, judged_by, company, found, customer_id, related)
            review_changed(tx, by, found, [customer_id, *touched])
    return len(taken) == AT_ONCE


def _policy_of(tx: Transaction, scan: Scan) -> Policy:
    """Return the policy by which the listed groups were found."""
    number = number_of(scan.model_version)
    return (policies.get(tx, number) if number else shipped(scan.model_version)) or SHIPPED_POLICY


def _regroup(
    tx: Transaction,
    scan: Scan,
    policy: Policy,
    company: Knowledge,
    found: Candidates,
    customer_id: str,
    related: dict[str, Identity],
) -> Sequence[str]:
    """Judge the groups of a customer anew; answers whose groups were."""
    affected = regrouping.groups_of(tx, scan.scan_id, [customer_id, *related])
    if not affected and not related:
        return ()
    members = regrouping.members_of(tx, scan.scan_id, affected)
    people = {one: identity for _, one, identity in members} | related
    if found.own is not None and found.root_id == customer_id:
        people[customer_id] = found.own
    if len(people) > MOST_MEMBERS:
        regrouping.note_out_of_date(tx, scan.scan_id, affected)
        return ()
    ids = sorted(people)
    judged = _places(judgements.among(tx, ids), ids)
    identities = [people[one] for one in ids]
    fresh = regroup(identities, policy.model, company.frequencies, scan.min_confidence, judged[DIFFERENT], judged[SAME])
    regrouping.take_apart(tx, scan.scan_id, affected, ids)
    before = {one: group_id for group_id, one, _ in members}
    named = _named([_found(one, ids) for one in fresh], before)
    groups.add_named(tx, scan.scan_id, _unlike(groups.existing(tx, scan.scan_id, dict(named)), named), CORRECTED)
    return ids


def _places(judged: judgements.RootPairs, ids: Sequence[str]) -> dict[str, list[tuple[int, int]]]:
    """Return the pairs of each verdict by the places of their ids."""
    place = {one: number for number, one in enumerate(ids)}
    return {verdict: [(place[one], place[other]) for one, other in pairs] for verdict, pairs in judged.items()}


def _related(found: Candidates, policy: Policy, company: Knowledge, threshold: int) -> dict[str, Identity]:
    """Return the candidates that are linked with the customer."""
    if found.own is None:
        return {}
    linked = company.scorer_of(policy).sure(found.own, found.identities, threshold)
    return {found.shown[row][0]: found.identities[row] for row, _ in linked}


def _named(fresh: Sequence[FoundGroup], before: dict[str, str]) -> list[tuple[str, FoundGroup]]:
    """Give each group the id that most of its members had; the largest of several that could have it gets it."""
    named: list[tuple[str, FoundGroup]] = []
    given: set[str] = set()
    for group in sorted(fresh, key=lambda one: -len(one.members)):
        ids = [member.customer_id for member in group.members]
        had = Counter(before[one] for one in ids if one in before and before[one] not in given)
        group_id = had.most_common(1)[0][0] if had else group_id_of(ids)
        given.add(group_id)
        named.append((group_id, group))
    return named


def _unlike(existing: set[str], named: Sequence[tuple[str, FoundGroup]]) -> list[tuple[str, FoundGroup]]:
    """Give another id to a group whose own is that of a group with other members by now."""
    given = Counter(existing)
    fresh: list[tuple[str, FoundGroup]] = []
    for group_id, group in named:
        fresh.append((new_id() if given[group_id] else group_id, group))
        given[group_id] += 1
    return fresh


def _found(group: Regrouped, ids: Sequence[str]) -> FoundGroup:
    return FoundGroup(
        group.weakest_link.confidence,
        tuple(_member(ids[place], group.strongest[place]) for place in group.members),
        group.weakest_link.weight,
        (ids[group.weakest[0]], ids[group.weakest[1]]),
    )


def _member(customer_id: str, link: Link) -> Member:
    return Member(customer_id, link.weight, link.probability, link.confidence)
