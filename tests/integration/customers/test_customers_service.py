"""The customers service over the wire: masks, request ids, scopes, refusals and streams."""

import uuid
from typing import Any

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.struct_pb2 import Struct
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date

from patronage.customers.v1 import company_service_pb2 as company_pb
from patronage.customers.v1 import customer_pb2 as model
from patronage.customers.v1 import customer_service_pb2 as pb
from patronage.customers.v1 import import_export_service_pb2 as import_pb
from patronage.customers.v1 import listing_pb2
from patronage.customers.v1 import merge_storage_service_pb2 as merge_pb
from patronage.customers.v1 import note_service_pb2 as note_pb
from patronage.customers.v1 import survivorship_pb2 as rules_pb
from services.customers.access import ACCESS
from services.runtime.failures import ConflictRetry
from tests.fixtures.contract import every_rpc
from tests.integration.customers.company import at_once
from tests.integration.customers.served import EVERY_SCOPE, Client, Refusal, Served, refusal

ANN = model.Customer(name="Ann Lee", email="ann@x.io")
MASKED: dict[str, Any] = {"name": "Ann Lee", "email": "ann@x.io", "organization": "Acme", "tags": ["a"]}


def create(client: Client, **customer: Any) -> model.Customer:
    request = pb.CreateCustomerRequest(customer=model.Customer(**customer), on_duplicate=pb.DUPLICATE_ACTION_ALLOW)
    made: model.Customer = client.CreateCustomer(request).customer
    return made


def update(client: Client, customer_id: str, mask: list[str], **customer: Any) -> model.Customer:
    request = pb.UpdateCustomerRequest(
        customer_id=customer_id, customer=model.Customer(**customer), update_mask=FieldMask(paths=mask)
    )
    changed: model.Customer = client.UpdateCustomer(request).customer
    return changed


def answer_of(client: Client, method: str, request: Any) -> Any:
    try:
        return getattr(client, method)(request)
    except grpc.RpcError as error:
        return refusal(error)


def test_a_customer_comes_back_as_it_was_stored(served: Served) -> None:
    metadata = Struct()
    metadata.update({"colour": "blue", "n": 1.5, "deep": {"list": [True, None, "x"]}})
    made = create(
        served.client(),
        name="Ann Lee",
        birth_date=Date(year=1990, month=2, day=28),
        contact_points=[
            model.ContactPoint(
                kind=model.CONTACT_POINT_KIND_ADDRESS,
                postal_address=model.PostalAddress(street="1 Main St", city="Nairobi"),
            )
        ],
        external_ids=[model.ExternalId(system="shop", external_id="7")],
        tags=["a"],
        metadata=metadata,
        state=model.CUSTOMER_STATE_DELETED,
        company_id="theirs",
        revision=99,
    )
    found = served.client().GetCustomer(pb.GetCustomerRequest(customer_id=made.customer_id))
    assert found.customer == made
    assert (made.state, made.company_id, made.revision) == (model.CUSTOMER_STATE_ACTIVE, "acme", 1)
    assert (made.address, made.metadata, made.created_by.subject) == ("1 Main St, Nairobi", metadata, "ann")


def test_a_mask_sets_what_it_names_and_clears_what_is_absent(served: Served) -> None:
    client = served.client()
    ann = create(client, **MASKED)
    changed = update(client, ann.customer_id, ["organization", "tags"], name="ignored", tags=["b"])
    assert (changed.name, changed.organization, list(changed.tags)) == ("Ann Lee", "", ["b"])


def test_without_a_mask_the_populated_fields_are_changed(served: Served) -> None:
    client = served.client()
    ann = create(client, **MASKED)
    changed = update(client, ann.customer_id, [], organization="Bolt")
    assert (changed.name, changed.organization, changed.email) == ("Ann Lee", "Bolt", "ann@x.io")


@pytest.mark.parametrize("path", ["nickname", "etag", "state", "customer_id", "contact_points.value", "", "*"])
def test_a_path_that_cannot_be_written_is_a_wrong_field(served: Served, path: str) -> None:
    client = served.client()
    request = pb.UpdateCustomerRequest(
        customer_id=create(client, name="Ann").customer_id, update_mask=FieldMask(paths=["name", path])
    )
    assert client.refused("UpdateCustomer", request).fields == ["update_mask"]


def test_where_a_mask_names_both_forms_of_one_kind_the_contact_points_count(served: Served) -> None:
    client = served.client()
    points = [model.ContactPoint(kind=model.CONTACT_POINT_KIND_EMAIL, value=value) for value in ("b@x.io", "c@x.io")]
    ann = create(client, name="Ann", email="a@x.io").customer_id
    changed = update(client, ann, ["contact_points", "email"], contact_points=points)
    assert [point.value for point in changed.contact_points] == ["b@x.io", "c@x.io"]


