"""Who may fit what is searched for, in one round trip, and what those that do show."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from services.customers.domain.fields import Json
from services.customers.domain.search import Spellings, Wanted
from services.runtime.database import Reader

MOST = 60
"""How many are taken of each kind of beginning, and of what is similar; of parts four times as many."""
LONGEST_MS = 1_000
CANDIDATES = f"""
SELECT set_config('statement_timeout', '{LONGEST_MS}', true);
SELECT search_candidates(%s, %s, %s, %s, %s, %s, %s, %s)
"""
SHOWN = """
SELECT json_agg(view || jsonb_build_object('customer_id', customer_id, 'etag', etag, 'revision', revision))
  FROM unnest(%s::uuid[]) AS wanted (id)
 CROSS JOIN LATERAL (SELECT * FROM customers
                      WHERE company_id = (SELECT app_company()) AND customer_id = wanted.id LIMIT 1) AS one
"""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A customer that may fit: the lines of its text, name first, and how like the query they are, 0: not asked."""

    customer_id: str
    lines: list[str]
    likeness: float = 0.0


@dataclass(frozen=True, slots=True)
class Candidates:
    """Who may fit, what the words of the query may have meant, and whether there may be more."""

    found: list[Candidate]
    spellings: Spellings
    more: bool


def candidates(reader: Reader, wanted: Wanted) -> Candidates:
    """Who may fit."""
    phone = "+" + wanted.digits if wanted.digits else ""
    national = "" if wanted.international else wanted.digits
    patterns = _array(wanted.patterns)
    asked = (wanted.text, wanted.email, phone, national, patterns, wanted.similar, _array(wanted.sought), str(MOST))
    answer = json.loads(reader.value(CANDIDATES, asked) or "{}")
    found = {one[0]: Candidate(one[0], one[1].split("\n")) for one in answer["found"]}
    for customer_id, text, likeness in answer["alike"]:
        before = found.get(customer_id)
        if before is None or before.likeness < likeness:
            found[customer_id] = Candidate(customer_id, text.split("\n"), likeness)
    spellings: dict[str, dict[str, float]] = {}
    for word, meant, likeness in answer["meant"]:
        spellings.setdefault(word, {})[meant] = likeness
    return Candidates(list(found.values()), spellings, answer["more"])


def shown(reader: Reader, customer_ids: Sequence[str]) -> dict[str, dict[str, Json]]:
    """What customers show, by id."""
    found = json.loads(reader.value(SHOWN, (_array(customer_ids),)) or "[]") if customer_ids else []
    return {one["customer_id"]: one for one in found}


def _array(values: Sequence[str]) -> str:
    """An array of texts as PostgreSQL reads it."""
    quoted = ('"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' for value in values)
    return "{" + ",".join(quoted) + "}"
