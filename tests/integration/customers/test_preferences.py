"""Preferences and consent: changed by one call, kept with their proof, folded by what restricts, and asked of many."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from patronage.customers.v1 import contact_permission_pb2 as permission_pb
from patronage.customers.v1 import customer_service_pb2, states_pb2
from patronage.customers.v1 import preferences_pb2 as pb
from services.customers.operations.apply_merge import Applied
from services.customers.operations.update_preferences import update_preferences
from services.runtime.ids import new_id
from tests.integration.customers.company import Company, at_once, failures
from tests.integration.customers.refolding import assert_views_are_folded
from tests.integration.customers.served import Client, Served

SMS, EMAIL, CALL, POST = (permission_pb.ContactChannel.values())[1:]
OFFERS, LOYALTY, TRANSACTIONAL, LEGAL = permission_pb.ContactPurpose.values()[1:]
CONSENT_EVENTS = """
SELECT origin_customer_id::text AS customer_id, data, actor FROM events WHERE type = 'consent_changed' ORDER BY event_id
"""


def prefer(client: Client, customer_id: str, mask: Any = (), proof: str = "", **fields: Any) -> pb.Preferences:
    request = pb.UpdatePreferencesRequest(
        customer_id=customer_id, preferences=pb.Preferences(**fields), consent_proof=proof
    )
    request.update_mask.paths.extend(mask)
    preferences: pb.Preferences = client.UpdatePreferences(request).preferences
    return preferences


def preferences(client: Client, customer_id: str) -> pb.Preferences:
    found: pb.Preferences = client.GetPreferences(pb.GetPreferencesRequest(customer_id=customer_id)).preferences
    return found


def permission(client: Client, customer_id: str, channel: Any = SMS, purpose: Any = OFFERS) -> Any:
    request = permission_pb.CheckContactPermissionRequest(customer_id=customer_id, channel=channel, purpose=purpose)
    return client.CheckContactPermission(request).permission


def rule(client: Client, customer_id: str, channel: Any = SMS, purpose: Any = OFFERS) -> tuple[bool, str]:
    found = permission(client, customer_id, channel, purpose)
    return found.allowed, permission_pb.ContactRule.Name(found.rule).removeprefix("CONTACT_RULE_")


def test_preferences_are_made_and_changed_by_one_call_and_come_back_whole(acme: Company, served: Served) -> None:
    client, ann = served.client(), acme.create("Ann")
    empty = preferences(client, ann)
    assert (empty.customer_id, len(empty.consents), empty.HasField("can_receive_offers")) == (ann, 0, False)
    made = prefer(
        client,
        ann,
        favorite_products=["tea", "čokoláda 🍫", "tea"],
        preferred_payment="mpesa",
        best_contact_time="nach 18 Uhr",
        can_receive_offers=False,
        prefer_sms=True,
    )
    assert list(made.favorite_products) == ["tea", "čokoláda 🍫"]
    assert (made.preferred_payment, made.best_contact_time) == ("mpesa", "nach 18 Uhr")
    assert (made.can_receive_offers, made.prefer_sms, made.HasField("do_not_contact")) == (False, True, False)
    changed = prefer(client, ann, preferred_payment="cash")
    assert (changed.preferred_payment, list(changed.favorite_products)) == ("cash", list(made.favorite_products))
    assert preferences(client, ann) == changed
    shown = client.GetCustomer(customer_service_pb2.GetCustomerRequest(customer_id=ann)).customer
    assert shown.preferences == changed
    assert_views_are_folded(acme)


def test_a_mask_clears_what_it_names_empty(acme: Company, served: Served) -> None:
    client, ann = served.client(), acme.create("Ann")
    prefer(client, ann, favorite_products=["tea"], preferred_payment="cash", do_not_contact=True)
    cleared = prefer(client, ann, mask=["favorite_products", "preferred_payment", "do_not_contact"])
    assert (list(cleared.favorite_products), cleared.preferred_payment) == ([], "")
    assert not cleared.HasField("do_not_contact")


def test_every_wrong_field_is_named(acme: Company, served: Served) -> None:
    client = served.client()
    wrong = pb.Preferences(
        favorite_products=["", "x" * 256, *map(str, range(49))],
        preferred_payment="x" * 65,
        best_contact_time="x" * 101,
    )
    request = pb.UpdatePreferencesRequest(
        preferences=wrong, consent_proof="x" * 256, consent_time=Timestamp(seconds=2**60)
    )
    assert client.refused("UpdatePreferences", request).fields == [
        "customer_id",
        "preferences.preferred_payment",
        "preferences.best_contact_time",
        "preferences.favorite_products",
        "preferences.favorite_products[0]",
        "preferences.favorite_products[1]",
        "consent_proof",
        "consent_time",
    ]
    request = pb.UpdatePreferencesRequest(customer_id=acme.create("Ann"))
    request.update_mask.paths.extend(["average_spend", "consents", "do_not_contact"])
    assert client.refused("UpdatePreferences", request).fields == ["update_mask", "update_mask"]
    ahead = Timestamp()
    ahead.FromDatetime(datetime.now(UTC) + timedelta(days=2))
    request = pb.UpdatePreferencesRequest(customer_id=acme.create("Bo"), consent_time=ahead)
    assert client.refused("UpdatePreferences", request).fields == ["consent_time"]


def test_a_stale_etag_is_refused_and_the_same_again_changes_nothing(acme: Company, served: Served) -> None:
    client, ann = served.client(), acme.create("Ann")
    etag = preferences(client, ann).etag
    made = prefer(client, ann, etag=etag, can_receive_offers=True)
    assert made.etag != etag
    stale = pb.UpdatePreferencesRequest(customer_id=ann, preferences=pb.Preferences(etag=etag, prefer_sms=True))
    assert client.refused("UpdatePreferences", stale).reason == "ETAG_MISMATCH"
    assert prefer(client, ann, can_receive_offers=True) == made
    assert acme.tree(ann).root.revision == 2


def test_a_repeated_request_answers_the_first_result(acme: Company, served: Served) -> None:
    client, ann = served.client(), acme.create("Ann")
    request = pb.UpdatePreferencesRequest(
        customer_id=ann, preferences=pb.Preferences(prefer_sms=False), request_id=str(uuid.uuid4())
    )
    first = client.UpdatePreferences(request)
    prefer(client, ann, prefer_sms=True)
    assert client.UpdatePreferences(request) == first


def test_each_answer_keeps_its_proof_its_time_and_its_history(acme: Company, served: Served) -> None:
    client, ann = served.client(subject="bo"), acme.create("Ann")
    then = Timestamp(seconds=1_700_000_000)
    request = pb.UpdatePreferencesRequest(
        customer_id=ann,
        preferences=pb.Preferences(can_receive_offers=True),
        consent_proof="web form of 4 May",
        consent_time=then,
    )
    [consent] = client.UpdatePreferences(request).preferences.consents
    assert (consent.permission, consent.value, consent.proof) == ("can_receive_offers", True, "web form of 4 May")
    assert consent.since_time == then
    prefer(client, ann, proof="call 17", can_receive_offers=False)
    prefer(client, ann, mask=["can_receive_offers"])
    told = acme.rows(CONSENT_EVENTS)
    assert [(row["data"].get("before"), row["data"]["value"]) for row in told] == [
        (None, True),
        (True, False),
        (False, None),
    ]
    assert [row["data"].get("proof") for row in told] == ["web form of 4 May", "call 17", None]
    assert {row["actor"] for row in told} == {"bo"}


def test_a_merge_shows_the_most_restrictive_answer_and_an_undo_gives_each_its_own(
    acme: Company, served: Served
) -> None:
    client, ann, bo = served.client(), acme.create("Ann"), acme.create("Bo")
    prefer(client, ann, can_receive_offers=True, prefer_email=True, favorite_products=["tea"])
    prefer(client, bo, can_receive_offers=False, do_not_contact=True, favorite_products=["milk"])
    before = [preferences(client, one) for one in (ann, bo)]
    merge = acme.merge(ann, bo).merge
    merged = preferences(client, bo)
    assert (merged.customer_id, merged.can_receive_offers, merged.do_not_contact) == (ann, False, True)
    assert (merged.prefer_email, sorted(merged.favorite_products)) == (True, ["milk", "tea"])
    assert_views_are_folded(acme)
    undone = acme.undo(merge.merge_id)
    assert [preferences(client, one) for one in (ann, bo)] == before
    assert all(then == now for then, now in undone.digests.values())


def test_an_opt_out_given_to_a_root_stays_on_every_member_after_an_undo_and_is_listed(
    acme: Company, served: Served
) -> None:
    client, ann, bo, cy = served.client(), *(acme.create(name) for name in ("Ann", "Bo", "Cy"))
    merges = [acme.merge(bo, cy).merge, acme.merge(ann, bo).merge]
    prefer(client, cy, proof="letter", can_receive_offers=False, prefer_sms=True, preferred_payment="cash")
    assert_views_are_folded(acme)
    undone = [acme.undo(merge.merge_id) for merge in merges]
    for one in (ann, bo, cy):
        found = preferences(client, one)
        assert (found.HasField("can_receive_offers"), found.can_receive_offers) == (True, False)
        assert found.consents[0].proof == "letter"
        assert found.HasField("prefer_sms") == (one == ann)
        assert found.preferred_payment == ("cash" if one == ann else "")
    listed = {(edit.customer_id, edit.field) for edit in undone[1].later_edits}
    assert {(ann, "can_receive_offers"), (bo, "can_receive_offers"), (ann, "prefer_sms")} <= listed
    told = [(row["customer_id"], row["data"].get("shown_under")) for row in acme.rows(CONSENT_EVENTS)]
    assert sorted(told) == sorted([(ann, None), (ann, None), (bo, ann), (cy, ann)])
    assert_views_are_folded(acme)


def test_every_row_that_an_opt_out_changes_is_fed_once_with_the_next_revision(acme: Company, served: Served) -> None:
    client, ann, bo = served.client(), acme.create("Ann"), acme.create("Bo")
    acme.merge(ann, bo)
    prefer(client, ann, do_not_contact=True)
    for customer in (ann, bo):
        with acme.admin() as connection:
            fed = connection.execute(
                "SELECT revision, payload -> 'do_not_contact' -> 'value' FROM feed "
                "WHERE subject = 'customer' AND payload ->> 'customer_id' = %s ORDER BY revision",
                [customer],
            ).fetchall()
        assert fed == [(1, None), (2, None), (3, True)]


def test_preferences_of_a_deleted_or_foreign_customer_are_not_written(acme: Company, served: Served) -> None:
    client, ann = served.client(), acme.create("Ann")
    request = pb.UpdatePreferencesRequest(customer_id=ann, preferences=pb.Preferences(prefer_sms=True))
    for unknown in (served.client("other").refused("UpdatePreferences", request),):
        assert (unknown.code, unknown.reason) == (grpc.StatusCode.NOT_FOUND, "CUSTOMER_NOT_FOUND")
    stranger = served.client(subject="bo", scopes=["customers:write:own"])
    assert stranger.refused("UpdatePreferences", request).reason == "NOT_OWN_RECORD"
    acme.delete(ann)
    assert client.refused("UpdatePreferences", request).reason == "CUSTOMER_DELETED"
    got = client.refused("GetPreferences", pb.GetPreferencesRequest(customer_id=ann))
    assert got.reason == "CUSTOMER_NOT_FOUND"


def test_do_not_contact_wins_over_everything_but_what_the_law_demands(acme: Company, served: Served) -> None:
    client, ann = served.client(), acme.create("Ann")
    prefer(client, ann, proof="call 3", do_not_contact=True, can_receive_offers=True, prefer_sms=True)
    for purpose in (OFFERS, LOYALTY, TRANSACTIONAL):
        for channel in (SMS, EMAIL, CALL, POST):
            assert rule(client, ann, channel, purpose) == (False, "DO_NOT_CONTACT")
    assert rule(client, ann, POST, LEGAL) == (True, "LEGAL_NOTICE")
    found = permission(client, ann)
    assert (found.proof, found.HasField("since_time")) == ("call 3", True)


@pytest.mark.parametrize(
    ("said", "channel", "purpose", "answer"),
    [
        ({}, SMS, OFFERS, (True, "NOTHING_SAID")),
        ({}, POST, OFFERS, (True, "NOTHING_SAID")),
        ({}, EMAIL, OFFERS, (False, "CHANNEL_NOT_CHOSEN")),
        ({}, CALL, LOYALTY, (False, "CHANNEL_NOT_CHOSEN")),
        ({}, EMAIL, TRANSACTIONAL, (True, "NOTHING_SAID")),
        ({"prefer_email": True}, EMAIL, OFFERS, (True, "CHANNEL_CHOSEN")),
        ({"prefer_email": True, "can_receive_offers": True}, EMAIL, OFFERS, (True, "PURPOSE_AGREED")),
        ({"can_receive_offers": True}, SMS, OFFERS, (True, "PURPOSE_AGREED")),
        ({"can_receive_offers": False, "prefer_sms": True}, SMS, OFFERS, (False, "PURPOSE_REFUSED")),
        ({"can_receive_offers": False}, SMS, LOYALTY, (True, "NOTHING_SAID")),
        ({"can_receive_loyalty": False}, SMS, LOYALTY, (False, "PURPOSE_REFUSED")),
        ({"prefer_sms": False, "can_receive_offers": True}, SMS, OFFERS, (False, "CHANNEL_REFUSED")),
        ({"prefer_sms": False}, SMS, TRANSACTIONAL, (False, "CHANNEL_REFUSED")),
        ({"prefer_sms": False}, EMAIL, TRANSACTIONAL, (True, "NOTHING_SAID")),
        ({"prefer_sms": False}, SMS, LEGAL, (True, "LEGAL_NOTICE")),
        ({"do_not_contact": False}, SMS, OFFERS, (True, "NOTHING_SAID")),
    ],
)
def test_the_first_rule_that_holds_decides(
    acme: Company, served: Served, said: dict[str, Any], channel: int, purpose: int, answer: tuple[bool, str]
) -> None:
    client, ann = served.client(), acme.create("Ann")
    if said:
        prefer(client, ann, **said)
    assert rule(client, ann, channel, purpose) == answer


def test_inactive_customers_get_no_promotion_and_deleted_ones_nothing(acme: Company, served: Served) -> None:
    client, ann = served.client(), acme.create("Ann")
    client.DeactivateCustomer(states_pb2.DeactivateCustomerRequest(customer_id=ann))
    assert rule(client, ann, SMS, OFFERS) == (False, "CUSTOMER_INACTIVE")
    assert rule(client, ann, SMS, TRANSACTIONAL) == (True, "NOTHING_SAID")
    acme.delete(ann)
    assert rule(client, ann, SMS, LEGAL) == (False, "CUSTOMER_DELETED")
    assert permission(client, ann).HasField("since_time")


def test_a_check_says_whether_there_is_a_contact_point(acme: Company, served: Served) -> None:
    client, ann = served.client(), acme.create("Ann", phone="+1 202 555 0143")
    found = [permission(client, ann, channel).reachable for channel in (SMS, CALL, EMAIL, POST)]
    assert found == [True, True, False, False]


def test_many_are_asked_about_at_once_with_an_answer_for_each_id(acme: Company, other: Company, served: Served) -> None:
    client, ann, bo = served.client(), acme.create("Ann"), acme.create("Bo")
    prefer(client, ann, can_receive_offers=False)
    acme.merge(ann, bo)
    foreign, nobody = other.create("Eve"), new_id()
    ids = [bo, foreign, ann, nobody, "garbage", ann.upper()]
    request = permission_pb.BatchCheckContactPermissionsRequest(customer_ids=ids, channel=SMS, purpose=OFFERS)
    found = client.BatchCheckContactPermissions(request).permissions
    assert [one.customer_id for one in found] == ids
    assert [one.merged_into for one in found] == [ann, "", "", "", "", ""]
    unknown, refused = permission_pb.CONTACT_RULE_UNKNOWN_CUSTOMER, permission_pb.CONTACT_RULE_PURPOSE_REFUSED
    assert [one.rule for one in found] == [refused, unknown, refused, unknown, unknown, refused]


def test_a_check_names_every_wrong_field(served: Served) -> None:
    client = served.client()
    asked = permission_pb.CheckContactPermissionRequest(channel=99)  # type: ignore[arg-type]
    assert client.refused("CheckContactPermission", asked).fields == ["channel", "purpose", "customer_id"]
    many = permission_pb.BatchCheckContactPermissionsRequest(customer_ids=[new_id()] * 1001)
    refused = client.refused("BatchCheckContactPermissions", many)
    assert refused.fields == ["channel", "purpose", "customer_ids"]
    one = permission_pb.CheckContactPermissionRequest(customer_id=new_id(), channel=SMS, purpose=OFFERS)
    assert client.refused("CheckContactPermission", one).reason == "CUSTOMER_NOT_FOUND"


def test_a_thousand_ids_are_answered_at_once(acme: Company, served: Served) -> None:
    acme.import_rows(*({"name": f"N{number}"} for number in range(1000)))
    ids = [row["id"] for row in acme.rows("SELECT customer_id::text AS id FROM customers")]
    request = permission_pb.BatchCheckContactPermissionsRequest(customer_ids=ids, channel=SMS, purpose=OFFERS)
    found = served.client().BatchCheckContactPermissions(request).permissions
    assert ([one.customer_id for one in found], {one.allowed for one in found}) == (ids, {True})


def test_answers_merges_and_undos_at_once_leave_every_stored_view_as_it_folds(acme: Company) -> None:
    everyone = [acme.create(f"N{number}") for number in range(6)]

    def say(customer: str, value: bool) -> None:
        acme.write(lambda tx: update_preferences(tx, customer, {"can_receive_offers": value}, [], "", proof="said"))

    works: list[Callable[[], object]] = [partial(say, one, place % 2 == 0) for place, one in enumerate(everyone)]
    works += [partial(acme.merge, everyone[place], everyone[place + 1]) for place in (0, 2, 4)]
    found = at_once(*works)
    assert set(failures(found)) <= {"AlreadyMerged"}
    assert_views_are_folded(acme)
    merges = [one.merge.merge_id for one in found if isinstance(one, Applied)]
    opting_out: list[Callable[[], object]] = [partial(say, everyone[1], False), partial(say, everyone[3], False)]
    assert failures(at_once(*opting_out, *(partial(acme.undo, merge) for merge in merges))) == []
    assert_views_are_folded(acme)
    for customer in (everyone[1], everyone[3]):
        assert acme.tree(customer).root.view["can_receive_offers"]["value"] is False