def test_every_wrong_field_travels_in_the_details(served: Served) -> None:
    point = model.ContactPoint(value="x")
    customer = model.Customer(
        party_type=99,  # type: ignore[arg-type]
        email="no address",
        birth_date=Date(year=1990, month=2),
        contact_points=[point],
    )
    found = served.client().refused("CreateCustomer", pb.CreateCustomerRequest(customer=customer))
    assert (found.code, found.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "FIELDS_INVALID")
    assert set(found.fields) == {
        "customer.name",
        "customer.email",
        "customer.party_type",
        "customer.birth_date",
        "customer.contact_points[0].kind",
    }


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_json_does_not_know_is_a_wrong_field(served: Served, number: float) -> None:
    metadata = Struct()
    metadata.update({"n": number})
    request = pb.CreateCustomerRequest(customer=model.Customer(name="Ann", metadata=metadata))
    assert served.client().refused("CreateCustomer", request).fields == ["customer.metadata"]


def test_a_duplicate_travels_as_a_typed_detail(served: Served) -> None:
    client = served.client()
    ann = client.CreateCustomer(pb.CreateCustomerRequest(customer=ANN)).customer
    found = client.refused("CreateCustomer", pb.CreateCustomerRequest(customer=ANN))
    assert (found.code, found.reason) == (grpc.StatusCode.ALREADY_EXISTS, "DUPLICATE_CUSTOMER")
    [hit] = found.detail(pb.DuplicateCustomerDetail).hits
    assert (hit.customer_id, hit.key_kind) == (ann.customer_id, model.CONTACT_POINT_KIND_EMAIL)


def test_the_same_request_again_answers_with_the_first_result(served: Served) -> None:
    client = served.client()
    request = pb.CreateCustomerRequest(customer=ANN, request_id=str(uuid.uuid4()))
    first = client.CreateCustomer(request)
    assert client.CreateCustomer(request) == first
    request.request_id = request.request_id.upper()
    assert client.CreateCustomer(request) == first, "a UUID in capitals is the same one"


def test_a_request_id_with_other_content_or_another_method_is_refused(served: Served) -> None:
    client, request_id = served.client(), str(uuid.uuid4())
    made = client.CreateCustomer(pb.CreateCustomerRequest(customer=ANN, request_id=request_id)).customer
    other = pb.CreateCustomerRequest(customer=model.Customer(name="Bo"), request_id=request_id)
    assert client.refused("CreateCustomer", other).reason == "REQUEST_ID_REUSED"
    delete = pb.DeleteCustomerRequest(customer_id=made.customer_id, request_id=request_id)
    assert client.refused("DeleteCustomer", delete).reason == "REQUEST_ID_REUSED"
    wrong = pb.CreateCustomerRequest(customer=ANN, request_id="7")
    assert client.refused("CreateCustomer", wrong).fields == ["request_id"]


def test_a_refused_request_may_be_sent_again(served: Served) -> None:
    client, request_id = served.client(), str(uuid.uuid4())
    request = pb.CreateCustomerRequest(customer=ANN, request_id=request_id)
    first = client.CreateCustomer(pb.CreateCustomerRequest(customer=ANN)).customer
    assert client.refused("CreateCustomer", request).reason == "DUPLICATE_CUSTOMER"
    client.DeleteCustomer(pb.DeleteCustomerRequest(customer_id=first.customer_id))
    assert client.CreateCustomer(request).created


def test_a_request_id_belongs_to_its_company(served: Served) -> None:
    request = pb.CreateCustomerRequest(customer=ANN, request_id=str(uuid.uuid4()))
    made = {served.client(company).CreateCustomer(request).customer.customer_id for company in ("acme", "other")}
    assert len(made) == 2


def test_twins_at_once_make_one_customer(served: Served) -> None:
    client = served.client()
    customer = model.Customer(name="Ann")
    request = pb.CreateCustomerRequest(customer=customer, request_id=str(uuid.uuid4()))
    found = at_once(*[lambda: answer_of(client, "CreateCustomer", request)] * 12)
    refused = [one for one in found if isinstance(one, Refusal)]
    made = [one for one in found if isinstance(one, pb.CreateCustomerResponse)]
    assert len(refused) + len(made) == 12
    assert {one.reason for one in refused} <= {"REQUEST_IN_PROGRESS"}
    assert len({one.customer.customer_id for one in made}) == 1
    assert client.ListCustomers(listing_pb2.ListCustomersRequest()).total_size == 1


