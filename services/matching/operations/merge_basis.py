"""Merge basis owns what one merge is decided by: whether judgements keep its trees apart, and the rules in force."""

from collections.abc import Iterable, Mapping

from services.matching.domain.survivorship import RulesInForce
from services.matching.operations.judged_apart import tops_of
from services.matching.store import merge_basis as store
from services.runtime.database import Reader


def merge_basis(reader: Reader, trees: Mapping[str, Iterable[str]]) -> tuple[bool, RulesInForce]:
    """Return whether judgements keep these trees apart, and the survivorship that holds now, in one round trip.

    Who is kept apart, and by which judgements, is asked of `judged_apart`: hardly any merge meets one.
    """
    return store.basis(reader, tops_of(trees))
