"""MatchingService."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from patronage.matching.v1 import matching_service_pb2 as pb
from patronage.matching.v1 import matching_service_pb2_grpc as grpc_pb
from services.matching.convert import answers, questions, scans
from services.matching.convert.change import raw_identity
from services.matching.operations.cancel_scan import cancel_scan
from services.matching.operations.company_regions import CompanyRegions
from services.matching.operations.explain_match import explain_match
from services.matching.operations.find_duplicates import find_duplicates
from services.matching.operations.get_scan import get_scan
from services.matching.operations.judging import Asked, Found
from services.matching.operations.list_duplicate_groups import list_duplicate_groups
from services.matching.operations.match_record import match_record
from services.matching.operations.scan_duplicates import DEFAULT_LINK_CONFIDENCE, scan_duplicates
from services.runtime.caller import caller_of
from services.runtime.database import Database, Transaction
from services.runtime.edge import Edge
from services.runtime.paging import page_size
from services.runtime.waiting import FollowedChanges


@dataclass(frozen=True, slots=True)
class Searching:
    """What the online calls need: the database, how wide a key may be, and what has been followed."""

    database: Database
    regions: CompanyRegions
    followed: FollowedChanges
    follower: str
    key_cap: int


class MatchingServicer(grpc_pb.MatchingServiceServicer):
    """Finds the customers that are the same person or business, and says why."""

    def __init__(self, edge: Edge, searching: Searching, scan_asked: Callable[[], None]) -> None:
        self._edge = edge
        self._searching = searching
        self._scan_asked = scan_asked

    def MatchRecord(self, request: pb.MatchRecordRequest, context: Any) -> pb.MatchRecordResponse:  # noqa: N802
        """Finds who a record from outside may be."""
        asked = self._asked(request, context)
        searching, fresh = self._searching, bool(request.at_least_as_fresh)
        region = searching.regions.region_of(asked.company_id, fresh=fresh)
        found = match_record(searching.database, asked, raw_identity(request.record), region)
        return pb.MatchRecordResponse(**_found(found))

    def FindDuplicates(  # noqa: N802
        self, request: pb.FindDuplicatesRequest, context: Any
    ) -> pb.FindDuplicatesResponse:
        """Finds who else a customer may be."""
        asked = self._asked(request, context)
        return pb.FindDuplicatesResponse(
            **_found(find_duplicates(self._searching.database, asked, request.customer_id))
        )

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
        """Reads how a scan goes."""
        questions.required(scan_id=request.scan_id)

        def run(tx: Transaction) -> pb.GetScanResponse:
            return pb.GetScanResponse(scan=scans.scan_message(get_scan(tx, request.scan_id)))

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
        """Lists what the last finished scan found."""
        least, size = questions.groups_asked(request), page_size(request.page_size)

        def run(tx: Transaction) -> pb.ListDuplicateGroupsResponse:
            page = list_duplicate_groups(tx, least, size, request.page_token)
            return pb.ListDuplicateGroupsResponse(
                groups=[scans.group_message(group) for group in page.groups],
                next_page_token=page.next_page_token,
                total_size=page.total,
                scan=scans.scan_message(page.scan) if page.scan else None,
            )

        return self._edge.read(context, run)

    def ExplainMatch(self, request: pb.ExplainMatchRequest, context: Any) -> pb.ExplainMatchResponse:  # noqa: N802
        """Explains one pair."""
        self._searching.followed.wait(questions.pair_asked(request), context)

        def run(tx: Transaction) -> pb.ExplainMatchResponse:
            found = explain_match(tx, request.left_id, request.right_id)
            account = answers.explanation_message(found.explanation, found.comparisons, found.shared_keys)
            return pb.ExplainMatchResponse(explanation=account)

        return self._edge.read(context, run)

    def _asked(self, request: pb.MatchRecordRequest | pb.FindDuplicatesRequest, context: Any) -> Asked:
        least, limit, token = questions.candidates_asked(request)
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
    }
