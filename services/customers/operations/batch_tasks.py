"""What each batch does: the checks of its request, and the plan that the method for one customer has too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from services.customers.domain.fields import Json
from services.customers.domain.states import check_reason
from services.customers.operations.add_tags import adding_tags
from services.customers.operations.batch import Task
from services.customers.operations.change_lifecycle_stage import check_stage, moving
from services.customers.operations.changing import Plan
from services.customers.operations.deactivate_customer import deactivating
from services.customers.operations.delete_customer import deleting
from services.customers.operations.reactivate_customer import reactivating
from services.customers.operations.remove_tags import removing_tags
from services.customers.operations.tagging import check_tags
from services.customers.operations.undelete_customer import undeleting
from services.customers.operations.update_customer import checked_patch, patching
from services.customers.store import duplicates
from services.customers.store.trees import StoredTree
from services.runtime.database import Transaction
from services.runtime.failures import FieldCheck

OF_ONE = ("contact_points", "email", "phone", "external_ids")
"""Fields that tell customers apart, so many cannot have the same."""
ANYONE = "any"


def change_stage(stage: str, reason: str) -> Task:
    """Moves to a stage."""
    check_stage(ANYONE, stage, reason)
    return Task(moving(stage), reason)


def add_tags(tags: Sequence[str]) -> Task:
    """Adds tags."""
    return Task(adding_tags(check_tags(ANYONE, tags)))


def remove_tags(tags: Sequence[str]) -> Task:
    """Takes tags off."""
    return Task(removing_tags(check_tags(ANYONE, tags)))


def update(draft: Mapping[str, Json], paths: Sequence[str]) -> Task:
    """Sets the fields that `paths` name to what the draft says."""
    check = FieldCheck()
    check.require(paths, "update_mask", "names no field, and none is populated")
    for path in paths:
        check.require(path not in OF_ONE, f"customer.{path}", "cannot be the same for many customers")
    check.raise_if_any()

    def planner(tx: Transaction, locked: Sequence[StoredTree]) -> Plan:
        return patching(*checked_patch(tx, draft, paths))(tx, locked)

    return Task(planner)


def delete(reason: str, *, force: bool) -> Task:
    """Deletes softly."""
    return Task(deleting(reason=_checked(reason), force=force))


def undelete(reason: str, *, allow_duplicates: bool) -> Task:
    """Brings back, under the lock of all keys of the company: those of so many would be too many locks."""
    planner = undeleting(reason=_checked(reason), allow_duplicates=allow_duplicates)
    return Task(planner, before=duplicates.lock_all_keys)


def deactivate(reason: str) -> Task:
    """Takes out of use."""
    return Task(deactivating(reason=_checked(reason)))


def reactivate(reason: str) -> Task:
    """Takes into use."""
    return Task(reactivating(reason=_checked(reason)))


def _checked(reason: str) -> str:
    check = FieldCheck()
    check_reason(check, reason)
    check.raise_if_any()
    return reason
