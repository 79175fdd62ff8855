"""Stages: moved with a reason, recorded by the database with their time, and shown as periods that add up."""

import itertools
import uuid
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest

from patronage.customers.v1 import customer_pb2 as model
from patronage.customers.v1 import customer_service_pb2 as pb
from patronage.customers.v1 import lifecycle_pb2
from services.customers.domain.failures import CustomerDeleted, CustomerNotFound
from services.customers.domain.lifecycle import STAGES, Period
from services.customers.operations.change_lifecycle_stage import change_lifecycle_stage
from services.customers.operations.changing import Changed
from services.customers.operations.list_lifecycle_history import HistoryPage, list_lifecycle_history
from services.runtime.failures import EtagMismatch, FieldsInvalid, PageTokenMismatch
from tests.integration.customers.company import Company, at_once, failures
from tests.integration.customers.served import Served

EVENTS = "SELECT type, data FROM events WHERE origin_customer_id = %s::uuid ORDER BY created_at, event_id"
FED = "SELECT kind, previous_stage FROM feed ORDER BY xid, seq"


def move(company: Company, customer_id: str, stage: str, reason: str = "", etag: str = "") -> Changed:
    found: Changed = company.write(lambda tx: change_lifecycle_stage(tx, customer_id, stage, reason, etag))
    return found


def history(company: Company, customer_id: str, size: int = 0, token: str = "") -> HistoryPage:
    with company.transaction() as tx:
        return list_lifecycle_history(tx, customer_id, page_size=size, page_token=token)


def told(periods: Any) -> list[tuple[str, str, str]]:
    return [(period.stage, period.cause, period.reason) for period in periods]


def test_a_move_is_told_by_event_feed_and_history_with_its_reason(acme: Company) -> None:
    ann = acme.create("Ann")
    changed = move(acme, ann, "LEAD", "asked for an offer")
    assert (changed.before.view["lifecycle_stage"], changed.after.view["lifecycle_stage"]) == ("PROSPECT", "LEAD")
    assert acme.rows(EVENTS, ann)[1:] == [
        {"type": "stage_changed", "data": {"from": "PROSPECT", "to": "LEAD", "reason": "asked for an offer"}}
    ]
    with acme.admin() as connection:
        assert connection.execute(FED).fetchall() == [("CREATED", ""), ("STAGE_CHANGED", "PROSPECT")]
    assert told(history(acme, ann).periods) == [("LEAD", "CHANGED", "asked for an offer"), ("PROSPECT", "CREATED", "")]


@pytest.mark.parametrize("first", STAGES)
@pytest.mark.parametrize("then", STAGES)
def test_any_stage_may_follow_any_and_its_own_changes_nothing(acme: Company, first: str, then: str) -> None:
    ann = acme.create("Ann", lifecycle_stage=first)
    before = acme.shown(ann)
    after = move(acme, ann, then).after
    assert after.view["lifecycle_stage"] == then
    assert (acme.shown(ann) == before) == (first == then)
    assert history(acme, ann).total_size == (1 if first == then else 2)


def test_the_time_of_the_stage_is_that_of_the_move(acme: Company) -> None:
    ann = acme.create("Ann")
    since = move(acme, ann, "LEAD").after.view["lifecycle_stage_at"]
    acme.update(ann, name="Anne")
    assert acme.shown(ann)["lifecycle_stage_at"] == since
    assert history(acme, ann).periods[0].entered_at == datetime.fromisoformat(since)


def test_periods_add_up_without_gaps(acme: Company) -> None:
    ann = acme.create("Ann")
    for stage in ("LEAD", "CUSTOMER", "CHURNED", "CUSTOMER"):
        move(acme, ann, stage)
    periods = list(reversed(history(acme, ann).periods))
    assert [period.stage for period in periods] == ["PROSPECT", "LEAD", "CUSTOMER", "CHURNED", "CUSTOMER"]
    for one, following in itertools.pairwise(periods):
        assert (one.left_at, one.stage) == (following.entered_at, following.previous_stage)
        assert one.dwell == following.entered_at - one.entered_at
    assert (periods[-1].left_at, periods[-1].dwell > timedelta()) == (None, True)
    created = datetime.fromisoformat(acme.shown(ann)["created_at"])
    assert periods[0].entered_at == created


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_pages_of_a_history_are_the_whole_of_it(acme: Company, size: int) -> None:
    ann = acme.create("Ann")
    for stage in ("LEAD", "CUSTOMER", "CHURNED"):
        move(acme, ann, stage)
    whole, found, token = history(acme, ann).periods, list[Period](), ""
    while True:
        page = history(acme, ann, size, token)
        assert page.total_size == 4
        found += page.periods
        token = page.next_page_token
        if not token:
            break
    assert [(period.stage, period.entered_at, period.left_at) for period in found] == [
        (period.stage, period.entered_at, period.left_at) for period in whole
    ]
    assert [period.dwell for period in found[1:]] == [period.dwell for period in whole[1:]]


