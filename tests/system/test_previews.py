"""A merge that is looked at first: what the preview says is what is done, or the merge is refused."""

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
from google.protobuf.json_format import MessageToDict
from google.rpc import error_details_pb2
from google.type import money_pb2
from grpc_status import rpc_status

from patronage.analytics.v1 import sales_service_pb2
from patronage.customers.v1 import customer_pb2, customer_service_pb2, note_service_pb2, preferences_pb2
from patronage.errors.v1 import error_reason_pb2
from patronage.matching.v1 import merge_service_pb2 as pb
from patronage.matching.v1 import policy_pb2
from services.local.suite import Suite
from tests.faults.company import Company, company_of, until

CHANGING = {"etag", "revision", "update_time"}


@pytest.fixture
def company(suite: Suite) -> Iterator[Company]:
    with company_of(suite, f"previews-{uuid.uuid4()}") as made:
        yield made


def create(company: Company, name: str, **fields: Any) -> str:
    customer = customer_pb2.Customer(name=name, **fields)
    request = customer_service_pb2.CreateCustomerRequest(customer=customer)
    return company.customers.CreateCustomer(request).customer.customer_id


def reason_of(error: grpc.RpcError) -> str:
    status = rpc_status.from_call(error)  # type: ignore[arg-type]
    assert status is not None
    info = error_details_pb2.ErrorInfo()
    assert status.details[0].Unpack(info)
    return info.reason


def refused(company: Company, **merge: Any) -> str:
    with pytest.raises(grpc.RpcError) as error:
        company.merges.MergeCustomers(pb.MergeCustomersRequest(**merge))
    return reason_of(error.value)


def test_a_merge_does_what_its_preview_showed(company: Company) -> None:
    ann, bo, cy = (create(company, name, tags=[name]) for name in ("Ann", "Bo", "Cy"))
    choices: Any = [{"field": "name", "customer_id": cy}]
    seen = company.merges.PreviewMerge(pb.PreviewMergeRequest(target_id=ann, source_ids=[bo, cy], choices=choices))
    assert seen.allowed
    merged = company.merges.MergeCustomers(
        pb.MergeCustomersRequest(
            target_id=ann,
            source_ids=[bo, cy],
            choices=choices,
            preview_token=seen.preview_token,
        )
    ).target
    shown = [MessageToDict(one, preserving_proto_field_name=True) for one in (seen.result, merged)]
    for one in shown:
        for name in CHANGING:
            one.pop(name, None)
    assert shown[0] == shown[1]
    assert merged.name == "Cy"


def test_a_preview_counts_notes_and_sales_of_both_sides(company: Company) -> None:
    ann, bo = create(company, "Ann"), create(company, "Bo")
    company.notes.CreateNote(
        note_service_pb2.CreateNoteRequest(customer_id=bo, note=note_service_pb2.Note(content="called"))
    )
    fresh = company.everything()
    for customer, units in ((ann, 5), (bo, 7)):
        total = money_pb2.Money(currency_code="KES", units=units)
        sale = sales_service_pb2.Sale(sale_id=str(uuid.uuid4()), total_amount=total)
        company.sales.RecordSale(
            sales_service_pb2.RecordSaleRequest(customer_id=customer, sale=sale, at_least_as_fresh=fresh)
        )
    seen = _with_sales(company, pb.PreviewMergeRequest(target_id=ann, source_ids=[bo]))
    assert {move.kind: move.count for move in seen.moves}["notes"] == 1
    assert [(one.customer_id, one.total_purchases) for one in seen.sales.sides] == [(ann, 1), (bo, 1)]
    assert [(one.currency_code, one.units) for one in seen.sales.total_spent] == [("KES", 12)]


def _with_sales(company: Company, request: pb.PreviewMergeRequest) -> pb.PreviewMergeResponse:
    """A preview to which analytics answered in time, which it need not on a busy machine."""

    def with_sales() -> pb.PreviewMergeResponse | None:
        seen = company.merges.PreviewMerge(request)
        return seen if seen.HasField("sales") else None

    seen = until(with_sales, "analytics answers in time")
    assert seen is not None
    return seen


def called_with(suite: Suite, company: Company, scopes: tuple[str, ...], name: str, request: Any, answer: Any) -> Any:
    """What a method of the merge service answers to a token of these scopes alone."""
    token = suite.token(company.id, scopes=scopes)
    with grpc.insecure_channel(suite.context()["matching"]) as channel:
        call = channel.unary_unary(
            f"/patronage.matching.v1.MergeService/{name}",
            request_serializer=type(request).SerializeToString,
            response_deserializer=answer.FromString,
        )
        return call(request, metadata=(("authorization", f"Bearer {token}"),), timeout=60)


def test_the_sales_are_unknown_to_whom_may_not_read_them(suite: Suite, company: Company) -> None:
    ann, bo = create(company, "Ann"), create(company, "Bo")
    request = pb.PreviewMergeRequest(target_id=ann, source_ids=[bo])
    seen = called_with(suite, company, ("merge:write",), "PreviewMerge", request, pb.PreviewMergeResponse)
    assert seen.allowed
    assert not seen.HasField("sales")


