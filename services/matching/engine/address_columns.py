"""Address columns owns how the addresses of many customers are read: each distinct part once, odd ones as a whole."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from services.identity.addresses import (
    PostalAddress,
    join_address,
    locality,
    parse_address,
    place_name,
    postcode_of,
    street_name,
)
from services.identity.text import fold
from services.matching.domain.attributes import address_line
from services.matching.engine.address_forms import PARTS, WHOLE
from services.matching.engine.arrays import MISSING, Codes, Mask, Rows
from services.matching.engine.columns import Column, PairedValues
from services.matching.engine.normal_rows import NormalRows
from services.matching.engine.vocabulary import Vocabulary

_FIELDS = ("house_number", "street", "unit", "city", "postcode")
_CITY = "qx"
"""Stands for any city that is one word and no region."""


class _Addresses:
    """Codes of the parts of each row's address."""

    def __init__(self, size: int) -> None:
        self.vocabularies = {field: Vocabulary() for field in _FIELDS}
        self.codes = {field: np.full(size, MISSING, np.int32) for field in _FIELDS}

    def put(self, field: str, texts: Iterable[str], codes: Codes, where: Mask) -> None:
        """Write down what each distinct text became, in the rows that have one."""
        became = np.append(self.vocabularies[field].encode(texts), np.int32(MISSING))[codes]
        np.copyto(self.codes[field], became, where=where & (codes >= 0))

    def put_rows(
        self, fields: Sequence[str], rows: Rows, texts: list[str], read: Callable[[str], Sequence[str]]
    ) -> None:
        """Write down several fields of some rows, each distinct text read once."""
        if not texts:
            return
        known = {text: read(text) for text in dict.fromkeys(texts)}
        for field, values in zip(fields, zip(*(known[text] for text in texts), strict=True), strict=True):
            self.codes[field][rows] = self.vocabularies[field].encode(values)

    def columns(self) -> dict[str, Column]:
        """Return the columns, with house number and street together as one more."""
        columns = {
            field: Column(self.vocabularies[field].values, self.codes[field].reshape(-1, 1)) for field in _FIELDS
        }
        columns["line"] = _lines(columns["house_number"], columns["street"])
        return columns


def address_columns(rows: NormalRows) -> dict[str, Column]:
    """Return the parts of each row's address; one written in a line wins over one in parts."""
    addresses = _Addresses(rows.size)
    in_parts = np.ones(rows.size, np.bool_)
    if "address_given" in rows.names:
        in_parts = ~rows.flags("address_given")
        _read_lines(rows, addresses)
    _read_parts(rows, addresses, in_parts)
    return addresses.columns()


def _read_lines(rows: NormalRows, addresses: _Addresses) -> None:
    everywhere = np.ones(rows.size, np.bool_)
    _read_streets(rows, addresses, WHOLE, everywhere)
    _read_places(rows, addresses)
    set_aside, tails = rows.chosen("address_places")
    addresses.put_rows(_FIELDS[3:], set_aside, tails, _city_and_postcode)
    odd_rows, odd = rows.chosen("address_odd")
    addresses.put_rows(_FIELDS, odd_rows, odd, lambda text: _parts(parse_address(text)))


def _read_streets(rows: NormalRows, addresses: _Addresses, prefix: str, where: Mask) -> None:
    for field in ("house_number", "street", "unit"):
        texts, (codes,) = rows.coded(f"{prefix}_{field}")
        addresses.put(field, (street_name(fold(text)) for text in texts) if field == "street" else texts, codes, where)


def _read_places(rows: NormalRows, addresses: _Addresses) -> None:
    """Read the one or two parts behind the street: apart where neither bears upon the other."""
    places, place = _stripped(rows, "address_place")
    regions, region = _stripped(rows, "address_region")
    alone = [_city_and_postcode(text) for text in places]
    single = region < 0
    addresses.put("city", [city for city, _ in alone], place, single)
    addresses.put("postcode", [postcode for _, postcode in alone], place, single)
    postcodes = [_postcode_behind(text) for text in regions]
    apart = ~single & _among(place, map(_is_city, places)) & _among(region, (code is not None for code in postcodes))
    addresses.put("city", map(place_name, places), place, apart)
    addresses.put("postcode", [code or "" for code in postcodes], region, apart)
    together = np.flatnonzero(~single & ~apart)
    pairs = zip(place[together].tolist(), region[together].tolist(), strict=True)
    tails = [f"{places[first] if first >= 0 else ''},{regions[second]}" for first, second in pairs]
    addresses.put_rows(_FIELDS[3:], together, tails, _city_and_postcode)


def _stripped(rows: NormalRows, column: str) -> tuple[list[str], Codes]:
    texts, (codes,) = rows.coded(column)
    return [fold(text) for text in texts], codes


def _among(codes: Codes, holds: Iterable[bool]) -> Mask:
    return np.array([*holds, False], np.bool_)[codes]


def _is_city(text: str) -> bool:
    """Whether nothing of a part can be a postcode, and something of it a name."""
    return text.isalpha() or (any(map(str.isalnum, text)) and not any(map(str.isdigit, text)))


def _postcode_behind(text: str) -> str | None:
    """Return the postcode beside a region, or nothing when this is no region and the city would be read otherwise."""
    if len(text) == 8 and text[2] == " " and text[:2].isalpha() and text[3:].isdigit():
        return text[3:]
    _, region, postcode, _ = locality([_CITY, text])
    return postcode if region else None


def _city_and_postcode(tail: str) -> tuple[str, str]:
    city, _, postcode, _ = locality([part for part in (part.strip() for part in fold(tail).split(",")) if part])
    return city, postcode


def _parts(address: PostalAddress) -> tuple[str, ...]:
    return address.house_number, address.street, address.unit, address.city, address.postcode


def _read_parts(rows: NormalRows, addresses: _Addresses, where: Mask) -> None:
    if f"{PARTS}_odd" in rows.names:
        _read_streets(rows, addresses, PARTS, where)
        odd_rows, odd = rows.chosen(f"{PARTS}_odd")
        keep = where[odd_rows]
        odd = [text for text, kept in zip(odd, keep.tolist(), strict=True) if kept]
        addresses.put_rows(_FIELDS[:3], odd_rows[keep], odd, lambda text: _parts(join_address(text))[:3])
    for column, field, read in (("city", "city", place_name), ("postal_code", "postcode", postcode_of)):
        if column in rows.names:
            texts, (codes,) = rows.coded(column)
            addresses.put(field, map(read, texts), codes, where)


def _lines(house_number: Column, street: Column) -> Column:
    numbers, streets = house_number.codes[:, 0], street.codes[:, 0]
    rows = np.flatnonzero((numbers >= 0) & (streets >= 0))
    pairs, inverse = np.unique(numbers[rows].astype(np.int64) << 32 | streets[rows], return_inverse=True)
    codes = np.full((len(numbers), 1), MISSING, np.int32)
    codes[rows, 0] = inverse
    return Column(PairedValues(house_number.values, street.values, pairs, address_line), codes)