def test_a_token_of_another_customer_is_refused(acme: Company) -> None:
    ann, bo = acme.create("Ann"), acme.create("Bo")
    move(acme, ann, "LEAD")
    token = history(acme, ann, 1).next_page_token
    with pytest.raises(PageTokenMismatch):
        history(acme, bo, 1, token)


def test_an_update_of_the_stage_is_the_same_move(acme: Company) -> None:
    ann, bo = acme.create("Ann"), acme.create("Bo")
    acme.update(ann, lifecycle_stage="LEAD")
    move(acme, bo, "LEAD")
    assert acme.rows(EVENTS, ann) == acme.rows(EVENTS, bo)
    assert told(history(acme, ann).periods) == told(history(acme, bo).periods)
    with acme.admin() as connection:
        assert connection.execute(FED).fetchall()[2:] == [("STAGE_CHANGED", "PROSPECT")] * 2


def test_an_update_of_the_stage_and_more_is_two_events(acme: Company) -> None:
    ann = acme.create("Ann")
    acme.update(ann, lifecycle_stage="LEAD", organization="Acme", tags=["a"])
    events = acme.rows(EVENTS, ann)[1:]
    assert {event["type"] for event in events} == {"updated", "tags_added", "stage_changed"}
    assert {"type": "updated", "data": {"fields": ["organization"]}} in events


def test_an_import_that_moves_a_stage_leaves_a_move(acme: Company) -> None:
    acme.import_rows({"id": "1", "name": "Ann"})
    acme.import_rows({"id": "1", "name": "Ann", "lifecycle_stage": "CUSTOMER"})
    [ann] = [row["customer_id"] for row in acme.rows("SELECT customer_id::text FROM customers")]
    assert told(history(acme, ann).periods) == [("CUSTOMER", "CHANGED", ""), ("PROSPECT", "CREATED", "")]


def test_a_merge_and_its_undo_that_show_another_stage_leave_moves_and_no_event(acme: Company) -> None:
    ann, bo = acme.create("Ann"), acme.create("Bo", lifecycle_stage="CUSTOMER")
    merge = acme.merge(ann, bo, rules=[("lifecycle_stage", "SOURCE_WINS")]).merge
    assert told(history(acme, bo).periods) == [("CUSTOMER", "MERGE", ""), ("PROSPECT", "CREATED", "")]
    acme.undo(merge.merge_id)
    assert [period.stage for period in history(acme, ann).periods] == ["PROSPECT", "CUSTOMER", "PROSPECT"]
    assert [period.stage for period in history(acme, bo).periods] == ["CUSTOMER"]
    assert "stage_changed" not in {event["type"] for one in (ann, bo) for event in acme.rows(EVENTS, one)}


def test_a_move_of_a_merged_root_survives_the_undo_where_it_was_made(acme: Company) -> None:
    ann, bo = acme.create("Ann"), acme.create("Bo")
    merge = acme.merge(ann, bo).merge
    move(acme, bo, "CUSTOMER", "bought")
    acme.undo(merge.merge_id)
    assert (acme.shown(ann)["lifecycle_stage"], acme.shown(bo)["lifecycle_stage"]) == ("CUSTOMER", "PROSPECT")
    assert told(history(acme, ann).periods)[0] == ("CUSTOMER", "CHANGED", "bought")


def test_the_database_refuses_a_stage_that_the_view_does_not_show(acme: Company) -> None:
    acme.create("Ann")
    with psycopg.connect(acme.urls.runtime_url, autocommit=True) as connection:
        connection.execute("SELECT set_config('app.company_id', 'acme', false)")
        with pytest.raises(psycopg.errors.CheckViolation, match="stage_is_shown"):
            connection.execute("UPDATE customers SET lifecycle_stage = 'LEAD'")
        with pytest.raises(psycopg.errors.RaiseException, match="its time does not"):
            connection.execute(
                "UPDATE customers SET lifecycle_stage = 'LEAD', view = view || '{\"lifecycle_stage\": \"LEAD\"}'"
            )