def test_the_most_restrictive_consent_survives_and_the_preview_says_so(company: Company) -> None:
    ann, bo = create(company, "Ann"), create(company, "Bo")
    for customer, value in ((ann, False), (bo, True)):
        asked = preferences_pb2.UpdatePreferencesRequest(customer_id=customer)
        asked.preferences.do_not_contact = value
        company.customers.UpdatePreferences(asked)
    seen = company.merges.PreviewMerge(pb.PreviewMergeRequest(target_id=ann, source_ids=[bo]))
    [consent] = [one for one in seen.fields if one.field == "do_not_contact"]
    assert (consent.outcome.bool_value, consent.origin_customer_id, consent.differs) == (True, bo, True)


def set_policy(company: Company, accept: int) -> None:
    etag = company.matching.GetPolicy(policy_pb2.GetPolicyRequest()).etag
    wish = policy_pb2.SetPolicyRequest(etag=etag, accept_confidence=accept, kind=policy_pb2.POLICY_KIND_FELLEGI_SUNTER)
    company.matching.SetPolicy(wish)


def test_a_preview_is_stale_after_an_edit_after_another_policy_and_for_another_merge(company: Company) -> None:
    ann, bo = create(company, "Ann"), create(company, "Bo")
    question = pb.PreviewMergeRequest(target_id=ann, source_ids=[bo])
    token = company.merges.PreviewMerge(question).preview_token
    assert refused(company, target_id=bo, source_ids=[ann], preview_token=token) == "PREVIEW_STALE"
    edit = customer_service_pb2.UpdateCustomerRequest(customer_id=bo, customer=customer_pb2.Customer(name="Bob"))
    company.customers.UpdateCustomer(edit)
    assert refused(company, target_id=ann, source_ids=[bo], preview_token=token) == "PREVIEW_STALE"
    token = company.merges.PreviewMerge(question).preview_token
    set_policy(company, 97)
    assert refused(company, target_id=ann, source_ids=[bo], preview_token=token) == "PREVIEW_STALE"
    token = company.merges.PreviewMerge(question).preview_token
    merge = pb.MergeCustomersRequest(target_id=ann, source_ids=[bo], preview_token=token, request_id=str(uuid.uuid4()))
    first = company.merges.MergeCustomers(merge).merge.merge_id
    set_policy(company, 96)
    assert company.merges.MergeCustomers(merge).merge.merge_id == first, "a retry answers with the first result"


def test_a_merge_without_a_preview_says_that_it_goes_without(company: Company) -> None:
    ann, bo = create(company, "Ann"), create(company, "Bo")
    assert refused(company, target_id=ann, source_ids=[bo]) == "PREVIEW_REQUIRED"
    assert refused(company, target_id=ann, source_ids=[bo], preview_token="x") == "FIELDS_INVALID"
    merged = company.merges.MergeCustomers(
        pb.MergeCustomersRequest(target_id=ann, source_ids=[bo], allow_unpreviewed=True)
    )
    assert merged.target.merged_customer_ids == [bo]


def test_what_stands_against_a_merge_is_named_in_its_preview(company: Company) -> None:
    ann, bo, cy = (create(company, name) for name in ("Ann", "Bo", "Cy"))
    company.merges.MergeCustomers(pb.MergeCustomersRequest(target_id=ann, source_ids=[bo], allow_unpreviewed=True))
    company.customers.DeleteCustomer(customer_service_pb2.DeleteCustomerRequest(customer_id=cy))
    seen = company.merges.PreviewMerge(pb.PreviewMergeRequest(target_id=ann, source_ids=[ann, bo, cy]))
    name = error_reason_pb2.ErrorReason.Name
    reasons = [(name(one.reason).removeprefix("ERROR_REASON_"), one.customer_id) for one in seen.blockers]
    assert reasons == [("SELF_MERGE", ann), ("ALREADY_MERGED", bo), ("CUSTOMER_DELETED", cy)]
    assert (seen.allowed, seen.preview_token, seen.HasField("result")) == (False, "", False)


def test_after_an_undo_the_sides_are_different_until_a_merge_overrides_it_by_name(company: Company) -> None:
    ann, bo = create(company, "Ann"), create(company, "Bo")
    merge = pb.MergeCustomersRequest(
        target_id=ann, source_ids=[bo], allow_unpreviewed=True, request_id=str(uuid.uuid4())
    )
    merged = company.merges.MergeCustomers(merge).merge
    company.merges.UndoMerge(pb.UndoMergeRequest(merge_id=merged.merge_id))
    assert company.merges.MergeCustomers(merge).merge.merge_id == merged.merge_id, "a retry has its first result"
    assert refused(company, target_id=ann, source_ids=[bo], allow_unpreviewed=True) == "JUDGED_DIFFERENT"
    seen = company.merges.PreviewMerge(pb.PreviewMergeRequest(target_id=ann, source_ids=[bo]))
    assert not seen.allowed
    [blocker] = seen.blockers
    assert blocker.reason == error_reason_pb2.ERROR_REASON_JUDGED_DIFFERENT
    asked: Any = {"target_id": ann, "source_ids": [bo], "preview_token": seen.preview_token}
    assert refused(company, **asked) == "JUDGED_DIFFERENT"
    named = [one.judgement_id for one in seen.different]
    company.merges.MergeCustomers(pb.MergeCustomersRequest(**asked, overridden_judgement_ids=named))


