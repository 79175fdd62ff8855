"""A root that shows more than one customer may hold, by merges: it is written back whole, and takes what is its own."""

from typing import Any

import pytest

from patronage.customers.v1 import customer_service_pb2 as pb
from patronage.customers.v1 import preferences_pb2
from services.customers.domain.limits import MOST
from services.customers.operations.add_tags import add_tags
from services.customers.operations.update_customer import checked_patch, patching
from services.customers.operations.update_preferences import update_preferences
from services.runtime.failures import FieldsInvalid
from tests.integration.customers.company import Company
from tests.integration.customers.refolding import assert_views_are_folded
from tests.integration.customers.served import Served

SOURCES = 7


def lists(who: int) -> dict[str, Any]:
    """Nearly as much of each list as one customer holds."""
    return {
        "tags": [f"tag {who} {number}" for number in range(90)],
        "contact_points": [
            *({"kind": "EMAIL", "value": f"e{who}.{number}@x.example"} for number in range(30)),
            *({"kind": "PHONE", "value": f"+1 202 55{who} {number:04}"} for number in range(20)),
        ],
        "identifiers": [f"id {who} {number}" for number in range(15)],
        "external_ids": [{"system": f"crm{who}", "external_id": str(number)} for number in range(45)],
    }


def tags(who: str, number: int) -> list[str]:
    return [f"{who} {place}" for place in range(number)]


def refused(company: Company, customer_id: str, **draft: Any) -> list[str]:
    with pytest.raises(FieldsInvalid) as raised:
        company.update(customer_id, **draft)
    return [wrong.field for wrong in raised.value.fields]


@pytest.fixture
def wide(acme: Company) -> str:
    """A root of eight customers: 720 tags, 400 contact points."""
    root, *sources = (acme.create(f"N{who}", **lists(who)) for who in range(SOURCES + 1))
    acme.merge(root, *sources)
    return root


def test_all_that_is_shown_is_written_back_and_changes_nothing(acme: Company, wide: str) -> None:
    shown = acme.shown(wide)
    assert (len(shown["tags"]), len(shown["contact_points"])) == (720, 400)
    revision = acme.tree(wide).root.revision
    acme.update(wide, **{name: shown[name] for name in ("tags", "contact_points", "identifiers", "external_ids")})
    assert acme.tree(wide).root.revision == revision
    assert len(acme.update(wide, name="New", tags=shown["tags"]).view["tags"]) == 720


def test_a_client_reads_the_whole_customer_changes_a_word_and_writes_it_back(
    acme: Company, wide: str, served: Served
) -> None:
    client = served.client()
    customer = client.GetCustomer(pb.GetCustomerRequest(customer_id=wide)).customer
    customer.name = "Changed"
    request = pb.UpdateCustomerRequest(customer_id=wide, customer=customer)
    request.update_mask.paths.extend(["name", "tags", "contact_points", "identifiers", "external_ids"])
    after = client.UpdateCustomer(request).customer
    assert after.name == "Changed"
    assert after.contact_points == customer.contact_points
    assert after.tags == customer.tags


def test_a_smaller_list_is_taken_and_an_undo_gives_each_its_own(acme: Company) -> None:
    ann, bo = acme.create("Ann", tags=tags("a", 90)), acme.create("Bo", tags=tags("b", 90))
    merge = acme.merge(ann, bo).merge
    shown = acme.shown(ann)["tags"]
    assert len(acme.update(ann, tags=shown[5:]).view["tags"]) == 175
    assert_views_are_folded(acme)
    acme.undo(merge.merge_id)
    assert [len(acme.shown(one)["tags"]) for one in (ann, bo)] == [85, 90]


def test_what_a_caller_adds_counts_and_what_merges_brought_does_not(acme: Company, wide: str) -> None:
    shown = acme.shown(wide)["tags"]
    assert len(acme.update(wide, tags=[*shown, *tags("new", 10)]).view["tags"]) == 730
    assert refused(acme, wide, tags=[*acme.shown(wide)["tags"], "one more"]) == ["customer.tags"]
    mine = {*lists(0)["tags"], *tags("new", 10)}
    freed = [tag for tag in acme.shown(wide)["tags"] if tag not in mine]
    assert len(acme.update(wide, tags=[*freed, *tags("other", 100)]).view["tags"]) == 730
    assert_views_are_folded(acme)


def test_tags_are_added_to_a_root_that_shows_very_many(acme: Company, wide: str) -> None:
    added = acme.write(lambda tx: add_tags(tx, wide, tags("new", 10), ""))
    assert len(added.after.view["tags"]) == 730
    with pytest.raises(FieldsInvalid):
        acme.write(lambda tx: add_tags(tx, wide, ["one more"], ""))
    assert len(acme.update(wide, tags=acme.shown(wide)["tags"][:700]).view["tags"]) == 700


