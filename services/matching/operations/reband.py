"""Reband owns how the review queue follows another band of the policy at once, from what the last scan has weighed."""

from services.matching.domain.policy import Policy, weighs_alike
from services.matching.operations.get_policy import policy_of
from services.matching.store import policies, regrouping, review_bands, scans
from services.runtime.database import Transaction


def reband(tx: Transaction, policy: Policy) -> None:
    """End the questions that are out of the band; those that come into it are looked at anew beside the feed.

    Where the last scan weighed by other numbers the queue stays as it is: then only a scan can tell.
    """
    scan = scans.listed(tx)
    if scan is None or not weighs_alike(policy, policy_of(tx, scan.model_version)):
        return
    review_bands.take_time(tx)
    review_bands.end_outside(tx, policy.reject, policy.accept)
    regrouping.put(tx, review_bands.to_look_at(tx, scan.scan_id, policy.reject, policy.accept))


def scan_due(tx: Transaction) -> bool:
    """Return whether the policy may ask of pairs what only another scan tells: by other numbers, or further down."""
    policy, scan = policies.current(tx), scans.listed(tx)
    if scan is None:
        return True
    scanned = policy_of(tx, scan.model_version)
    return not weighs_alike(policy, scanned) or policy.reject < scanned.reject
