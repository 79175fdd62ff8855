"""Merges owns how a merge that people ask for becomes one that customers applies, and the answers in return."""

import uuid

from patronage.customers.v1 import merge_storage_service_pb2 as storage
from patronage.matching.v1 import merge_service_pb2 as pb
from services.matching.domain.failures import preview_required
from services.matching.domain.judgement import Author
from services.matching.domain.preview_token import PreviewToken, decoded
from services.runtime.failures import FieldCheck
from services.runtime.ids import is_id, new_id

MOST_SOURCES = 50
LONGEST_REASON = 500
LONGEST_NAME = 255
MOST_OVERRIDDEN = 100
MergeQuestion = pb.MergeCustomersRequest | pb.PreviewMergeRequest
_MERGES = uuid.UUID("5f0c3a52-6c1e-5a53-9d5c-2f6a1f7f6b1e")


def merge_id_of(company_id: str, request_id: str) -> str:
    """Return the id of a merge: the same one for the same request, so that a retry meets its first result."""
    return str(uuid.uuid5(_MERGES, f"{company_id}\n{request_id.lower()}")) if request_id else new_id()


def preview_of(request: pb.MergeCustomersRequest) -> PreviewToken | None:
    """Return the preview that a merge is bound to; PreviewRequired where it must have one and has none."""
    if request.preview_token:
        return decoded(request.preview_token)
    if not request.allow_unpreviewed:
        raise preview_required()
    return None


def apply_request(request: pb.MergeCustomersRequest, company_id: str, by: Author) -> storage.ApplyMergeRequest:
    """Return what customers is asked to apply; FieldsInvalid names every bad field."""
    check = FieldCheck()
    checked_merge(check, request)
    _check_wording(check, request.reason, request.request_id)
    overridden = len(request.overridden_judgement_ids)
    check.require(overridden <= MOST_OVERRIDDEN, "overridden_judgement_ids", f"takes up to {MOST_OVERRIDDEN} ids")
    check.raise_if_any()
    return storage.ApplyMergeRequest(
        merge_id=merge_id_of(company_id, request.request_id),
        target_id=request.target_id,
        source_ids=request.source_ids,
        rules=request.rules,
        choices=request.choices,
        expected_etags=request.expected_etags,
        reason=request.reason,
        on_behalf_of=by.subject,
        on_behalf_of_name=by.name[:LONGEST_NAME],
    )


def checked_merge(check: FieldCheck, request: MergeQuestion) -> None:
    """Note what is wrong with the customers, rules and choices of a merge."""
    check.require(request.target_id, "target_id", "is required")
    _check_sources(check, request)
    for number, choice in enumerate(request.choices):
        check.require(choice.field, f"choices[{number}].field", "is required")
        check.require(choice.customer_id, f"choices[{number}].customer_id", "is required")
    for number, rule in enumerate(request.rules):
        check.require(rule.field, f"rules[{number}].field", "is required")


def merged_response(applied: storage.ApplyMergeResponse) -> pb.MergeCustomersResponse:
    """Return the answer to the one who asked for the merge."""
    return pb.MergeCustomersResponse(merge=applied.merge, target=applied.target, change_token=applied.change_token)


def revert_request(request: pb.UndoMergeRequest, by: Author) -> storage.RevertMergeRequest:
    """Return what customers is asked to take back; FieldsInvalid names every bad field."""
    check = FieldCheck()
    check.require(request.merge_id, "merge_id", "is required")
    _check_wording(check, request.reason, request.request_id)
    check.raise_if_any()
    return storage.RevertMergeRequest(
        merge_id=request.merge_id,
        request_id=request.request_id,
        reason=request.reason,
        on_behalf_of=by.subject,
        on_behalf_of_name=by.name[:LONGEST_NAME],
        leave_undecided=request.leave_undecided,
    )


def undone_response(reverted: storage.RevertMergeResponse) -> pb.UndoMergeResponse:
    """Return the answer to the one who asked for the undo."""
    return pb.UndoMergeResponse(
        merge=reverted.merge,
        target=reverted.target,
        sources=reverted.sources,
        later_edits=reverted.later_edits,
        digests=reverted.digests,
        change_token=reverted.change_token,
    )


def _check_sources(check: FieldCheck, request: MergeQuestion) -> None:
    sources = list(request.source_ids)
    check.require(1 <= len(sources) <= MOST_SOURCES, "source_ids", f"must be 1 to {MOST_SOURCES} ids")
    check.require(len({source.lower() for source in sources}) == len(sources), "source_ids", "must not repeat an id")
    for number, source in enumerate(sources):
        check.require(source, f"source_ids[{number}]", "must not be empty")


def _check_wording(check: FieldCheck, reason: str, request_id: str) -> None:
    check.require(len(reason) <= LONGEST_REASON, "reason", f"must have at most {LONGEST_REASON} characters")
    check.require(not request_id or is_id(request_id), "request_id", "is no UUID")
