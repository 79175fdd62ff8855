"""Folds every stored customer again and finds no difference to what is stored."""

from typing import Any

from services.customers.domain.facets import facets_of
from services.customers.domain.keys import duplicate_keys, external_keys
from services.customers.domain.search_text import labels
from services.customers.domain.view import views
from services.customers.store.rows import sorted_columns
from services.customers.store.trees import StoredTree
from tests.integration.customers.company import Company

STORED = """
SELECT customer_id::text, root_id::text, state, etag, lifecycle_stage, name_sort, email_sort, phone_sort,
       search_text, facets, created_at, updated_at
  FROM customers WHERE company_id = app_company()
"""


def assert_views_are_folded(company: Company) -> None:
    """Views, sorted columns, keys, labels and external ids are what the own records and edges say."""
    rows = {row["customer_id"]: row for row in company.rows(STORED)}
    keys: set[tuple[str, str, str]] = set()
    ids: set[tuple[str, str, str]] = set()
    labelled: set[tuple[Any, ...]] = set()
    for root_id in sorted({row["root_id"] for row in rows.values()}):
        stored = company.tree(root_id)
        assert set(stored.rows) == {key for key, row in rows.items() if row["root_id"] == root_id}
        for customer_id, view in views(stored.tree).items():
            assert stored.rows[customer_id].view == view.data
            assert _columns(rows[customer_id]) == _columns_of(view.data, view.state, root_id, view.etag)
            keys |= {(customer_id, *key) for key in duplicate_keys(view.data, view.state)}
            labelled |= {(customer_id, *label) for label in labels(view.data)}
        ids |= _ids(stored)
    found = company.rows("SELECT customer_id::text, kind, value FROM customer_keys")
    assert {tuple(row.values()) for row in found} == keys
    found = company.rows("SELECT customer_id::text, system, external_id FROM external_ids")
    assert {tuple(row.values()) for row in found} == ids
    found = company.rows("SELECT customer_id::text, kind, label, facets FROM customer_labels")
    assert {tuple(row.values()) for row in found} == labelled


def _ids(stored: StoredTree) -> set[tuple[str, str, str]]:
    """Each external id with the member whose own record has it, edits of the root left aside."""
    return {(member, *key) for member, own in stored.tree.members.items() for key in external_keys(own.fields)} | {
        (member, item["system"], item["external_id"])
        for member, own in stored.tree.members.items()
        for edit in own.overlay
        if edit.unit == "external_ids"
        for item in edit.added
    }


def _columns(row: dict[str, Any]) -> dict[str, Any]:
    return {
        **row,
        "customer_id": None,
        "created_at": row["created_at"].isoformat(),
        "updated_at": row["updated_at"].isoformat(),
    }


def _columns_of(data: dict[str, Any], state: str, root_id: str, etag: str) -> dict[str, Any]:
    columns = {name: data[name] for name in ("lifecycle_stage", "created_at", "updated_at")}
    columns |= {"facets": facets_of(data), **sorted_columns(data)}
    return {"customer_id": None, "root_id": root_id, "state": state, "etag": etag, **columns}
