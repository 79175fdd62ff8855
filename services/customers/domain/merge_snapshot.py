"""Snapshots: what target and sources showed before a merge and the target after it, kept for people and the audit.

Nothing is ever restored from them: an undo folds anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.customers.domain.fields import Fields, Json, weight
from services.customers.domain.shown import Shown

LARGEST_SNAPSHOT = 8 << 20
"""Bytes of one merge that are kept; of fifty sources with the largest records not all are."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What each root showed before, the target first, and what the target showed then with the member of each value.

    `left_out` names the roots that were too large to be kept.
    """

    before: Sequence[Fields]
    after: Fields
    origins: Mapping[str, str]
    left_out: Sequence[str] = ()

    @property
    def sides(self) -> dict[str, Shown]:
        """What each root showed before, by id."""
        return {one["customer_id"]: Shown(one["customer_id"], one, {}) for one in self.before}

    @property
    def result(self) -> Shown:
        """What the target showed then."""
        return Shown(self.after["customer_id"], self.after, {}, dict(self.origins))


def taken(before: Sequence[Fields], after: Fields, origins: Mapping[str, str]) -> Json:
    """A snapshot as stored; roots that do not fit beside those before them are left out."""
    room = LARGEST_SNAPSHOT - weight(after)
    kept: list[Fields] = []
    left_out: list[str] = []
    for one in before:
        if (size := weight(one)) > room:
            left_out.append(one["customer_id"])
        else:
            kept.append(one)
            room -= size
    return {"before": kept, "after": after, "origins": dict(origins), "left_out": left_out}


def from_json(data: Mapping[str, Json]) -> Snapshot:
    """A snapshot from what is stored."""
    return Snapshot(data["before"], data["after"], data["origins"], data["left_out"])
