"""Merges over the wire: what was done and taken back, and every wrong field."""

import uuid

from patronage.customers.v1 import customer_pb2 as model
from patronage.customers.v1 import lifecycle_pb2, timeline_pb2
from patronage.customers.v1 import merge_storage_service_pb2 as merge_pb
from patronage.customers.v1 import survivorship_pb2 as rules_pb
from tests.integration.customers.served import Served
from tests.integration.customers.wire import create


def test_a_merge_over_the_wire_says_what_was_done_and_taken_back(served: Served) -> None:
    client = served.client()
    ann, bo = create(client, name="Ann"), create(client, name="Bo")
    request = merge_pb.ApplyMergeRequest(
        merge_id=str(uuid.uuid4()).upper(),
        target_id=ann.customer_id.upper(),
        source_ids=[bo.customer_id.upper()],
        rules=[rules_pb.FieldRule(field="name", rule=rules_pb.SURVIVORSHIP_RULE_SOURCE_WINS)],
        expected_etags={ann.customer_id: ann.etag},
        on_behalf_of="bea",
        on_behalf_of_name="Bea",
    )
    applied = client.ApplyMerge(request)
    assert (applied.target.name, applied.merge.merged_by) == ("Bo", model.Actor(subject="bea", name="Bea"))
    assert client.ApplyMerge(request).merge == applied.merge
    undo = merge_pb.RevertMergeRequest(
        merge_id=request.merge_id,
        request_id=str(uuid.uuid4()),
        on_behalf_of="bea",
        on_behalf_of_name="Bea",
        leave_undecided=True,
    )
    reverted = client.RevertMerge(undo)
    assert (reverted.merge.undone_by.name, reverted.merge.left_undecided) == ("Bea", True)
    assert (reverted.target.etag, [one.etag for one in reverted.sources]) == (ann.etag, [bo.etag])
    assert {digest.customer_id for digest in reverted.digests} == {ann.customer_id, bo.customer_id}
    assert all(digest.before == digest.now for digest in reverted.digests)
    assert client.RevertMerge(undo) == reverted


def test_a_stage_and_the_timeline_name_who_had_it_merged_and_undone(served: Served) -> None:
    client = served.client()
    ann = create(client, name="Ann")
    bo = create(client, name="Bo", lifecycle_stage=model.LIFECYCLE_STAGE_CUSTOMER)
    merge_id = str(uuid.uuid4())
    merge = merge_pb.ApplyMergeRequest(merge_id=merge_id, target_id=ann.customer_id, source_ids=[bo.customer_id])
    merge.choices.add(field="lifecycle_stage", customer_id=bo.customer_id)
    merge.on_behalf_of, merge.on_behalf_of_name = "bea", "Bea"
    client.ApplyMerge(merge)
    client.RevertMerge(merge_pb.RevertMergeRequest(merge_id=merge_id, on_behalf_of="cy", on_behalf_of_name="Cy"))
    history = lifecycle_pb2.ListLifecycleHistoryRequest(customer_id=ann.customer_id)
    told = [(one.actor.subject, one.actor.name) for one in client.ListLifecycleHistory(history).periods]
    assert told[:2] == [("cy", "Cy"), ("bea", "Bea")]
    timeline = client.ListTimeline(timeline_pb2.ListTimelineRequest(customer_id=ann.customer_id))
    assert [one.event.actor.name for one in timeline.entries][:2] == ["Cy", "Bea"]


def test_every_wrong_field_of_a_merge_is_named(served: Served) -> None:
    request = merge_pb.ApplyMergeRequest(
        source_ids=["x", "X", ""],
        rules=[
            rules_pb.FieldRule(field="etag", rule=rules_pb.SURVIVORSHIP_RULE_UNION),
            rules_pb.FieldRule(field="name", rule=99),  # type: ignore[arg-type]
        ],
        survivorship=rules_pb.Survivorship(
            default_rule=rules_pb.SURVIVORSHIP_RULE_UNION,
            rules=[rules_pb.FieldRule(field="tags", rule=rules_pb.SURVIVORSHIP_RULE_OLDEST)],
            source_priority=[model.CUSTOMER_SOURCE_API, model.CUSTOMER_SOURCE_API],
        ),
        choices=[merge_pb.FieldChoice(field="etag", customer_id="x")],
        reason="r" * 501,
        on_behalf_of="\x00",
        on_behalf_of_name="n" * 256,
    )
    found = served.client().refused("ApplyMerge", request)
    assert set(found.fields) == {
        "target_id",
        "source_ids",
        "rules[0].field",
        "rules[1].rule",
        "survivorship.default_rule",
        "survivorship.rules[0].rule",
        "survivorship.source_priority",
        "choices[0].field",
        "reason",
        "on_behalf_of",
        "on_behalf_of_name",
    }
