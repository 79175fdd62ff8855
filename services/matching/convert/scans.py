"""Scans owns the messages about scans and the groups that they find."""

from datetime import datetime

from google.protobuf.timestamp_pb2 import Timestamp

from patronage.matching.v1 import matching_service_pb2 as pb
from services.matching.convert.answers import score_message
from services.matching.domain.duplicate_group import ListedGroup, ListedMember
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
        create_time=_time(scan.created_at),
        end_time=_time(scan.ended_at) if scan.ended_at else None,
        failure=scan.failure,
        model_version=scan.model_version,
    )


def group_message(group: ListedGroup) -> pb.DuplicateGroup:
    """Return a group as a message."""
    return pb.DuplicateGroup(
        group_id=group.group_id,
        master_id=group.master_id,
        members=[_member_message(member) for member in group.members],
        confidence=group.confidence,
        recommended_action=pb.RecommendedAction.Value(f"RECOMMENDED_ACTION_{group.recommended_action}"),
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


def _time(moment: datetime) -> Timestamp:
    time = Timestamp()
    time.FromDatetime(moment)
    return time
