"""Scans owns the messages about scans and the groups that they find."""

from patronage.matching.v1 import matching_service_pb2 as pb
from services.matching.convert.answers import score_message
from services.matching.convert.policies import time_message
from services.matching.domain.duplicate_group import ListedGroup, ListedMember
from services.matching.domain.policy import Policy
from services.matching.domain.scan import Scan


def scan_message(scan: Scan) -> pb.Scan:
    """Return a scan as a message."""
    return pb.Scan(
        scan_id=scan.scan_id,
        state=pb.ScanState.Value(f"SCAN_STATE_{scan.state}"),
        min_confidence=scan.min_confidence,
        progress=scan.progress,
        customers=scan.customers,
        pairs_compared=scan.pairs_compared,
        groups=scan.groups,
        grouped_customers=scan.grouped_customers,
        create_time=time_message(scan.created_at),
        end_time=time_message(scan.ended_at) if scan.ended_at else None,
        failure=scan.failure,
        model_version=scan.model_version,
        purpose=pb.ScanPurpose.Value(f"SCAN_PURPOSE_{scan.purpose}"),
    )


def group_message(group: ListedGroup, scan: Scan, policy: Policy) -> pb.DuplicateGroup:
    """Return a group as a message; what to do with it follows from the company's policy."""
    action = group.recommended_action(policy.accept, policy.reject)
    left, right = group.weakest or ("", "")
    return pb.DuplicateGroup(
        group_id=group.group_id,
        master_id=group.master_id,
        members=[_member_message(member) for member in group.members],
        confidence=group.confidence,
        recommended_action=pb.RecommendedAction.Value(f"RECOMMENDED_ACTION_{action}"),
        match_weight=group.match_weight,
        weakest_left_id=left,
        weakest_right_id=right,
        state=pb.GroupState.Value(f"GROUP_STATE_{group.state}"),
        update_time=time_message(group.updated_at) if group.updated_at else None,
        model_version=scan.model_version,
    )


def _member_message(listed: ListedMember) -> pb.GroupMember:
    member = listed.member
    return pb.GroupMember(
        customer_id=member.customer_id,
        name=listed.name,
        email=listed.email,
        phone=listed.phone,
        score=score_message(member.match_weight, member.match_probability, member.confidence),
    )
