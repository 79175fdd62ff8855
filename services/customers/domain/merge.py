"""Merges: what is asked for, what forbids it, what it leaves behind in the log."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.customers.domain.failures import TreeTooLarge
from services.customers.domain.fields import CONTACT_KINDS, UNIT_OF_FIELD, Json
from services.customers.domain.forest import SOURCE_PRIORITY, Edge, Tree
from services.customers.domain.moves import ChildCount
from services.customers.domain.record import Actor, OwnRecord, to_json
from services.customers.domain.survivorship import RULES_OF, SHIPPED, Survivorship, resolved
from services.customers.domain.view import View, canonical
from services.runtime.failures import FieldCheck

MOST_SOURCES = 50
MOST_NAMED = 100
"""Rules or choices of one merge; there are fewer fields."""

LONGEST_REASON = 500
LONGEST_SUBJECT = 255
MOST_MEMBERS = 500
LARGEST_VIEW = 2 << 20
"""A root is folded anew with each change, and travels as one message of the feed: larger ones would end both."""
CHOOSABLE = frozenset({*UNIT_OF_FIELD, *(short for short, _ in CONTACT_KINDS.values())})


@dataclass(frozen=True, slots=True)
class Merge:
    """What a caller asks for: roots to join to a target, and which values to show. Rules and choices go by unit.

    `holding` are the rules that hold where it asks for none, of a version of the company's policy; they are no part of
    what tells one request from another.
    """

    merge_id: str
    target_id: str
    source_ids: tuple[str, ...]
    rules: Mapping[str, str]
    choices: Mapping[str, str]
    reason: str = ""
    on_behalf_of: str = ""
    evidence: Mapping[str, Json] = field(default_factory=dict)
    """On what it is made where nobody looked at it: policy_version, scan_id, group_id, confidence."""
    holding: Survivorship = SHIPPED
    policy_version: str = ""
    on_behalf_of_name: str = ""

    @property
    def fingerprint(self) -> str:
        """Equal for requests of equal content."""
        content = [self.target_id, list(self.source_ids), dict(self.rules), dict(self.choices), self.reason]
        return hashlib.sha256(canonical(content).encode()).hexdigest()

    @property
    def resolved(self) -> dict[str, str]:
        """The rule of each unit and primary contact point that does not follow the shipped default."""
        return resolved(self.rules, self.holding)

    def edges(self, now: datetime) -> list[Edge]:
        """The edges, a microsecond apart so that the order of the sources is kept."""
        rules = self.resolved
        return [
            Edge(
                self.merge_id,
                source,
                self.target_id,
                now + timedelta(microseconds=place),
                rules,
                self.choices,
                self.holding.priority,
            )
            for place, source in enumerate(self.source_ids)
        ]

    def logged(
        self, by: Actor, merged_at: datetime, digests: Mapping[str, str], moves: Sequence[ChildCount] = ()
    ) -> LoggedMerge:
        """What the log says of it once it is made."""
        return LoggedMerge(
            self.merge_id,
            self.target_id,
            self.source_ids,
            self.reason,
            by,
            merged_at,
            digests,
            self.fingerprint,
            evidence=self.evidence,
            rules=self.resolved,
            choices=self.choices,
            priority=self.holding.priority,
            policy_version=self.policy_version,
            moves=tuple(moves),
        )


@dataclass(frozen=True, slots=True)
class LoggedMerge:
    """An entry of the merge log. `digests` holds that of each member just before the merge.

    `rules` are those that each unit followed, as resolved then; `moves` counts the sources' children. `snapshot` is
    written with the entry, and read by itself. `left_undecided`: whoever undid it left open whether the sides are one.
    """

    merge_id: str
    target_id: str
    source_ids: tuple[str, ...]
    reason: str
    merged_by: Actor
    merged_at: datetime
    digests: Mapping[str, str]
    fingerprint: str
    undone_at: datetime | None = None
    undone_by: Actor | None = None
    undo_reason: str = ""
    left_undecided: bool = False
    evidence: Mapping[str, Json] = field(default_factory=dict)
    rules: Mapping[str, str] = field(default_factory=dict)
    choices: Mapping[str, str] = field(default_factory=dict)
    priority: tuple[str, ...] = SOURCE_PRIORITY
    policy_version: str = ""
    moves: tuple[ChildCount, ...] = ()
    snapshot: Json = field(default=None, compare=False, repr=False)

    def undo_told(self) -> dict[str, Json]:
        """What followers are told of its undo; nothing where it stands."""
        if self.undone_at is None or self.undone_by is None:
            return {}
        return {
            "undone_by": {"subject": self.undone_by.subject, "name": self.undone_by.name},
            "undo_reason": self.undo_reason,
            "left_undecided": self.left_undecided,
            "undo_time": self.undone_at.isoformat(),
        }


@dataclass(frozen=True, slots=True)
class LaterEdit:
    """An edit that came after a merge: on which customer, of which unit or set, when."""

    customer_id: str
    field: str
    time: datetime


def by_unit(named: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Rules or choices by the unit that their field belongs to; short forms of contact points stay themselves."""
    return {UNIT_OF_FIELD[name].name if name in UNIT_OF_FIELD else name: value for name, value in named}


