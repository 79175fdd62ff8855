"""Finds customers by their ids in other systems: a merged one answers with its root."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.customers.domain.fields import Json, weight
from services.customers.domain.keys import Key
from services.customers.store import duplicates, reading
from services.runtime.database import Transaction
from services.runtime.failures import FieldCheck, FieldsInvalid, FieldViolation
from services.runtime.paging import page_of

MOST_IDS = 1000
LONGEST_SYSTEM, LONGEST_ID = 64, 255


@dataclass(frozen=True, slots=True)
class LookedUp:
    """An external id, what the root of its customer shows, and that customer where it was merged into the root."""

    key: Key
    shown: dict[str, Json]
    merged_from: str


def lookup_customers(tx: Transaction, external_ids: Sequence[Key]) -> tuple[list[LookedUp], list[Key]]:
    """Those that were found, in the order asked, and the ids that nobody has who is not deleted.

    Raises FieldsInvalid.
    """
    _check(external_ids)
    wanted = list(dict.fromkeys(external_ids))
    owners = duplicates.owners(tx, wanted)
    shown = reading.roots(tx, sorted(set(owners.values())))
    found = [
        LookedUp(key, seen, owner if owner != seen["customer_id"] else "")
        for key in wanted
        if (owner := owners.get(key)) and (seen := shown.get(owner))
    ]
    fitting, too_much = page_of(found, MOST_IDS, lambda one: weight(one.shown))
    if too_much:
        text = f"bring customers that are together larger than one message; ask for {len(fitting)} or fewer of them"
        raise FieldsInvalid([FieldViolation("external_ids", text)])
    keys = {one.key for one in found}
    return found, [key for key in wanted if key not in keys]


def _check(external_ids: Sequence[Key]) -> None:
    check = FieldCheck()
    number = len(external_ids)
    check.require(1 <= number <= MOST_IDS, "external_ids", f"takes 1 to {MOST_IDS} ids; {number} were given")
    for place, (system, external_id) in enumerate(external_ids[:MOST_IDS]):
        for name, text, longest in (("system", system, LONGEST_SYSTEM), ("external_id", external_id, LONGEST_ID)):
            good = 1 <= len(text) <= longest and "\x00" not in text
            check.require(good, f"external_ids[{place}].{name}", f"takes 1 to {longest} characters")
    check.raise_if_any()
