"""Searches customers: who may fit comes from indexes, is scored, and the best are shown with what fits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.customers.domain.fields import Json, weight
from services.customers.domain.search import LONGEST_QUERY, MODES, Spellings, Wanted
from services.customers.domain.search_matches import Match, matches
from services.customers.store import search
from services.runtime.database import Reader
from services.runtime.failures import FieldCheck
from services.runtime.paging import page_of

DEFAULT, MOST = 20, 50


@dataclass(frozen=True, slots=True)
class Result:
    """What a customer shows, how well it fits, and by which fields."""

    shown: dict[str, Json]
    score: float
    matches: Sequence[Match]


def search_customers(reader: Reader, query: str, mode: str, limit: int) -> tuple[list[Result], bool]:
    """The best of a search, and whether others may fit as well. Raises FieldsInvalid."""
    _check(query, mode, limit)
    wanted = Wanted(query, mode)
    if not wanted.text:
        return [], False
    asked = search.candidates(reader, wanted)
    scored = [(_fit(wanted, one, asked.spellings), one.lines[0], one.customer_id) for one in asked.found]
    best = sorted((one for one in scored if one[0] > 0), key=lambda one: (-one[0], one[1], one[2]))
    top = best[: min(limit or DEFAULT, MOST)]
    shown = search.shown(reader, [customer_id for _, _, customer_id in top])
    results = [
        Result(shown[customer_id], score, matches(wanted, shown[customer_id]))
        for score, _, customer_id in top
        if customer_id in shown
    ]
    more = asked.more
    if mode == "EXACT":  # what is equal comes first among what begins so
        more = len(best) >= search.MOST
    fitting, cut = page_of(results, MOST, lambda one: weight(one.shown))
    return list(fitting), more or cut


def _fit(wanted: Wanted, one: search.Candidate, spellings: Spellings) -> float:
    return wanted.fit(one.lines, max(one.likeness, wanted.spelled(one.lines, spellings)))


def _check(query: str, mode: str, limit: int) -> None:
    check = FieldCheck()
    check.require(len(query) <= LONGEST_QUERY, "query", f"takes up to {LONGEST_QUERY} characters")
    check.require("\x00" not in query, "query", "holds a NUL character")
    check.require(mode in MODES, "mode", f"is not one of {', '.join(MODES)}")
    check.require(limit >= 0, "limit", f"must be between 0 and {MOST}")
    check.raise_if_any()