def check_merge(
    check: FieldCheck,
    target_id: str,
    source_ids: Sequence[str],
    rules: Sequence[tuple[str, str]],
    choices: Sequence[tuple[str, str]],
    words: tuple[str, str, str, str] = ("", "", "", ""),
) -> None:
    """Raises FieldsInvalid with every wrong field of a request.

    `words`: reason, on_behalf_of, on_behalf_of_name, policy_version.
    """
    reason, on_behalf_of, name, policy_version = words
    check.require(target_id, "target_id", "is required")
    check.require(1 <= len(source_ids) <= MOST_SOURCES, "source_ids", f"takes 1 to {MOST_SOURCES} ids")
    check.require(len(set(source_ids)) == len(source_ids), "source_ids", "names a customer twice")
    check.require(all(source_ids), "source_ids", "holds an empty id")
    check_words(check, reason, on_behalf_of, name)
    check.require(is_word(policy_version), "policy_version", f"takes up to {LONGEST_SUBJECT} characters")
    check_rules(check, rules)
    _check_choices(check, choices)
    check.raise_if_any()


def _check_choices(check: FieldCheck, choices: Sequence[tuple[str, str]]) -> None:
    """Notes which choices name no field of one value, or one that is chosen from somebody else before."""
    if not check.require(len(choices) <= MOST_NAMED, "choices", f"takes up to {MOST_NAMED}"):
        return
    chosen: dict[str, str] = {}
    for place, (name, member) in enumerate(choices):
        where = f"choices[{place}].field"
        if check.require(name in CHOOSABLE, where, "is no field that one value survives of"):
            [unit] = by_unit([(name, member)])
            same = chosen.setdefault(unit, member) == member
            check.require(same, where, f"is chosen from another customer before, as part of {unit}")


def check_rules(check: FieldCheck, rules: Sequence[tuple[str, str]], path: str = "") -> None:
    """Notes which rules name no field, or one that does not take them, and where there are too many."""
    if not check.require(len(rules) <= MOST_NAMED, f"{path}rules", f"takes up to {MOST_NAMED}"):
        return
    for place, (name, rule) in enumerate(rules):
        where = f"{path}rules[{place}]"
        if check.require(name in RULES_OF, f"{where}.field", "is no field that survives a merge"):
            check.require(rule in RULES_OF[name], f"{where}.rule", f"is not one of {', '.join(RULES_OF[name])}")


def is_word(text: str) -> bool:
    """Whether a text can be kept as the name of something."""
    return len(text) <= LONGEST_SUBJECT and "\x00" not in text


def check_words(check: FieldCheck, reason: str, on_behalf_of: str, name: str = "") -> None:
    """Notes what is wrong with the words that the merge log keeps; `name` is that of `on_behalf_of`."""
    limits = (
        ("reason", reason, LONGEST_REASON),
        ("on_behalf_of", on_behalf_of, LONGEST_SUBJECT),
        ("on_behalf_of_name", name, LONGEST_SUBJECT),
    )
    for field_name, text, longest in limits:
        check.require(len(text) <= longest, field_name, f"takes up to {longest} characters")
        check.require("\x00" not in text, field_name, "holds a NUL character")


def check_size(tree: Tree, view: View) -> None:
    """Raises TreeTooLarge where a merge would make a root that is too large."""
    check_members(tree)
    size = len(view.text.encode())
    if size > LARGEST_VIEW:
        raise TreeTooLarge(len(tree.members), size)


def check_members(tree: Tree) -> None:
    """The same by its members alone, before anything is folded."""
    if len(tree.members) > MOST_MEMBERS:
        raise TreeTooLarge(len(tree.members))


def member_digest(own: OwnRecord, children: Json, edges: Sequence[Edge]) -> str:
    """The SHA-256 over a member's own record, its own children and its edges."""
    content = {
        "own": to_json(own),
        "children": children,
        "edges": sorted([edge.merge_id, edge.source_id, edge.target_id] for edge in edges),
    }
    return hashlib.sha256(canonical(content).encode()).hexdigest()


def edges_of(tree: Tree) -> dict[str, list[Edge]]:
    """The edges that touch each member."""
    found: dict[str, list[Edge]] = {member: [] for member in tree.members}
    for edge in tree.edges:
        found[edge.source_id].append(edge)
        found[edge.target_id].append(edge)
    return found


def later_edits(tree: Tree, merged_at: datetime) -> list[LaterEdit]:
    """The edits of a tree's members that were made after a merge, in the order of time."""
    found = []
    for customer_id, own in tree.members.items():
        found += [LaterEdit(customer_id, unit, time) for unit, time in own.times.items() if time > merged_at]
        found += [LaterEdit(customer_id, edit.unit, edit.time) for edit in own.overlay if edit.time > merged_at]
    return sorted(found, key=lambda edit: (edit.time, edit.customer_id, edit.field))
