"""Records owns how raw fields of many customers become columns: each field is normalised, then encoded."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from services.identity.addresses import PostalAddress, join_address, parse_address
from services.identity.birth_dates import normalize_birth_date
from services.identity.emails import normalize_email
from services.identity.names import PersonName, join_name, parse_name
from services.identity.organizations import normalize_organization
from services.identity.phones import normalize_phone
from services.identity.text import fold
from services.matching.domain.attributes import address_line
from services.matching.domain.identity_record import MOST_VALUES, Identity
from services.matching.engine.arrays import Codes
from services.matching.engine.columns import Column, Columns, columns_of
from services.matching.engine.vocabulary import Vocabulary

FIELDS = (
    "name", "given_name", "middle_name", "family_name", "title", "suffix", "organization", "email", "phone",
    "address", "street", "city", "region", "postal_code", "country", "birth_date", "external_id",
)  # fmt: skip

Table = Mapping[str, Sequence[str]]
"""Raw fields by column; a field that is not there is missing for all."""

_NAME_PARTS = ("given_name", "middle_name", "family_name")
_ADDRESS_PARTS = ("street", "city", "region", "postal_code", "country")
_ADDRESS_FIELDS = ("line", "house_number", "street", "unit", "city", "postcode")
_SEVERAL = "|"
_AT_ONCE = 50_000


@dataclass(slots=True)
class Records:
    """Encoded records with their ids; `sources` numbers the source of each, when links between two are wanted."""

    ids: Sequence[str]
    columns: Columns
    sources: Codes | None = None


def records_from_table(
    ids: Sequence[str], table: Table, region: str = "US", sources: Sequence[str] | None = None
) -> Records:
    """Encode a table of raw fields."""
    size = len(ids)
    base = {
        **_name_columns(table, size),
        "organization": _single(table, "organization", size, normalize_organization),
        "email": _several(table, "email", size, normalize_email),
        "phone": _several(table, "phone", size, lambda phone: normalize_phone(phone, region)),
        **_address_columns(table, size),
        "birth_date": _single(table, "birth_date", size, lambda date: normalize_birth_date(date, region)),
        "external_id": _several(table, "external_id", size, fold),
    }
    return Records(ids, Columns(size, base), _numbered(sources))


def records_from_rows(rows: Iterable[Mapping[str, str]], region: str = "US") -> Records:
    """Encode rows of raw fields, each with its `id`, and `source` where sources matter."""
    table: dict[str, list[str]] = {field: [] for field in ("id", "source", *FIELDS)}
    for row in rows:
        for field, values in table.items():
            values.append(row.get(field) or "")
    used = {field: values for field, values in table.items() if field in FIELDS and any(values)}
    return records_from_table(table["id"], used, region, table["source"] if any(table["source"]) else None)


def records_from_identities(
    ids: Sequence[str], identities: Sequence[Identity], sources: Sequence[str] | None = None
) -> Records:
    """Encode records that are normalised already."""
    columns = columns_of(identities)
    columns.population = columns.size
    return Records(ids, columns, _numbered(sources))


def _numbered(sources: Sequence[str] | None) -> Codes | None:
    return None if sources is None else Vocabulary().encode(sources)


def _missing(size: int) -> Column:
    return Column([], np.full((size, 1), -1, np.int32))


def _single(table: Table, field: str, size: int, normalize: Callable[[str], str]) -> Column:
    if field not in table:
        return _missing(size)
    vocabulary = Vocabulary()
    known = {value: normalize(value) for value in set(table[field])}
    codes = vocabulary.encode(known[value] for value in table[field])
    return Column(vocabulary.values, codes.reshape(size, 1))


def _several(table: Table, field: str, size: int, normalize: Callable[[str], str]) -> Column:
    if field not in table:
        return _missing(size)
    vocabulary = Vocabulary()
    raw = table[field]
    if not any(_SEVERAL in value for value in raw):
        return Column(vocabulary.values, vocabulary.encode(map(normalize, raw)).reshape(size, 1))
    values = [_distinct(normalize(part) for part in value.split(_SEVERAL)) for value in raw]
    width = max(map(len, values)) or 1
    padded = [value for several in values for value in several + [""] * (width - len(several))]
    return Column(vocabulary.values, vocabulary.encode(padded).reshape(size, width))


def _distinct(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(value for value in values if value))[:MOST_VALUES]


def _name_columns(table: Table, size: int) -> dict[str, Column]:
    names, suffixes = Vocabulary(), Vocabulary()
    vocabularies = [names, names, names, suffixes]
    codes = _encoded(size, lambda rows: _names(table, rows), vocabularies)
    fields = zip(PersonName._fields, vocabularies, codes, strict=True)
    return {field: Column(vocabulary.values, column) for field, vocabulary, column in fields}


def _names(table: Table, rows: range) -> Iterable[PersonName]:
    whole = _cut(table, "name", rows)
    if not any(part in table for part in _NAME_PARTS):
        return map(parse_name, whole)
    parts = zip(*(_cut(table, field, rows) for field in (*_NAME_PARTS, "suffix")), strict=True)
    return (
        join_name(*row) if row[0] or row[1] or row[2] else parse_name(name)
        for name, row in zip(whole, parts, strict=True)
    )


def _address_columns(table: Table, size: int) -> dict[str, Column]:
    vocabularies = [Vocabulary() for _ in _ADDRESS_FIELDS]
    codes = _encoded(size, lambda rows: map(_address_values, _addresses(table, rows)), vocabularies)
    fields = zip(_ADDRESS_FIELDS, vocabularies, codes, strict=True)
    return {field: Column(vocabulary.values, column) for field, vocabulary, column in fields}


def _address_values(address: PostalAddress) -> tuple[str, ...]:
    line = address_line(address.house_number, address.street)
    return line, address.house_number, address.street, address.unit, address.city, address.postcode


def _addresses(table: Table, rows: range) -> Iterable[PostalAddress]:
    whole = _cut(table, "address", rows)
    if not any(part in table for part in _ADDRESS_PARTS):
        return map(parse_address, whole)
    parts = zip(*(_cut(table, field, rows) for field in _ADDRESS_PARTS), strict=True)
    return (
        parse_address(address) if address else join_address(*row) for address, row in zip(whole, parts, strict=True)
    )


def _encoded(
    size: int, read: Callable[[range], Iterable[Sequence[str]]], vocabularies: list[Vocabulary]
) -> list[Codes]:
    """Encode several columns that are read together, some rows at a time so that few are held as text."""
    codes = [np.empty((size, 1), np.int32) for _ in vocabularies]
    for begin in range(0, size, _AT_ONCE):
        rows = range(begin, min(begin + _AT_ONCE, size))
        for column, vocabulary, values in zip(codes, vocabularies, zip(*read(rows), strict=True), strict=True):
            column[rows.start : rows.stop, 0] = vocabulary.encode(values)
    return codes


def _cut(table: Table, field: str, rows: range) -> Sequence[str]:
    values = table.get(field)
    return [""] * len(rows) if values is None else values[rows.start : rows.stop]