def test_a_stale_etag_is_refused(served: Served) -> None:
    client = served.client()
    ann = create(client, name="Ann")
    update(client, ann.customer_id, [], name="Anne")
    request = pb.UpdateCustomerRequest(customer_id=ann.customer_id, customer=ann)
    found = client.refused("UpdateCustomer", request)
    assert (found.code, found.reason) == (grpc.StatusCode.ABORTED, "ETAG_MISMATCH")


def test_the_form_that_was_read_can_be_sent_back_as_it_is(served: Served) -> None:
    client = served.client()
    ann = create(client, **MASKED)
    for mask in ([], ["name", "organization", "tags", "contact_points"], ["email"]):
        request = pb.UpdateCustomerRequest(customer_id=ann.customer_id, customer=ann, update_mask=FieldMask(paths=mask))
        assert client.UpdateCustomer(request).customer == ann


def test_an_e_mail_that_is_not_the_one_of_the_contact_points_beside_it_is_wrong(served: Served) -> None:
    client = served.client()
    form = create(client, **MASKED)
    form.email = "other@x.io"
    request = pb.UpdateCustomerRequest(customer_id=form.customer_id, customer=form)
    assert client.refused("UpdateCustomer", request).fields == ["customer.email"]
    request.update_mask.paths.append("email")
    assert client.UpdateCustomer(request).customer.email == "other@x.io"


def test_deleted_customers_are_listed_only_with_the_scope_for_it(served: Served) -> None:
    client = served.client()
    client.DeleteCustomer(pb.DeleteCustomerRequest(customer_id=create(client, name="Ann").customer_id))
    states = listing_pb2.CustomerFilter(states=[model.CUSTOMER_STATE_DELETED])
    request = listing_pb2.ListCustomersRequest(filter=states)
    assert [one.name for one in client.ListCustomers(request).customers] == ["Ann"]
    reader = served.client(scopes=["customers:read"])
    found = reader.refused("ListCustomers", request)
    assert (found.code, found.reason) == (grpc.StatusCode.PERMISSION_DENIED, "SCOPE_MISSING")


def test_a_list_request_that_is_wrong_names_its_fields(served: Served) -> None:
    client = served.client()
    erased = listing_pb2.CustomerFilter(states=[model.CUSTOMER_STATE_ERASED])
    too_early = listing_pb2.CustomerFilter(created_from=Timestamp(seconds=-(10**12)))
    for request, field in (
        (listing_pb2.ListCustomersRequest(sort=99), "sort"),  # type: ignore[arg-type]
        (listing_pb2.ListCustomersRequest(page_size=-1), "page_size"),
        (listing_pb2.ListCustomersRequest(filter=erased), "filter.states"),
        (listing_pb2.ListCustomersRequest(filter=too_early), "filter.created_from"),
    ):
        assert client.refused("ListCustomers", request).fields == [field]
    nothing = listing_pb2.CustomerFilter(states=[model.CUSTOMER_STATE_UNSPECIFIED])
    assert client.ListCustomers(listing_pb2.ListCustomersRequest(filter=nothing)).total_size == 0


@pytest.mark.parametrize("method", sorted(ACCESS))
def test_no_method_is_answered_without_its_scope(served: Served, method: str) -> None:
    name = method.rpartition("/")[2]
    if name == "FollowChanges":
        return
    client = served.client(scopes=[scope for scope in EVERY_SCOPE if scope != ACCESS[method].scope])
    requests = {"ImportCustomers": iter([import_pb.ImportCustomersRequest()])}
    found = client.refused(name, requests.get(name, request_of(name)))
    assert (found.code, found.metadata.get("scope")) == (grpc.StatusCode.PERMISSION_DENIED, ACCESS[method].scope)


def request_of(method: str) -> Any:
    return next(rpc.request() for rpc in every_rpc() if rpc.service == "customers" and rpc.method.name == method)


def test_notes_are_listed_a_page_at_a_time_newest_first(served: Served) -> None:
    client = served.client()
    ann = create(client, name="Ann").customer_id
    for number in range(5):
        note = note_pb.Note(content=f"n{number}", author=model.Actor(subject="eve"))
        made = client.CreateNote(note_pb.CreateNoteRequest(customer_id=ann, note=note)).note
        assert made.author == model.Actor(subject="ann", name="Ann")
    first = client.ListNotes(note_pb.ListNotesRequest(customer_id=ann, page_size=3))
    second = client.ListNotes(note_pb.ListNotesRequest(customer_id=ann, page_size=3, page_token=first.next_page_token))
    assert [note.content for note in [*first.notes, *second.notes]] == ["n4", "n3", "n2", "n1", "n0"]
    assert (first.total_size, second.next_page_token) == (5, "")
    bo = create(client, name="Bo").customer_id
    other = note_pb.ListNotesRequest(customer_id=bo, page_token=first.next_page_token)
    assert client.refused("ListNotes", other).reason == "PAGE_TOKEN_MISMATCH"


