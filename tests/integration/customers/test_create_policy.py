"""What a company asks of a new customer, and what a duplicate does there."""

import uuid
from typing import Any

import pytest

from patronage.customers.v1 import company_service_pb2 as company_pb
from patronage.customers.v1 import create_policy_pb2 as policy_pb
from patronage.customers.v1 import customer_pb2 as model
from patronage.customers.v1 import customer_service_pb2 as pb
from services.customers.domain.company import CreatePolicy
from services.customers.domain.failures import DuplicateCustomer
from services.customers.operations.update_company_settings import update_company_settings
from services.runtime.failures import FieldsInvalid
from tests.integration.customers.company import Company
from tests.integration.customers.served import Client, Served

REACHABLE = CreatePolicy((("email", "phone"),))


def ask(company: Company, policy: CreatePolicy) -> None:
    company.write(lambda tx: update_company_settings(tx, {}, policy)[0])


def wrong_fields(company: Company, **draft: Any) -> list[str]:
    with pytest.raises(FieldsInvalid) as raised:
        company.creation("", **draft)
    return [item.field for item in raised.value.fields]


def set_policy(client: Client, **policy: Any) -> policy_pb.CreatePolicy:
    settings = company_pb.CompanySettings(create_policy=policy_pb.CreatePolicy(**policy))
    answer = client.UpdateCompanySettings(company_pb.UpdateCompanySettingsRequest(settings=settings))
    found: policy_pb.CreatePolicy = answer.company.settings.create_policy
    return found


def test_without_a_policy_a_name_is_enough_and_a_duplicate_is_refused(acme: Company) -> None:
    acme.creation("", name="Walk-in")
    acme.creation("", name="Ann", email="ann@x.io")
    with pytest.raises(DuplicateCustomer):
        acme.creation("", name="Anne", email="ANN@x.io")


def test_a_name_and_an_e_mail_or_a_phone_can_be_asked_for(acme: Company, other: Company) -> None:
    ask(acme, REACHABLE)
    assert wrong_fields(acme, name="Ann") == ["customer.email"]
    assert wrong_fields(acme, address="1 Main St") == ["customer.name", "customer.email"]
    acme.creation("", name="Ann", email="ann@x.io")
    acme.creation("", name="Bo", phone="+1 202 555 0100")
    other.creation("", name="Walk-in")


def test_each_list_asks_for_one_of_its_fields(acme: Company) -> None:
    ask(acme, CreatePolicy((("email", "phone"), ("address",), ("birth_date", "birth_date_text"), ("tags",))))
    assert wrong_fields(acme, name="Ann", phone="+1 202 555 0100") == [
        "customer.address",
        "customer.birth_date",
        "customer.tags",
    ]
    acme.creation("", name="Ann", email="a@x.io", address="1 Main St", birth_date="1990-01-02", tags=["a"])


def test_what_is_wrong_and_what_is_missing_are_named_together_and_once(acme: Company) -> None:
    ask(acme, CreatePolicy((("email",), ("organization",))))
    assert wrong_fields(acme, name="", email="no mail") == ["customer.email", "customer.name", "customer.organization"]


@pytest.mark.parametrize(("policy", "created", "told"), [("ALLOW", True, 1), ("RETURN_EXISTING", False, 1)])
def test_a_duplicate_does_what_the_company_says(acme: Company, policy: str, created: bool, told: int) -> None:
    ask(acme, CreatePolicy(on_duplicate=policy))
    ann = acme.creation("", name="Ann", email="ann@x.io").customer.customer_id
    found = acme.creation("", name="Anne", email="ann@x.io")
    assert (found.created, len(found.duplicates)) == (created, told)
    assert (found.customer.customer_id == ann) is not created


def test_what_the_call_says_about_a_duplicate_counts_before_the_policy(acme: Company) -> None:
    ask(acme, CreatePolicy(on_duplicate="RETURN_EXISTING"))
    acme.creation("", name="Ann", email="ann@x.io")
    assert acme.creation("ALLOW", name="Anne", email="ann@x.io").created
    with pytest.raises(DuplicateCustomer):
        acme.creation("REJECT", name="Anna", email="ann@x.io")


def test_an_import_brings_what_its_file_has(acme: Company) -> None:
    ask(acme, REACHABLE)
    assert [outcome.result for outcome in acme.import_rows({"name": "Ann"})] == ["CREATED"]


def test_a_policy_is_kept_whole_and_fed(served: Served, acme: Company) -> None:
    client = served.client()
    assert client.GetCompany(company_pb.GetCompanyRequest()).company.settings.create_policy == policy_pb.CreatePolicy(
        on_duplicate=policy_pb.DUPLICATE_POLICY_REJECT
    )
    wanted = policy_pb.CreatePolicy(
        required_fields=[policy_pb.RequiredField(any_of=["email", "phone"])],
        on_duplicate=policy_pb.DUPLICATE_POLICY_ALLOW,
    )
    settings = company_pb.CompanySettings(create_policy=wanted)
    client.UpdateCompanySettings(company_pb.UpdateCompanySettingsRequest(settings=settings))
    other = company_pb.CompanySettings(region="KE")
    answer = client.UpdateCompanySettings(company_pb.UpdateCompanySettingsRequest(settings=other))
    assert answer.company.settings.create_policy == wanted
    assert client.GetCompany(company_pb.GetCompanyRequest()).company == answer.company
    with acme.admin() as connection:
        fed = connection.execute("SELECT kind, payload FROM feed ORDER BY xid DESC, seq DESC LIMIT 1").fetchone()
    assert fed is not None
    assert (fed[0], fed[1]["create_policy"]) == (
        "SETTINGS_CHANGED",
        {"required_fields": [["email", "phone"]], "on_duplicate": "ALLOW"},
    )
    assert set_policy(client) == policy_pb.CreatePolicy(on_duplicate=policy_pb.DUPLICATE_POLICY_REJECT)


def test_a_policy_that_is_wrong_names_each_field_and_changes_nothing(served: Served) -> None:
    client = served.client()
    policy = policy_pb.CreatePolicy(
        required_fields=[
            policy_pb.RequiredField(any_of=["email"]),
            policy_pb.RequiredField(),
            policy_pb.RequiredField(any_of=["phone", "state"]),
        ],
        on_duplicate=99,  # type: ignore[arg-type]
    )
    settings = company_pb.CompanySettings(region="nowhere", create_policy=policy)
    found = client.refused(
        "UpdateCompanySettings",
        company_pb.UpdateCompanySettingsRequest(settings=settings, request_id=str(uuid.uuid4())),
    )
    assert sorted(found.fields) == [
        "settings.create_policy.on_duplicate",
        "settings.create_policy.required_fields[1].any_of",
        "settings.create_policy.required_fields[2].any_of",
        "settings.region",
    ]
    assert client.GetCompany(company_pb.GetCompanyRequest()).company.revision == 0


def test_a_policy_is_the_companys_over_the_wire(served: Served) -> None:
    set_policy(served.client(), required_fields=[policy_pb.RequiredField(any_of=["email", "phone"])])
    request = pb.CreateCustomerRequest(customer=model.Customer(name="Ann"))
    assert served.client().refused("CreateCustomer", request).fields == ["customer.email"]
    assert served.client("other").CreateCustomer(request).created
