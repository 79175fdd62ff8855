"""What matching reads of a customer in the feed."""

from google.type.date_pb2 import Date

from patronage.customers.v1 import change_feed_pb2, company_service_pb2, customer_pb2
from services.matching.convert.change import raw_identity, seen_of
from services.matching.domain.customer_seen import CompanySeen, CustomerSeen

ID = "0190b0b0-0000-7000-8000-000000000001"


def test_contact_points_are_read_with_the_primary_ones_first() -> None:
    customer = customer_pb2.Customer(name="Ann Lee", email="b@x.example")
    for value in ("a@x.example", "b@x.example"):
        customer.contact_points.add(kind=customer_pb2.CONTACT_POINT_KIND_EMAIL, value=value)
    assert raw_identity(customer).emails == ("b@x.example", "a@x.example")


def test_an_address_in_parts_is_read_by_its_parts() -> None:
    customer = customer_pb2.Customer()
    point = customer.contact_points.add(kind=customer_pb2.CONTACT_POINT_KIND_ADDRESS, value="1 Oak St, Rye")
    point.postal_address.street = "1 Oak Street"
    point.postal_address.city = "Rye"
    assert raw_identity(customer).addresses == (("1 Oak Street", "Rye", "", "", ""),)
    (address,) = raw_identity(customer).normalized("US").addresses
    assert (address.house_number, address.street, address.city) == ("1", "oak st", "rye")


def test_a_business_is_compared_by_its_name_as_an_organisation() -> None:
    business = customer_pb2.Customer(name="Acme Ltd", party_type=customer_pb2.PARTY_TYPE_ORGANIZATION)
    raw = raw_identity(business)
    assert (raw.name, raw.organization) == ("", "Acme Ltd")
    assert raw.normalized("US").organization == "acme"


def test_an_impossible_date_is_kept_as_written() -> None:
    assert raw_identity(customer_pb2.Customer(birth_date_text="1990-02-31")).birth_date == "1990-02-31"
    assert raw_identity(customer_pb2.Customer(birth_date=Date(year=1990, month=2, day=3))).birth_date == "1990-02-03"


def test_external_ids_are_no_evidence_between_customers() -> None:
    customer = customer_pb2.Customer(name="Ann")
    customer.external_ids.add(system="file", external_id="17")
    assert raw_identity(customer).normalized("US").external_ids == ()


def test_phones_are_read_as_the_region_writes_them() -> None:
    raw = raw_identity(customer_pb2.Customer(phone="0701 234 567"))
    assert raw.normalized("KE").phones == ("+254701234567",)


def test_a_merged_customer_points_at_its_root() -> None:
    customer = customer_pb2.Customer(customer_id=ID, state=customer_pb2.CUSTOMER_STATE_MERGED, merged_into="root")
    seen = seen_of(change_feed_pb2.Change(revision=3, customer=customer), "e1")
    assert isinstance(seen, CustomerSeen)
    assert (seen.state, seen.root_id, seen.revision, seen.epoch) == ("MERGED", "root", 3, "e1")


def test_settings_without_a_region_mean_the_default() -> None:
    change = change_feed_pb2.Change(revision=2, company=company_service_pb2.Company())
    assert seen_of(change, "e1") == CompanySeen("US", "e1", 2)


def test_changes_of_other_things_are_passed_over() -> None:
    assert seen_of(change_feed_pb2.Change(revision=1), "e1") is None
