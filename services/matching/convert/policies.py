"""Policies owns the messages about policies, and the checks of a policy that is asked for."""

from datetime import datetime

from google.protobuf.timestamp_pb2 import Timestamp

from patronage.matching.v1 import policy_pb2 as pb
from services.matching.convert.survivorship import survivorship_message, survivorship_of
from services.matching.domain.evidence import AUTO_LINK
from services.matching.domain.model import Comparison
from services.matching.domain.policy import LADDER_KIND, LEAST_ACCEPT, REJECT_BELOW, Policy, PolicyWish, TrainingReport
from services.runtime.failures import FieldCheck

_PREFIX = "POLICY_KIND_"


def policy_message(policy: Policy) -> pb.Policy:
    """Return a policy as a message."""
    return pb.Policy(
        version=policy.version,
        kind=pb.PolicyKind.Value(f"{_PREFIX}{policy.kind}"),
        accept_confidence=policy.accept,
        reject_confidence=policy.reject,
        learns_with_each_scan=policy.learns,
        origin=pb.PolicyOrigin.Value(f"POLICY_ORIGIN_{policy.origin}"),
        create_time=time_message(policy.created_at) if policy.created_at else None,
        created_by=policy.created_by,
        duplicates_per_record=policy.model.duplicates_per_record,
        comparisons=[_comparison_message(one) for one in policy.model.comparisons],
        training=_report_message(policy.report) if policy.report else None,
        survivorship=survivorship_message(policy.survivorship),
    )


def policy_wish(request: pb.SetPolicyRequest) -> PolicyWish:
    """Return what is asked for; FieldsInvalid names every bad field."""
    check = FieldCheck()
    survivorship = survivorship_of(request.survivorship, check) if request.HasField("survivorship") else None
    if survivorship is not None and _says_nothing_else(request):
        check.raise_if_any()
        return PolicyWish("", survivorship=survivorship)
    kind = pb.PolicyKind.Name(request.kind) if request.kind in pb.PolicyKind.values() else ""
    check.require(request.kind and kind, "kind", "is required: a kind of policy")
    ladder = kind == f"{_PREFIX}{LADDER_KIND}"
    accept = request.accept_confidence if request.HasField("accept_confidence") else AUTO_LINK
    reject = request.reject_confidence if request.HasField("reject_confidence") else min(REJECT_BELOW, accept)
    check.require(LEAST_ACCEPT <= accept <= 100, "accept_confidence", f"must be between {LEAST_ACCEPT} and 100")
    check.require(0 <= reject <= accept, "reject_confidence", "must be between 0 and accept_confidence")
    given = bool(request.comparisons or request.weights_of)
    learns = request.learns_with_each_scan if request.HasField("learns_with_each_scan") else not (ladder or given)
    text = "must not be true for a ladder, or where weights are given: a scan would replace them"
    check.require(not (learns and (ladder or given)), "learns_with_each_scan", text)
    check.require(not (ladder and request.comparisons), "comparisons", "must be absent for a ladder")
    shares = _shares(request, check)
    check.raise_if_any()
    return PolicyWish(kind.removeprefix(_PREFIX), accept, reject, learns, request.weights_of, shares, survivorship)


def _says_nothing_else(request: pb.SetPolicyRequest) -> bool:
    """Return whether only the survivorship is to be another one."""
    named = {field.name for field, _ in request.ListFields()}
    return named <= {"survivorship", "etag", "request_id"}


def time_message(moment: datetime) -> Timestamp:
    """Return a moment as a message."""
    time = Timestamp()
    time.FromDatetime(moment)
    return time


def _shares(request: pb.SetPolicyRequest, check: FieldCheck) -> dict[tuple[str, str], tuple[float, float]]:
    shares: dict[tuple[str, str], tuple[float, float]] = {}
    for number, comparison in enumerate(request.comparisons):
        for place, level in enumerate(comparison.levels):
            where = f"comparisons[{number}].levels[{place}]"
            check.require(0.0 < level.m <= 1.0, f"{where}.m", "must be above 0 and at most 1")
            check.require(0.0 < level.u <= 1.0, f"{where}.u", "must be above 0 and at most 1")
            check.require((comparison.name, level.name) not in shares, f"{where}.name", "must not stand twice")
            shares[comparison.name, level.name] = level.m, level.u
    return shares


def _comparison_message(comparison: Comparison) -> pb.PolicyComparison:
    levels = [pb.PolicyLevel(name=one.name, m=one.m, u=one.u, weight=one.weight) for one in comparison.levels]
    return pb.PolicyComparison(name=comparison.name, levels=levels)


def _report_message(report: TrainingReport) -> pb.TrainingReport:
    return pb.TrainingReport(
        rounds=report.rounds,
        customers=report.customers,
        pairs=report.pairs,
        expected_matches=report.expected_matches,
        kept=dict(report.kept),
    )