def test_nobody_writes_the_history_but_the_trigger(acme: Company) -> None:
    ann = acme.create("Ann")
    move(acme, ann, "LEAD")
    with psycopg.connect(acme.urls.runtime_url, autocommit=True) as connection:
        connection.execute("SELECT set_config('app.company_id', 'acme', false)")
        for statement in ("DELETE FROM lifecycle_moves", "UPDATE lifecycle_moves SET reason = 'x'"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)
    with acme.owner() as connection:
        connection.execute("SELECT set_config('app.company_id', 'acme', false)")
        with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
            connection.execute("DELETE FROM lifecycle_moves")


def test_of_two_moves_with_one_etag_one_wins(acme: Company) -> None:
    ann = acme.creation(name="Ann").customer
    found = at_once(
        lambda: move(acme, ann.customer_id, "LEAD", etag=ann.etag),
        lambda: move(acme, ann.customer_id, "CUSTOMER", etag=ann.etag),
    )
    assert failures(found) == ["EtagMismatch"]
    assert history(acme, ann.customer_id).total_size == 2


def test_many_moves_at_once_leave_one_line_of_periods(acme: Company) -> None:
    ann = acme.create("Ann")
    at_once(*[lambda stage=stage: move(acme, ann, stage) for stage in STAGES * 3])
    periods = list(reversed(history(acme, ann).periods))
    for one, following in itertools.pairwise(periods):
        assert (one.stage, one.left_at) == (following.previous_stage, following.entered_at)
    assert periods[-1].stage == acme.shown(ann)["lifecycle_stage"]


def test_deleted_unknown_and_foreign_customers_are_not_moved(acme: Company, other: Company) -> None:
    ann = acme.create("Ann")
    acme.delete(ann)
    with pytest.raises(CustomerDeleted):
        move(acme, ann, "LEAD")
    with pytest.raises(CustomerDeleted):
        history(acme, ann)
    for asked in (str(uuid.uuid4()), other.create("Bo"), "x"):
        with pytest.raises(CustomerNotFound):
            move(acme, asked, "LEAD")
        with pytest.raises(CustomerNotFound):
            history(acme, asked)


def test_every_wrong_field_is_named(acme: Company) -> None:
    with pytest.raises(FieldsInvalid) as raised:
        move(acme, "", "", "x" * 501)
    assert [item.field for item in raised.value.fields] == ["customer_id", "stage", "reason"]
    ann = acme.creation(name="Ann").customer
    move(acme, ann.customer_id, "LEAD")
    with pytest.raises(EtagMismatch):
        move(acme, ann.customer_id, "CUSTOMER", etag=ann.etag)


def test_a_move_over_the_wire_happens_once_for_one_request_id(served: Served) -> None:
    client = served.client()
    ann = client.CreateCustomer(pb.CreateCustomerRequest(customer=model.Customer(name="Ann"))).customer
    request = lifecycle_pb2.ChangeLifecycleStageRequest(
        customer_id=ann.customer_id, stage=model.LIFECYCLE_STAGE_CUSTOMER, reason="bought", request_id=str(uuid.uuid4())
    )
    first = client.ChangeLifecycleStage(request)
    assert (first.previous_stage, first.customer.lifecycle_stage) == (
        model.LIFECYCLE_STAGE_PROSPECT,
        model.LIFECYCLE_STAGE_CUSTOMER,
    )
    assert client.ChangeLifecycleStage(request) == first
    page = client.ListLifecycleHistory(lifecycle_pb2.ListLifecycleHistoryRequest(customer_id=ann.customer_id))
    now, before = page.periods
    assert (now.stage, now.previous_stage, now.reason) == (
        model.LIFECYCLE_STAGE_CUSTOMER,
        model.LIFECYCLE_STAGE_PROSPECT,
        "bought",
    )
    assert (now.cause, before.cause) == (
        lifecycle_pb2.LIFECYCLE_CAUSE_CHANGED,
        lifecycle_pb2.LIFECYCLE_CAUSE_CREATED,
    )
    assert (now.actor.subject, now.HasField("leave_time"), before.leave_time) == ("ann", False, now.enter_time)
    assert first.customer.lifecycle_stage_time == now.enter_time