def test_the_merge_log_and_the_preview_of_an_undo_are_read_through_matching(company: Company) -> None:
    ann, bo = create(company, "Ann"), create(company, "Bo")
    merge = pb.MergeCustomersRequest(target_id=ann, source_ids=[bo], allow_unpreviewed=True, reason="one person")
    merged = company.merges.MergeCustomers(merge).merge
    assert company.merges.GetMerge(pb.GetMergeRequest(merge_id=merged.merge_id)).merge == merged
    assert list(company.merges.ListMerges(pb.ListMergesRequest(customer_id=bo)).merges) == [merged]
    seen = company.merges.PreviewUndoMerge(pb.PreviewUndoMergeRequest(merge_id=merged.merge_id))
    assert ([one.customer_id for one in seen.sources], seen.sources[0].name) == ([bo], "Bo")
    company.merges.UndoMerge(pb.UndoMergeRequest(merge_id=merged.merge_id, reason="two persons"))
    undone = company.merges.GetMerge(pb.GetMergeRequest(merge_id=merged.merge_id)).merge
    assert (undone.undo_reason, undone.undone_by.subject) == ("two persons", undone.merged_by.subject)
    assert not company.merges.ListMerges(pb.ListMergesRequest(only_standing=True)).merges


def test_an_undo_may_leave_it_undecided(company: Company) -> None:
    ann, bo = create(company, "Ann"), create(company, "Bo")
    for _ in range(2):
        merge = pb.MergeCustomersRequest(target_id=ann, source_ids=[bo], allow_unpreviewed=True)
        merge_id = company.merges.MergeCustomers(merge).merge.merge_id
        company.merges.UndoMerge(pb.UndoMergeRequest(merge_id=merge_id, leave_undecided=True))


def test_of_two_merges_of_one_preview_at_once_one_is_done(company: Company) -> None:
    ann, bo = create(company, "Ann"), create(company, "Bo")
    token = company.merges.PreviewMerge(pb.PreviewMergeRequest(target_id=ann, source_ids=[bo])).preview_token
    request = pb.MergeCustomersRequest(target_id=ann, source_ids=[bo], preview_token=token)

    def merge(_: int) -> str:
        try:
            company.merges.MergeCustomers(request)
        except grpc.RpcError as error:
            return reason_of(error)
        return "DONE"

    with ThreadPoolExecutor(4) as pool:
        told = sorted(pool.map(merge, range(4)))
    assert told.count("DONE") == 1
    assert set(told) <= {"DONE", "ALREADY_MERGED", "CONFLICT_RETRY"}


def test_deleted_customers_are_shown_to_whom_may_see_them_and_else_named_only(suite: Suite, company: Company) -> None:
    ann, bo = create(company, "Ann"), create(company, "Bo")
    merge = pb.MergeCustomersRequest(target_id=ann, source_ids=[bo], allow_unpreviewed=True)
    merge_id = company.merges.MergeCustomers(merge).merge.merge_id
    company.customers.DeleteCustomer(customer_service_pb2.DeleteCustomerRequest(customer_id=ann))
    named = customer_pb2.Customer(
        customer_id=ann, company_id=company.id, state=customer_pb2.CUSTOMER_STATE_DELETED
    )  # and no more
    shown = ("merge:write", "customers:read:deleted")
    asked = pb.PreviewMergeRequest(target_id=ann, source_ids=[create(company, "Cy")])
    for scopes, name in ((("merge:write",), ""), (shown, "Ann")):
        seen = called_with(suite, company, scopes, "PreviewMerge", asked, pb.PreviewMergeResponse)
        assert (seen.target.name, seen.sources[0].name) == (name, "Cy")
        if not name:
            assert seen.target == named
            assert "Ann" not in str(seen)
        undo = pb.PreviewUndoMergeRequest(merge_id=merge_id)
        before = called_with(suite, company, scopes, "PreviewUndoMerge", undo, pb.PreviewUndoMergeResponse)
        assert (before.target.name, before.sources[0].name) == (name, "Bo")
    done = called_with(
        suite, company, ("merge:write",), "UndoMerge", pb.UndoMergeRequest(merge_id=merge_id), pb.UndoMergeResponse
    )
    assert (done.target, done.sources[0].name) == (named, "Bo")