def test_settings_say_every_wrong_one_and_a_region_reads_phones(served: Served) -> None:
    client = served.client()
    settings = company_pb.CompanySettings(region="kenya", currency="ksh", time_zone="Nairobi")
    found = client.refused("UpdateCompanySettings", company_pb.UpdateCompanySettingsRequest(settings=settings))
    assert set(found.fields) == {"settings.region", "settings.currency", "settings.time_zone"}
    settings = company_pb.CompanySettings(region="KE")
    client.UpdateCompanySettings(company_pb.UpdateCompanySettingsRequest(settings=settings))
    assert create(client, name="Ann", phone="0712 345 678").contact_points[0].normalized_value == "+254712345678"
    assert client.GetCompany(company_pb.GetCompanyRequest()).company.settings.currency == "USD"
    assert served.client("other").GetCompany(company_pb.GetCompanyRequest()).company.settings.region == "US"


def parts(*batches: list[import_pb.ImportRow], source: str = "crm") -> list[import_pb.ImportCustomersRequest]:
    options = import_pb.ImportCustomersRequest(options=import_pb.ImportOptions(source=source))
    return [
        options,
        *(import_pb.ImportCustomersRequest(rows=import_pb.ImportRows(rows=batch)) for batch in batches),
    ]


def row(number: int, **customer: Any) -> import_pb.ImportRow:
    return import_pb.ImportRow(row_number=number, id=str(number), customer=model.Customer(**customer))


def test_an_import_answers_each_batch_and_its_counts_add_up(served: Served) -> None:
    client = served.client()
    batches = [[row(1, name="Ann"), row(2)], [row(1, name="Ann"), row(3, name="Cy", birth_date_text="31/31")]]
    first, second = client.ImportCustomers(iter(parts(*batches)))
    assert (first.counts.read, first.counts.created, first.counts.invalid) == (2, 1, 1)
    assert (second.counts.read, second.counts.created, second.counts.unchanged) == (4, 2, 1)
    assert [outcome.row_number for outcome in second.outcomes] == [1, 3]
    assert second.outcomes[1].warnings[0].field == "customer.birth_date"
    assert first.outcomes[1].problems[0].field == "customer"


def test_what_a_broken_import_did_before_stays_and_nothing_is_half_done(served: Served) -> None:
    client = served.client()
    wrong = [*parts([row(1, name="Ann")]), import_pb.ImportCustomersRequest()]
    assert client.refused("ImportCustomers", iter(wrong)).fields == ["rows"]
    assert client.ListCustomers(listing_pb2.ListCustomersRequest()).total_size == 1


@pytest.mark.parametrize(
    ("requests", "field"),
    [
        ([], "options"),
        (parts([row(1, name="Ann")])[1:], "options"),
        (parts(source="s" * 65), "options.source"),
        ([*parts(), *parts()], "rows"),
        (parts([]), "rows"),
    ],
)
def test_an_import_that_does_not_begin_right_is_refused(served: Served, requests: list[Any], field: str) -> None:
    assert served.client().refused("ImportCustomers", iter(requests)).fields == [field]


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
    )
    applied = client.ApplyMerge(request)
    assert (applied.target.name, applied.merge.merged_by.subject) == ("Bo", "bea")
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
    }


def test_an_id_of_another_company_is_answered_like_one_of_nobody(served: Served) -> None:
    mine, theirs = served.client(), served.client("other")
    foreign, unknown = create(theirs, name="Ann").customer_id, str(uuid.uuid4())
    for method, name in (
        ("GetCustomer", "customer_id"),
        ("UpdateCustomer", "customer_id"),
        ("DeleteCustomer", "customer_id"),
        ("ListNotes", "customer_id"),
    ):
        answers = [mine.refused(method, type(request_of(method))(**{name: asked})) for asked in (foreign, unknown)]
        assert [(one.code, one.reason, one.message) for one in answers] == [
            (grpc.StatusCode.NOT_FOUND, "CUSTOMER_NOT_FOUND", "There is no customer with this id.")
        ] * 2


def test_conflicts_that_go_on_are_told_in_the_end(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    def always(*_: Any, **__: Any) -> Any:
        raise ConflictRetry("Someone else was first.")

    monkeypatch.setattr("services.customers.servicer.states.delete_customer", always)
    found = served.client().refused("DeleteCustomer", pb.DeleteCustomerRequest(customer_id=str(uuid.uuid4())))
    assert (found.code, found.reason) == (grpc.StatusCode.ABORTED, "CONFLICT_RETRY")
