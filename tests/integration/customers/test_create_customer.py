"""Creating customers: duplicates, races, and what is stored."""

import itertools

import psycopg
import pytest

from services.customers.domain.failures import DuplicateCustomer, DuplicateHit
from services.customers.operations.create_customer import Created
from services.runtime.failures import FieldsInvalid
from tests.integration.customers.company import Company, at_once, failures

ANN = {"name": "Ann Lee", "email": "Ann.Lee@gmail.com", "phone": "+1 202 555 0100"}
HOSTILE = ("O'Brien; DROP TABLE customers;--", "%s %(name)s {0} $1 \\", "'); SELECT 1; --", "ﷺ\u202eRTL", "𝕬👩\u200d👧")


def test_a_duplicate_is_refused_with_who_it_is_and_which_key_hit(acme: Company) -> None:
    ann = acme.create(**ANN)
    with pytest.raises(DuplicateCustomer) as raised:
        acme.creation("REJECT", name="Anne", email="annlee+shop@googlemail.com", phone="(202) 555-0100")
    assert raised.value.hits == (DuplicateHit(ann, "EMAIL"), DuplicateHit(ann, "PHONE"))
    assert acme.value("SELECT count(*) FROM customers") == 1


def test_a_duplicate_that_is_allowed_is_created_and_the_others_are_named(acme: Company) -> None:
    ann = acme.create(**ANN)
    made = acme.creation("ALLOW", name="Anne", phone=ANN["phone"])
    assert made.created
    assert made.duplicates == [DuplicateHit(ann, "PHONE")]


def test_the_existing_customer_is_returned_where_that_is_asked_for_and_of_several_the_first(acme: Company) -> None:
    ann = acme.create(**ANN)
    acme.create(**ANN)
    made = acme.creation("RETURN_EXISTING", **ANN)
    assert (made.created, made.customer.customer_id) == (False, ann)
    assert acme.value("SELECT count(*) FROM customers") == 2


def test_a_merged_duplicate_is_named_by_its_root(acme: Company) -> None:
    ann, other = acme.create(**ANN), acme.create("Bo")
    acme.merge(other, ann)
    with pytest.raises(DuplicateCustomer) as raised:
        acme.creation("REJECT", **ANN)
    assert {hit.customer_id for hit in raised.value.hits} == {other}


def test_a_deleted_customer_is_nobodys_duplicate(acme: Company) -> None:
    acme.delete(acme.create(**ANN))
    assert acme.creation("REJECT", **ANN).duplicates == []


def test_a_customer_of_another_company_is_nobodys_duplicate(acme: Company, other: Company) -> None:
    other.create(**ANN)
    assert acme.creation("REJECT", **ANN).duplicates == []


def test_of_fifty_that_create_the_same_person_at_once_one_wins_and_the_others_are_told_who(acme: Company) -> None:
    found = at_once(*[lambda: acme.creation("REJECT", **ANN)] * 50)
    [winner] = [one for one in found if isinstance(one, Created)]
    others = [one for one in found if isinstance(one, DuplicateCustomer)]
    assert len(others) == 49
    assert {hit.customer_id for one in others for hit in one.hits} == {winner.customer.customer_id}


def test_of_those_that_ask_for_the_existing_one_at_once_one_creates_it_and_all_get_it(acme: Company) -> None:
    found = at_once(*[lambda: acme.creation("RETURN_EXISTING", **ANN)] * 20)
    made = [one for one in found if isinstance(one, Created)]
    assert len(made) == 20
    assert sum(one.created for one in made) == 1
    assert len({one.customer.customer_id for one in made}) == 1


def test_creates_that_share_keys_crosswise_never_lock_each_other_out(acme: Company) -> None:
    emails = [f"e{place}@x.io" for place in range(4)]
    phones = [f"+1 202 555 010{place}" for place in range(4)]
    pairs = [*itertools.product(emails, phones), *itertools.product(reversed(emails), reversed(phones))]
    works = [
        lambda email=email, phone=phone: acme.creation("REJECT", name="N", email=email, phone=phone)
        for email, phone in pairs
    ]
    found = at_once(*works)
    assert set(failures(found)) == {"DuplicateCustomer"}
    keys = acme.rows("SELECT kind, value FROM customer_keys")
    assert len({(row["kind"], row["value"]) for row in keys}) == len(keys)


def test_an_external_id_belongs_to_one_customer_even_when_many_claim_it_at_once(acme: Company) -> None:
    ids = [{"system": "shop", "external_id": "1"}]
    found = at_once(*[lambda: acme.creation(name="N", external_ids=ids)] * 10)
    assert failures(found) == ["FieldsInvalid"] * 9


@pytest.mark.parametrize("text", HOSTILE)
def test_any_text_is_stored_and_shown_as_it_came(acme: Company, text: str) -> None:
    draft = {"organization": text, "tags": [text], "metadata": {text: text}, "identifiers": [text]}
    customer = acme.create(text, address=text, external_ids=[{"system": "s", "external_id": text}], **draft)
    acme.note(customer, text)
    shown = acme.shown(customer)
    assert {name: shown[name] for name in draft} == draft
    assert (shown["name"], shown["contact_points"][0]["value"]) == (text, text)
    assert acme.notes(customer) == [text]


def test_a_customer_needs_a_name(acme: Company) -> None:
    with pytest.raises(FieldsInvalid) as raised:
        acme.creation(email="no address", tags=[""])
    assert {item.field for item in raised.value.fields} == {"customer.name", "customer.email", "customer.tags[0]"}


def test_what_comes_without_a_company_raises(acme: Company) -> None:
    acme.create(**ANN)
    with psycopg.connect(acme.urls.runtime_url) as connection:
        for table in ("customers", "customer_keys", "notes", "events", "merges", "merge_edges", "audit_log"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match=r"company_id is not set"):
                connection.execute(f"SELECT * FROM {table}")
            connection.rollback()
