"""Nicknames owns which given names are used for one another: Bill for William, Peggy for Margaret, Thos for Thomas."""

from functools import cache, lru_cache

from nicknames import NickNamer

from services.identity.given_forms import FULL_NAMES

_REMEMBERED = 65_536

_NO_FORMS = {"robert": frozenset({"bill", "billy"})}
"""What the list of English nicknames has for forms of a name and are not: with them every Robert was a William."""


@cache
def _namer() -> NickNamer:
    return NickNamer()


@lru_cache(maxsize=_REMEMBERED)
def forms_of(given: str) -> frozenset[str]:
    """Return the full names that a given name may stand for, itself among them."""
    known = frozenset(_namer().canonicals_of(given)) - _NO_FORMS.get(given, frozenset())
    return known.union(FULL_NAMES.get(given, ())) | {given}


def same_given(left: str, right: str) -> bool:
    """Return whether two given names may be one: equal, a nickname, or two nicknames of one name."""
    return not forms_of(left).isdisjoint(forms_of(right))


@cache
def _english() -> frozenset[str]:
    return frozenset(_namer().nickname_lookup.keys() | _namer().canonical_lookup.keys())


@cache
def _shortened() -> frozenset[str]:
    return frozenset[str]().union(*FULL_NAMES.values())


@cache
def _known() -> frozenset[str]:
    """Return all names that have nicknames or are some; they are folded."""
    return _english() | FULL_NAMES.keys() | _shortened()


def has_nicknames(given: str) -> bool:
    """Return whether a given name stands for others, or others for it."""
    if given not in _known():
        return False
    return len(forms_of(given)) > 1 or given in _shortened() or bool(_namer().nicknames_of(given))


def given_root(given: str) -> str:
    """Return one full name to look a given name up by; Bob and Rob and Robert give the same."""
    return _root(given) if given in _known() else given


@lru_cache(maxsize=_REMEMBERED)
def _root(given: str) -> str:
    if given in FULL_NAMES and given not in _english():
        return _root(FULL_NAMES[given][0])
    return max(forms_of(given), key=lambda full: (len(_namer().nicknames_of(full)), full == given, full))
