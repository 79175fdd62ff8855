"""Records owns how raw fields of many customers become columns: each field is normalised, then encoded."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np

from services.identity.birth_dates import normalize_birth_date
from services.identity.organizations import normalize_organization
from services.matching.domain.further import LONGEST, is_further
from services.matching.domain.identity_record import Identity
from services.matching.engine import contact_columns as contacts
from services.matching.engine.address_columns import address_columns
from services.matching.engine.address_forms import line_forms, street_forms
from services.matching.engine.arrays import MISSING, Codes
from services.matching.engine.columns import Column, Columns, columns_of
from services.matching.engine.further_columns import further_columns
from services.matching.engine.name_columns import NAME_PARTS, name_columns, whole_name_forms
from services.matching.engine.normal_rows import Forms, NormalRows, normal_rows
from services.matching.engine.raw_rows import RawRows, database, distinct_values, rows_of_lists
from services.matching.engine.vocabulary import Vocabulary

FIELDS = (
    "name", "given_name", "middle_name", "family_name", "title", "suffix", "organization", "email", "phone",
    "address", "street", "city", "region", "postal_code", "country", "birth_date", "external_id",
)  # fmt: skip

Table = Mapping[str, Sequence[str]]
"""Raw fields by column; a field that is not there is missing for all."""

_UNTOUCHED = ("id", "source", *NAME_PARTS, "organization", "city", "postal_code", "birth_date")
_THREADS = 2


@dataclass(slots=True)
class Records:
    """Encoded records with their ids; `sources` numbers the source of each, when links between two are wanted."""

    ids: Sequence[str]
    columns: Columns
    sources: Codes | None = None
    left_out: dict[str, str] = field(default_factory=dict)
    """Why further columns are no evidence, by attribute."""


def records_from_table(
    ids: Sequence[str], table: Table, region: str = "US", sources: Sequence[str] | None = None
) -> Records:
    """Encode a table of raw fields."""
    used = {name: values for name, values in table.items() if name in FIELDS or is_further(name)}
    with database() as connection:
        rows = normalized(rows_of_lists(connection, {"id": ids, **used}), region)
        columns, left_out = all_columns(rows, region)
    return Records(ids, columns, None if sources is None else Vocabulary().encode(sources), left_out)


def records_from_rows(rows: Iterable[Mapping[str, str]], region: str = "US") -> Records:
    """Encode rows of raw fields, each with its `id`, and `source` where sources matter."""
    table: dict[str, list[str]] = {name: [] for name in ("id", "source", *FIELDS)}
    for row in rows:
        for name, values in table.items():
            values.append(row.get(name) or "")
    used = {name: values for name, values in table.items() if name in FIELDS and any(values)}
    return records_from_table(table["id"], used, region, table["source"] if any(table["source"]) else None)


def records_from_identities(
    ids: Sequence[str], identities: Sequence[Identity], sources: Sequence[str] | None = None
) -> Records:
    """Encode records that are normalised already."""
    columns = columns_of(identities)
    columns.population = columns.size
    return Records(ids, columns, None if sources is None else Vocabulary().encode(sources))


def normalized(raw: RawRows, region: str) -> NormalRows:
    """Read the raw rows once, making what the columns need of each field that there is."""
    countries = distinct_values(raw, "country") if {"country", "phone"} <= raw.fields.keys() else None
    makers: dict[str, Callable[[], Forms]] = {
        "name": whole_name_forms,
        "email": contacts.email_forms,
        "phone": lambda: contacts.phone_forms(region, countries),
        "external_id": contacts.external_id_forms,
        "address": line_forms,
        "street": street_forms,
    }
    forms = [make() for name, make in makers.items() if name in raw.fields]
    forms.append(
        Forms({name: f"if(length({name}) <= {LONGEST}, {name}, NULL)" for name in filter(is_further, raw.fields)})
    )
    return normal_rows(raw, forms, [name for name in _UNTOUCHED if name in raw.fields])


def all_columns(rows: NormalRows, region: str) -> tuple[Columns, dict[str, str]]:
    """Return the columns of all attributes, and why further ones are left out."""
    further = further_columns(rows)
    return Columns(rows.size, {**base_columns(rows, region), **further.columns}), further.left_out


def base_columns(rows: NormalRows, region: str) -> dict[str, Column]:
    """Return the column of each attribute, two at a time."""
    parts: list[Callable[[], dict[str, Column]]] = [
        lambda: name_columns(rows),
        lambda: address_columns(rows),
        lambda: contacts.email_columns(rows),
        lambda: {"phone": contacts.phone_column(rows, region)},
        lambda: {"external_id": contacts.external_id_column(rows)},
        lambda: {"organization": _single(rows, "organization", normalize_organization)},
        lambda: {"birth_date": _single(rows, "birth_date", lambda date: normalize_birth_date(date, region))},
    ]
    base: dict[str, Column] = {}
    with ThreadPoolExecutor(_THREADS) as pool:
        for columns in pool.map(lambda part: part(), parts):
            base |= columns
    return base


def _single(rows: NormalRows, field: str, normalize: Callable[[str], str]) -> Column:
    if field not in rows.names:
        return contacts.missing(rows.size)
    texts, (codes,) = rows.coded(field)
    vocabulary = Vocabulary()
    became = np.append(vocabulary.encode(map(normalize, texts)), np.int32(MISSING))
    return Column(vocabulary.values, became[codes].reshape(rows.size, 1))
