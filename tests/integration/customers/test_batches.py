"""Many customers at once: an outcome for each, in parts, once for one request id, and nothing where it is a dry run."""

import uuid
from functools import partial
from typing import Any

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from patronage.customers.v1 import bulk_pb2 as pb
from patronage.customers.v1 import customer_pb2 as model
from patronage.customers.v1 import listing_pb2
from patronage.errors.v1 import error_reason_pb2 as errors
from services.customers.operations import batch
from services.customers.operations.batch import Task, change_part
from services.customers.operations.batch_tasks import add_tags, update
from services.runtime.failures import ConflictRetry
from tests.integration.customers.company import Company, at_once, failures
from tests.integration.customers.refolding import assert_views_are_folded
from tests.integration.customers.served import Client, Served, refusal

COUNTS = ("total", "done", "changed", "unchanged", "failed")
FED = "SELECT kind, count(*)::int AS n FROM feed WHERE company_id = 'acme' GROUP BY 1"
SMALL = 3


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of a few customers, so that a batch has several."""
    monkeypatch.setattr(batch, "MOST_A_PART", SMALL)
    monkeypatch.setattr("services.customers.servicer.bulk.MOST_A_PART", SMALL)


def people(company: Company, number: int, **draft: Any) -> list[str]:
    return [company.create(f"Person {place}", **draft) for place in range(number)]


def run(client: Client, method: str, request: Any) -> list[Any]:
    return list(getattr(client, method)(request))


def run_in_the_end(client: Client, method: str, request: Any) -> list[Any]:
    """As a caller repeats it whose first call may still be at work."""
    while True:
        try:
            return run(client, method, request)
        except grpc.RpcError as error:
            if refusal(error).reason != "REQUEST_IN_PROGRESS":
                raise


def tags(ids: list[str], *words: str, **more: Any) -> pb.BatchAddTagsRequest:
    return pb.BatchAddTagsRequest(customer_ids=ids, tags=words, **more)


def outcomes(responses: list[Any]) -> dict[str, str]:
    return {
        outcome.customer_id: pb.BatchResult.Name(outcome.result).removeprefix("BATCH_RESULT_")
        for response in responses
        for outcome in response.outcomes
    }


def counts(response: Any) -> list[int]:
    return [getattr(response.counts, name) for name in COUNTS]


def shown_tags(company: Company, ids: list[str]) -> list[list[str]]:
    return [company.shown(one).get("tags", []) for one in ids]


def fed(company: Company) -> dict[str, int]:
    with company.admin() as connection:
        return dict(connection.execute(FED).fetchall())


def test_each_customer_has_an_outcome_and_the_counts_add_up(acme: Company, served: Served) -> None:
    ids = people(acme, 3)
    acme.update(ids[1], tags=["vip"])
    acme.delete(ids[2])
    unknown = str(uuid.uuid4())
    [response] = run(served.client(), "BatchAddTags", tags([*ids, unknown, "no id", ids[0].upper()], "vip"))
    assert [(outcome.customer_id, outcome.result, outcome.reason) for outcome in response.outcomes] == [
        (ids[0], pb.BATCH_RESULT_CHANGED, 0),
        (ids[1], pb.BATCH_RESULT_UNCHANGED, 0),
        (ids[2], pb.BATCH_RESULT_FAILED, errors.ERROR_REASON_CUSTOMER_DELETED),
        (unknown, pb.BATCH_RESULT_FAILED, errors.ERROR_REASON_CUSTOMER_NOT_FOUND),
        ("no id", pb.BATCH_RESULT_FAILED, errors.ERROR_REASON_CUSTOMER_NOT_FOUND),
    ]
    assert counts(response) == [5, 5, 1, 1, 3]
    assert response.change_token
    assert shown_tags(acme, ids[:2]) == [["vip"], ["vip"]]


def test_a_batch_does_to_each_what_the_method_for_one_does(acme: Company, served: Served) -> None:
    one, many = acme.create("Ann"), acme.create("Ann")
    client = served.client()
    acme.update(one, lifecycle_stage="LEAD", tags=["a"], customer_type="VIP")
    for method, request in (
        ("BatchChangeLifecycleStage", pb.BatchChangeLifecycleStageRequest(stage=model.LIFECYCLE_STAGE_LEAD)),
        ("BatchAddTags", pb.BatchAddTagsRequest(tags=["a", "b"])),
        ("BatchRemoveTags", pb.BatchRemoveTagsRequest(tags=["b"])),
        (
            "BatchUpdateCustomers",
            pb.BatchUpdateCustomersRequest(customer=model.Customer(customer_type=model.CUSTOMER_TYPE_VIP)),
        ),
    ):
        request.customer_ids.append(many)
        assert outcomes(run(client, method, request)) == {many: "CHANGED"}
    same = ("lifecycle_stage", "tags", "customer_type")
    assert [acme.shown(many)[name] for name in same] == [acme.shown(one)[name] for name in same]
    assert_views_are_folded(acme)


def test_states_are_moved_in_bulk_and_back(acme: Company, served: Served) -> None:
    ids, client = people(acme, 3), served.client()
    for method, request, state in (
        ("BatchDeactivateCustomers", pb.BatchDeactivateCustomersRequest(), "INACTIVE"),
        ("BatchReactivateCustomers", pb.BatchReactivateCustomersRequest(), "ACTIVE"),
        ("BatchDeleteCustomers", pb.BatchDeleteCustomersRequest(reason="test data"), "DELETED"),
        ("BatchUndeleteCustomers", pb.BatchUndeleteCustomersRequest(), "ACTIVE"),
    ):
        request.customer_ids.extend(ids)
        assert outcomes(run(client, method, request)) == dict.fromkeys(ids, "CHANGED")
        assert {row["state"] for row in acme.rows("SELECT state FROM customers")} == {state}
    assert fed(acme) == {"CREATED": 3, "UPDATED": 6, "DELETED": 3, "UNDELETED": 3}
    assert_views_are_folded(acme)


def test_two_that_come_back_with_one_key_meet(acme: Company, served: Served) -> None:
    ids = people(acme, 2, email="same@x.io")
    for one in ids:
        acme.delete(one)
    request = pb.BatchUndeleteCustomersRequest(customer_ids=ids)
    [response] = run(served.client(), "BatchUndeleteCustomers", request)
    assert [outcome.reason for outcome in response.outcomes] == [0, errors.ERROR_REASON_DUPLICATE_CUSTOMER]
    request.allow_duplicates = True
    assert outcomes(run(served.client(), "BatchUndeleteCustomers", request)) == {ids[0]: "UNCHANGED", ids[1]: "CHANGED"}
    assert_views_are_folded(acme)


@pytest.mark.usefixtures("small_parts")
def test_progress_comes_in_parts(acme: Company, served: Served) -> None:
    ids = people(acme, 8)
    responses = run(served.client(), "BatchAddTags", tags(ids, "vip"))
    assert [counts(response) for response in responses] == [[8, 3, 3, 0, 0], [8, 6, 6, 0, 0], [8, 8, 8, 0, 0]]
    assert list(outcomes(responses)) == ids


@pytest.mark.usefixtures("small_parts")
def test_a_part_is_over_before_the_next_begins(acme: Company, served: Served) -> None:
    ids = people(acme, 2 * SMALL)
    answers = iter(served.client().BatchAddTags(tags(ids, "vip")))
    next(answers)
    assert shown_tags(acme, ids[:SMALL]) == [["vip"]] * SMALL
    list(answers)


def test_a_dry_run_says_what_would_be_and_writes_nothing(acme: Company, served: Served) -> None:
    ids = people(acme, 2)
    before = [acme.shown(one) for one in ids]
    request = pb.BatchDeleteCustomersRequest(customer_ids=[*ids, str(uuid.uuid4())], dry_run=True)
    [response] = run(served.client(), "BatchDeleteCustomers", request)
    assert counts(response) == [3, 3, 2, 0, 1]
    assert [acme.shown(one) for one in ids] == before
    request.dry_run, request.request_id = False, str(uuid.uuid4())
    assert counts(run(served.client(), "BatchDeleteCustomers", request)[-1]) == [3, 3, 2, 0, 1]


def test_a_filter_chooses_as_a_list_does(acme: Company, served: Served, other: Company) -> None:
    vips = people(acme, 2, tags=["vip"])
    rest = people(acme, 1)
    other.create("Theirs", tags=["vip"])
    request = pb.BatchChangeLifecycleStageRequest(
        filter=listing_pb2.CustomerFilter(tags_any=["VIP"]), stage=model.LIFECYCLE_STAGE_CUSTOMER
    )
    assert outcomes(run(served.client(), "BatchChangeLifecycleStage", request)) == dict.fromkeys(vips, "CHANGED")
    assert [acme.shown(one)["lifecycle_stage"] for one in [*vips, *rest]] == ["CUSTOMER", "CUSTOMER", "PROSPECT"]


def test_a_filter_that_holds_for_nobody_answers_once(served: Served) -> None:
    request = pb.BatchAddTagsRequest(filter=listing_pb2.CustomerFilter(tags_any=["none"]), tags=["a"])
    [response] = run(served.client(), "BatchAddTags", request)
    assert (counts(response), bool(response.change_token)) == ([0] * 5, True)


def test_deleted_customers_are_chosen_only_with_the_scope_for_it(served: Served) -> None:
    hidden = listing_pb2.CustomerFilter(states=[model.CUSTOMER_STATE_DELETED])
    request = pb.BatchUndeleteCustomersRequest(filter=hidden)
    found = served.client(scopes=["customers:delete"]).refused("BatchUndeleteCustomers", request)
    assert (found.reason, found.metadata["scope"]) == ("SCOPE_MISSING", "customers:read:deleted")


@pytest.mark.usefixtures("small_parts")
def test_a_repeated_batch_of_a_filter_is_about_the_same_customers(acme: Company, served: Served) -> None:
    ids, client = people(acme, 4, tags=["new"]), served.client()
    request = pb.BatchRemoveTagsRequest(
        filter=listing_pb2.CustomerFilter(tags_any=["new"]), tags=["new"], request_id=str(uuid.uuid4())
    )
    first = run(client, "BatchRemoveTags", request)
    assert outcomes(first) == dict.fromkeys(sorted(ids), "CHANGED")
    people(acme, 1, tags=["new"])
    assert run(client, "BatchRemoveTags", request) == first


@pytest.mark.usefixtures("small_parts")
def test_a_batch_that_broke_off_goes_on_where_it_was(acme: Company, served: Served) -> None:
    ids, client = people(acme, 3 * SMALL), served.client()
    request = tags(ids, "vip", request_id=str(uuid.uuid4()))
    answers = client.BatchAddTags(request)
    first = next(answers)
    answers.cancel()
    for one in ids[:SMALL]:
        acme.update(one, paths=["tags"])
    again = run_in_the_end(client, "BatchAddTags", request)
    assert again[0] == first
    assert outcomes(again) == dict.fromkeys(ids, "CHANGED")
    assert shown_tags(acme, ids) == [[]] * SMALL + [["vip"]] * (2 * SMALL), "what was done is not done twice"


@pytest.mark.usefixtures("small_parts")
def test_the_same_request_by_two_callers_at_once_is_done_once(acme: Company, served: Served) -> None:
    ids, client = people(acme, 4 * SMALL), served.client()
    request = tags(ids, "vip", request_id=str(uuid.uuid4()))
    found = at_once(*[lambda: run(client, "BatchAddTags", request)] * 3)
    refusals = {refusal(one).reason for one in found if isinstance(one, Exception)}
    assert refusals <= {"REQUEST_IN_PROGRESS"}
    assert counts(run(client, "BatchAddTags", request)[-1]) == [4 * SMALL, 4 * SMALL, 4 * SMALL, 0, 0]
    assert acme.value("SELECT count(*) FROM events WHERE type = 'tags_added'") == 4 * SMALL


def test_a_request_id_stands_for_one_content(acme: Company, served: Served) -> None:
    ids, client, request_id = people(acme, 1), served.client(), str(uuid.uuid4())
    run(client, "BatchAddTags", tags(ids, "a", request_id=request_id))
    assert client.refused("BatchAddTags", tags(ids, "b", request_id=request_id)).reason == "REQUEST_ID_REUSED"


def test_two_batches_over_the_same_customers_at_once_both_take_place(acme: Company, served: Served) -> None:
    ids = people(acme, 30)
    found = at_once(
        *[
            lambda word=word, order=order: run(served.client(), "BatchAddTags", tags(order, word))
            for word, order in (("a", ids), ("b", ids[::-1]))
        ]
    )
    assert failures(found) == []
    assert shown_tags(acme, ids) == [["a", "b"]] * len(ids)


def test_members_of_one_tree_are_one_customer(acme: Company, served: Served) -> None:
    ann, bo, cy = people(acme, 3)
    acme.merge(ann, bo, cy)
    responses = run(served.client(), "BatchAddTags", tags([bo, ann, cy], "vip"))
    assert outcomes(responses) == {bo: "CHANGED", ann: "UNCHANGED", cy: "UNCHANGED"}
    assert shown_tags(acme, [ann]) == [["vip"]]
    assert_views_are_folded(acme)


def test_large_trees_make_small_parts(acme: Company, served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "MOST_MEMBERS", 5)
    ids = people(acme, 9)
    for root in (0, 3, 6):
        acme.merge(ids[root], ids[root + 1], ids[root + 2])
    responses = run(served.client(), "BatchAddTags", tags(ids[::3], "vip"))
    assert [response.counts.done for response in responses] == [1, 2, 3]


def test_a_batch_of_a_stranger_finds_nobody(acme: Company, served: Served) -> None:
    ids = people(acme, 2)
    [response] = run(served.client("other"), "BatchAddTags", tags(ids, "vip"))
    assert {outcome.reason for outcome in response.outcomes} == {errors.ERROR_REASON_CUSTOMER_NOT_FOUND}


@pytest.mark.parametrize(
    ("method", "request_", "fields"),
    [
        ("BatchAddTags", pb.BatchAddTagsRequest(tags=["a"]), ["customer_ids"]),
        ("BatchAddTags", tags(["x"], "a", filter=listing_pb2.CustomerFilter()), ["customer_ids"]),
        ("BatchAddTags", tags(["x"]), ["tags"]),
        (
            "BatchAddTags",
            tags([], "a", filter=listing_pb2.CustomerFilter(text="\0", tags_any=["x" * 65])),
            ["filter.text", "filter.tags_any[0]"],
        ),
        ("BatchAddTags", tags(["x"], "", "y" * 65), ["tags[0]", "tags[1]"]),
        ("BatchAddTags", tags(["x"], "a", request_id="7"), ["request_id"]),
        ("BatchChangeLifecycleStage", pb.BatchChangeLifecycleStageRequest(customer_ids=["x"]), ["stage"]),
        ("BatchDeleteCustomers", pb.BatchDeleteCustomersRequest(customer_ids=["x"], reason="\0"), ["reason"]),
        ("BatchUpdateCustomers", pb.BatchUpdateCustomersRequest(customer_ids=["x"]), ["update_mask"]),
        (
            "BatchUpdateCustomers",
            pb.BatchUpdateCustomersRequest(
                customer_ids=["x"], update_mask=FieldMask(paths=["email", "phone", "external_ids", "contact_points"])
            ),
            [f"customer.{name}" for name in ("email", "phone", "external_ids", "contact_points")],
        ),
        (
            "BatchUpdateCustomers",
            pb.BatchUpdateCustomersRequest(customer_ids=["x"], customer=model.Customer(organization="x" * 300)),
            ["customer.organization"],
        ),
    ],
)
def test_a_request_that_is_wrong_names_its_fields(
    served: Served, method: str, request_: Any, fields: list[str]
) -> None:
    found = served.client().refused(method, request_)
    assert (found.code, found.fields) == (grpc.StatusCode.INVALID_ARGUMENT, fields)


def test_more_ids_than_a_batch_takes_are_refused(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "MOST_CUSTOMERS", 2)
    found = served.client().refused("BatchAddTags", tags([str(uuid.uuid4()) for _ in range(3)], "a"))
    assert found.fields == ["customer_ids"]


def test_more_customers_than_a_batch_takes_are_refused(
    acme: Company, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "MOST_CUSTOMERS", 2)
    people(acme, 3)
    found = served.client().refused(
        "BatchAddTags", pb.BatchAddTagsRequest(filter=listing_pb2.CustomerFilter(), tags=["a"])
    )
    assert found.fields == ["filter"]


def test_a_customer_that_has_all_tags_that_it_takes_is_named(acme: Company, served: Served) -> None:
    full, empty = acme.create("Full", tags=[f"t{place}" for place in range(100)]), acme.create("Empty")
    [response] = run(served.client(), "BatchAddTags", tags([full, empty], "one more"))
    assert [outcome.result for outcome in response.outcomes] == [pb.BATCH_RESULT_FAILED, pb.BATCH_RESULT_CHANGED]
    assert response.outcomes[0].reason == errors.ERROR_REASON_FIELDS_INVALID


def tagged(company: Company, *ids: str) -> object:
    return company.write(lambda tx: change_part(tx, list(ids), add_tags(["vip"])))


def test_a_part_meets_a_merge_at_once_and_both_take_place(acme: Company) -> None:
    for _ in range(5):
        ann, bo = people(acme, 2)
        at_once(partial(tagged, acme, ann, bo), partial(acme.merge, ann, bo))
        assert acme.shown(ann)["tags"] == ["vip"]
    assert_views_are_folded(acme)


def test_a_conflict_is_no_outcome(acme: Company) -> None:
    [ann] = people(acme, 1)

    def planner(*_: Any) -> Any:
        def plan(_: Any) -> Any:
            raise ConflictRetry("again")

        return plan

    with pytest.raises(ConflictRetry), acme.transaction() as tx:
        change_part(tx, [ann], Task(planner))


def test_an_update_of_many_reads_its_fields_as_the_company_does(acme: Company) -> None:
    ids = people(acme, 2)
    outcomes_, _ = acme.write(lambda tx: change_part(tx, ids, update({"address": "1 Main St"}, ["address"])))
    assert [one.result for one in outcomes_] == ["CHANGED", "CHANGED"]
    assert acme.shown(ids[0])["contact_points"][0]["value"] == "1 Main St"
