"""Enum values by their short names, such as "GENERAL" for NOTE_TYPE_GENERAL, and back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from services.runtime.failures import FieldsInvalid, FieldViolation


def short_name(enum: Any, number: int, prefix: str) -> str:
    """The short name of a value; the number itself where the contract does not know it, empty where it is not said."""
    if not number:
        return ""
    try:
        return str(enum.Name(number)).removeprefix(prefix)
    except ValueError:
        return str(number)


def short_names(enum: Any, numbers: Iterable[int], prefix: str, path: str) -> list[str]:
    """The short names of the values of a filter, without those that are not said. Raises FieldsInvalid."""
    known = set(enum.values())
    if any(number not in known for number in numbers):
        raise FieldsInvalid([FieldViolation(path, "holds a value that this release does not know")])
    return sorted({short_name(enum, number, prefix) for number in numbers if number})


def number_of(enum: Any, name: str, prefix: str) -> Any:
    """The value of a short name; unspecified where this release of the contract does not know it."""
    return dict(enum.items()).get(prefix + name, 0)
