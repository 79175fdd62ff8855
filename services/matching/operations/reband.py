"""Reband owns how the review queue follows another band of the policy at once, from what the last scan has weighed."""

from services.matching.domain.policy import Policy, weighs_alike
from services.matching.operations.get_policy import policy_of
from services.matching.store import policies, regrouping, review_bands, scans
from services.matching.store.review_bands import NO_BAND, Band
from services.runtime.database import Transaction


def reband(tx: Transaction, policy: Policy, before: Policy) -> None:
    """End the questions that are out of the band; those that come into it are looked at anew beside the feed.

    Where the last scan weighed by other numbers the queue stays as it is: then only a scan can tell. What was in
    question by the policy before, and is by this one, is not touched, unless that one weighed by such other numbers.
    """
    scan = scans.listed(tx)
    scanned = policy_of(tx, scan.model_version) if scan else None
    if scan is None or scanned is None or not weighs_alike(policy, scanned):
        return
    followed = Band(before.reject, before.accept) if weighs_alike(before, scanned) else NO_BAND
    review_bands.take_time(tx)
    review_bands.end_outside(tx, policy.reject, policy.accept)
    regrouping.put(tx, review_bands.to_look_at(tx, scan.scan_id, Band(policy.reject, policy.accept), followed))


def scan_due(tx: Transaction) -> bool:
    """Return whether the policy may ask of pairs what only another scan tells: by other numbers, or further down."""
    policy, scan = policies.current(tx), scans.listed(tx)
    if scan is None:
        return True
    scanned = policy_of(tx, scan.model_version)
    return not weighs_alike(policy, scanned) or policy.reject < scanned.reject
