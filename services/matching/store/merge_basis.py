"""Merge basis owns the one round trip in which a merge learns what it is decided by."""

import json
from collections.abc import Mapping

from services.matching.domain.survivorship import RulesInForce
from services.matching.store import policies
from services.matching.store.match_keys import array_text
from services.runtime.database import Reader

_BASIS = "merge_basis(%s::uuid[], %s::uuid[])"


def basis(reader: Reader, top_of: Mapping[str, str]) -> tuple[bool, RulesInForce]:
    """Return whether judgements keep trees apart, given by members with their roots, and the survivorship in use."""
    answer = reader.call(_BASIS, (array_text(top_of), array_text(top_of.values())))
    apart, number, survivorship = json.loads(answer or "")
    return apart, policies.rules_of(number, survivorship)
