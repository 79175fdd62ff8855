"""MatchingService."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from patronage.matching.v1 import matching_service_pb2 as pb
from patronage.matching.v1 import matching_service_pb2_grpc as grpc_pb
from patronage.matching.v1 import normalize_pb2, policy_pb2
from services.matching.convert import answers, normal_forms, policies, questions, scans
from services.matching.domain.scan import Scan
from services.matching.operations.cancel_scan import cancel_scan
from services.matching.operations.company_regions import CompanyRegions
from services.matching.operations.explain_group import explain_group
from services.matching.operations.explain_match import Explained, explain_match
from services.matching.operations.find_duplicates import find_duplicates
from services.matching.operations.get_policy import get_policy
from services.matching.operations.get_scan import get_scan, learned_by
from services.matching.operations.judging import Asked, Found, Search
from services.matching.operations.list_duplicate_groups import FIRST, list_duplicate_groups, next_groups
from services.matching.operations.match_record import match_record
from services.matching.operations.normalize_identity import normalize_identity
from services.matching.operations.reband import scan_due
from services.matching.operations.scan_duplicates import DEFAULT_LINK_CONFIDENCE, scan_duplicates
from services.matching.operations.set_policy import set_policy
from services.matching.operations.train_policy import train_policy
from services.matching.servicer.conversations import Conversations, Talking
from services.runtime.caller import caller_of
from services.runtime.database import Transaction
from services.runtime.edge import Edge
from services.runtime.freshness import ChangeToken
from services.runtime.paging import page_size
from services.runtime.streams import end_of
from services.runtime.waiting import FollowedChanges, remaining_s

SPARE_S = 0.2
"""So long before its deadline a call no longer waits for its turn, but says so."""


@dataclass(frozen=True, slots=True)
class Searching:
    """What the online calls need: where they search, how wide a key may be, and what has been followed."""

    search: Search
    regions: CompanyRegions
    followed: FollowedChanges
    follower: str
    key_cap: int


class MatchingServicer(Conversations, grpc_pb.MatchingServiceServicer):
    """Finds the customers that are the same person or business, and says why."""

    def __init__(self, edge: Edge, searching: Searching, scan_asked: Callable[[], None], talking: Talking) -> None:
        self._edge = edge
        self._searching = searching
        self._scan_asked = scan_asked
        self._talking = talking

    def NormalizeIdentity(  # noqa: N802
        self, request: normalize_pb2.NormalizeIdentityRequest, context: Any
    ) -> normalize_pb2.NormalizeIdentityResponse:
        """Shows what a record is compared by."""
        raw, named, token = normal_forms.normal_form_asked(request)
        searching = self._searching
        searching.followed.wait(token, context)
        company_id = caller_of(context).scope().company_id
        region = named or searching.regions.region_of(company_id, fresh=token is not None)

        def run(tx: Transaction) -> normalize_pb2.NormalizeIdentityResponse:
            found = normalize_identity(tx, raw, region, searching.key_cap)
            return normal_forms.normal_form_message(found.identity, found.keys, region)

        return self._edge.read(context, run)

    def MatchRecord(self, request: pb.MatchRecordRequest, context: Any) -> pb.MatchRecordResponse:  # noqa: N802
        """Finds who a record from outside may be."""
        record, least, limit, token = questions.record_asked(request)
        asked = self._asked(context, least, limit, token)
        searching = self._searching
        region = searching.regions.region_of(asked.company_id, fresh=token is not None)
        return pb.MatchRecordResponse(**_found(match_record(searching.search, asked, record, region)))

    def FindDuplicates(  # noqa: N802
        self, request: pb.FindDuplicatesRequest, context: Any
    ) -> pb.FindDuplicatesResponse:
        """Finds who else a customer may be."""
        customer_id, least, limit, token = questions.duplicates_asked(request)
        asked = self._asked(context, least, limit, token)
        return pb.FindDuplicatesResponse(**_found(find_duplicates(self._searching.search, asked, customer_id)))

    def ScanDuplicates(  # noqa: N802
        self, request: pb.ScanDuplicatesRequest, context: Any
    ) -> pb.ScanDuplicatesResponse:
        """Starts a scan, or answers with the one that runs."""
        min_confidence, token = questions.scan_asked(request, DEFAULT_LINK_CONFIDENCE)
        self._searching.followed.wait(token, context)

        def run(tx: Transaction) -> pb.ScanDuplicatesResponse:
            tx.after_commit(self._scan_asked)
            return pb.ScanDuplicatesResponse(scan=scans.scan_message(scan_duplicates(tx, min_confidence)))

        return self._edge.write(context, request, run)

    def GetScan(self, request: pb.GetScanRequest, context: Any) -> pb.GetScanResponse:  # noqa: N802
        """Reads how a scan goes, and what it learned."""
        questions.required(scan_id=request.scan_id)

        def run(tx: Transaction) -> pb.GetScanResponse:
            scan = get_scan(tx, request.scan_id)
            learned = learned_by(tx, scan)
            return pb.GetScanResponse(
                scan=scans.scan_message(scan), learned=policies.policy_message(learned) if learned else None
            )

        return self._edge.read(context, run)

    def CancelScan(self, request: pb.CancelScanRequest, context: Any) -> pb.CancelScanResponse:  # noqa: N802
        """Ends a scan."""
        questions.required(scan_id=request.scan_id)

        def run(tx: Transaction) -> pb.CancelScanResponse:
            return pb.CancelScanResponse(scan=scans.scan_message(cancel_scan(tx, request.scan_id)))

        return self._edge.write(context, request, run)

    def ListDuplicateGroups(  # noqa: N802
        self, request: pb.ListDuplicateGroupsRequest, context: Any
    ) -> pb.ListDuplicateGroupsResponse:
        """Lists what the last finished scan found, as it stands now."""
        least, size = questions.groups_asked(request), page_size(request.page_size)

        def run(tx: Transaction) -> pb.ListDuplicateGroupsResponse:
            page = list_duplicate_groups(tx, least, size, request.page_token)
            scan = page.scan
            return pb.ListDuplicateGroupsResponse(
                groups=[scans.group_message(group, scan, page.policy) for group in page.groups] if scan else (),
                next_page_token=page.next_page_token,
                total_size=page.total,
                scan=scans.scan_message(scan) if scan else None,
                pending_changes=page.pending,
            )

        return self._edge.read(context, run)

    def StreamDuplicateGroups(  # noqa: N802
        self, request: pb.StreamDuplicateGroupsRequest, context: Any
    ) -> Iterator[pb.StreamDuplicateGroupsResponse]:
        """Streams what the last finished scan found, each batch in a transaction of its own."""
        least, size = questions.stream_asked(request)
        scan_id, after, end = "", FIRST, end_of(context)
        while after is not None and not end.is_set():

            def run(tx: Transaction, after: Any = after) -> Any:
                return next_groups(tx, least, size, after)

            groups, after, scan, policy = self._edge.read(context, run)
            if scan is None or scan.scan_id != (scan_id or scan.scan_id):
                return
            messages = [scans.group_message(group, scan, policy) for group in groups]
            first = scans.scan_message(scan) if not scan_id else None
            yield pb.StreamDuplicateGroupsResponse(groups=messages, scan=first)
            scan_id = scan.scan_id

    def ExplainMatch(self, request: pb.ExplainMatchRequest, context: Any) -> pb.ExplainMatchResponse:  # noqa: N802
        """Explains one pair."""
        self._searching.followed.wait(questions.pair_asked(request), context)

        def run(tx: Transaction) -> pb.ExplainMatchResponse:
            found = explain_match(tx, self._searching.search.known, request.left_id, request.right_id)
            return pb.ExplainMatchResponse(explanation=_account(found), never_compared=not found.shared_keys)

        return self._edge.read(context, run)

    def ExplainGroup(self, request: pb.ExplainGroupRequest, context: Any) -> pb.ExplainGroupResponse:  # noqa: N802
        """Explains a group."""
        questions.required(group_id=request.group_id)

        def run(tx: Transaction) -> pb.ExplainGroupResponse:
            found = explain_group(tx, self._searching.search.known, request.group_id)
            weakest = frozenset(found.group.weakest or ())
            pairs = [
                pb.GroupPair(
                    left_id=pair[0],
                    right_id=pair[1],
                    explanation=_account(explained),
                    is_weakest_link=frozenset(pair) == weakest,
                )
                for pair, explained in found.pairs
            ]
            group = scans.group_message(found.group, found.scan, found.policy)
            return pb.ExplainGroupResponse(group=group, pairs=pairs, pairs_left_out=found.left_out)

        return self._edge.read(context, run)

    def GetPolicy(self, request: policy_pb2.GetPolicyRequest, context: Any) -> policy_pb2.GetPolicyResponse:  # noqa: N802
        """Reads how customers are compared."""

        def run(tx: Transaction) -> policy_pb2.GetPolicyResponse:
            policy, current = get_policy(tx, request.version)
            return policy_pb2.GetPolicyResponse(
                policy=policies.policy_message(policy), etag=current, scan_due=scan_due(tx)
            )

        return self._edge.read(context, run)

    def SetPolicy(self, request: policy_pb2.SetPolicyRequest, context: Any) -> policy_pb2.SetPolicyResponse:  # noqa: N802
        """Makes a version of the policy."""
        wish = policies.policy_wish(request)

        def run(tx: Transaction) -> policy_pb2.SetPolicyResponse:
            made = set_policy(tx, wish, request.etag, remaining_s(context) - SPARE_S)
            return policy_pb2.SetPolicyResponse(
                policy=policies.policy_message(made), etag=made.version, scan_due=scan_due(tx)
            )

        return self._edge.write(context, request, run)

    def TrainPolicy(self, request: pb.TrainPolicyRequest, context: Any) -> pb.TrainPolicyResponse:  # noqa: N802
        """Starts a training, or answers with the one that runs."""
        self._searching.followed.wait(questions.training_asked(request), context)

        def run(tx: Transaction) -> pb.TrainPolicyResponse:
            tx.after_commit(self._scan_asked)
            return pb.TrainPolicyResponse(training=scans.scan_message(train_policy(tx, dry_run=request.dry_run)))

        return self._edge.write(context, request, run)

    def _asked(self, context: Any, least: int, limit: int, token: ChangeToken | None) -> Asked:
        self._searching.followed.wait(token, context)
        company_id = caller_of(context).scope().company_id
        return Asked(company_id, least, limit, self._searching.key_cap, self._searching.follower)


def _found(found: Found) -> dict[str, Any]:
    return {
        "candidates": [answers.candidate_message(candidate) for candidate in found.candidates],
        "compared": found.compared,
        "capped_keys": found.capped_keys,
        "freshness": answers.freshness_message(found.age_s),
        "model_version": found.model_version,
        "counted": _counted(found.counted),
    }


def _counted(scan: Scan | None) -> pb.Counted | None:
    return answers.counted_message(scan) if scan else None


def _account(found: Explained) -> pb.Explanation:
    return answers.explanation_message(found.explanation, found.comparisons, found.shared_keys)
