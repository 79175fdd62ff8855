"""Nicknames owns which given names are used for one another: Bill for William, Peggy for Margaret."""

from functools import cache, lru_cache

from nicknames import NickNamer

_REMEMBERED = 65_536


@cache
def _namer() -> NickNamer:
    return NickNamer()


@lru_cache(maxsize=_REMEMBERED)
def forms_of(given: str) -> frozenset[str]:
    """Return the full names that a given name may stand for, itself among them."""
    return frozenset(_namer().canonicals_of(given)) | {given}


def same_given(left: str, right: str) -> bool:
    """Return whether two given names may be one: equal, a nickname, or two nicknames of one name."""
    return not forms_of(left).isdisjoint(forms_of(right))


def has_nicknames(given: str) -> bool:
    """Return whether a given name stands for others, or others for it."""
    return len(forms_of(given)) > 1 or bool(_namer().nicknames_of(given))


def given_root(given: str) -> str:
    """Return one full name to look a given name up by; Bob and Rob and Robert give the same."""
    return _root(given) if len(given) <= 24 else given


@lru_cache(maxsize=_REMEMBERED)
def _root(given: str) -> str:
    return max(forms_of(given), key=lambda full: (len(_namer().nicknames_of(full)), full == given, full))