def test_what_a_merged_customer_put_away_counts_where_the_root_adds_it_again(acme: Company) -> None:
    ann, bo, cy = acme.create("Ann", tags=tags("a", 90)), acme.create("Bo"), acme.create("Cy", tags=tags("c", 90))
    acme.merge(bo, cy)
    acme.update(bo, tags=[])
    acme.merge(ann, bo)
    assert refused(acme, ann, tags=[*tags("a", 90), *tags("c", 90)]) == ["customer.tags"]
    assert len(acme.update(ann, tags=[*tags("a", 90), *tags("c", 10)]).view["tags"]) == 100


def test_what_a_root_put_away_itself_is_let_back_in(acme: Company) -> None:
    ann, bo = acme.create("Ann", tags=tags("a", 90)), acme.create("Bo", tags=tags("b", 90))
    merge = acme.merge(ann, bo).merge
    acme.update(ann, tags=tags("a", 90))
    acme.merge(ann, acme.create("Cy"))
    assert len(acme.update(ann, tags=[*tags("a", 90), *tags("b", 90)]).view["tags"]) == 180
    acme.undo(merge.merge_id)
    assert len(acme.shown(ann)["tags"]) == 90


def test_contact_points_of_one_kind_are_written_back_beside_the_others(acme: Company, wide: str) -> None:
    emails = [point for point in acme.shown(wide)["contact_points"] if point["kind"] == "EMAIL"]
    assert len(emails) == 240
    after = acme.update(wide, contact_points=emails[:-1]).view["contact_points"]
    assert len(after) == 399
    new = [{"kind": "EMAIL", "value": f"new{number}@x.example"} for number in range(51)]
    assert refused(acme, wide, contact_points=[*emails, *new]) == ["customer.contact_points"]


def test_a_customer_alone_keeps_its_limits_and_every_wrong_field_is_named_at_once(acme: Company, wide: str) -> None:
    ann = acme.create("Ann")
    draft = {"name": "x" * 256, "tags": tags("t", 101), "identifiers": tags("i", 21)}
    assert refused(acme, ann, **draft) == ["customer.name", "customer.tags", "customer.identifiers"]
    too_many = {"tags": tags("t", 821), "identifiers": tags("i", 141), "source_campaign": "x" * 256}
    assert refused(acme, wide, **too_many) == ["customer.source_campaign", "customer.tags", "customer.identifiers"]
    beside = {"tags": tags("t", 101), "identifiers": tags("i", 21)}
    assert refused(acme, wide, **beside) == ["customer.tags", "customer.identifiers"]


def test_who_was_unmerged_meanwhile_takes_no_more_than_one_customer(acme: Company) -> None:
    ann, bo = acme.create("Ann", tags=tags("a", 90)), acme.create("Bo", tags=tags("b", 90))
    merge = acme.merge(ann, bo).merge
    whole = acme.shown(ann)["tags"]
    with acme.transaction() as tx:
        checked = checked_patch(tx, {"tags": whole}, ["tags"], ann)
    acme.undo(merge.merge_id)
    stored = acme.tree(ann)
    with acme.transaction() as tx, pytest.raises(FieldsInvalid):
        patching(*checked)(tx, [stored])(stored)


def test_products_that_merges_united_are_written_back(acme: Company, served: Served) -> None:
    def like(customer_id: str, products: list[str]) -> int:
        draft = {"favorite_products": products}
        found, _ = acme.write(lambda tx: update_preferences(tx, customer_id, draft, ["favorite_products"], ""))
        return len(found.view["favorite_products"])

    ann, bo = acme.create("Ann"), acme.create("Bo")
    assert (like(ann, tags("a", 45)), like(bo, tags("b", 45))) == (45, 45)
    acme.merge(ann, bo)
    client = served.client()
    both = list(
        client.GetPreferences(preferences_pb2.GetPreferencesRequest(customer_id=ann)).preferences.favorite_products
    )
    assert len(both) == 90
    assert like(ann, both) == 90
    assert like(ann, [*both, *tags("new", 5)]) == 95
    with pytest.raises(FieldsInvalid) as raised:
        like(ann, [*both, *tags("new", 6)])
    assert [wrong.field for wrong in raised.value.fields] == ["preferences.favorite_products"]
    with pytest.raises(FieldsInvalid):
        like(acme.create("Cy"), tags("c", MOST["favorite_products"] + 1))
