"""Writing owns how each record is put down: slips, nicknames, initials, order and case, looks of numbers, gaps."""

from collections.abc import Iterator

import numpy as np

from tests.benchmarks.generator.people import Country, People
from tests.benchmarks.generator.words import LETTERS, NEAR, NICKNAMES, WAYS

Row = tuple[str, str, str, str]
"""Name, e-mail, phone, address; '' is a gap."""

_GAPS = (0.10, 0.15, 0.08)
_GAPS_OF_COPIES = (0.20, 0.25, 0.15)


def written(people: People, country: Country, dice: np.random.Generator) -> list[Row]:
    """Write every record, in the order of the people."""
    count = len(people.who)
    phone_style = dice.choice(6, count, p=[0.3, 0.3, 0.15, 0.1, 0.1, 0.05])
    address_style = dice.integers(0, 8, count) + 8 * dice.choice([2, 1, 0], count, p=[0.86, 0.09, 0.05])
    gaps = dice.random((count, 3)) < np.where(people.is_copy[:, None], _GAPS_OF_COPIES, _GAPS)
    rolls = dice.random((count, 8))
    places, kinds = dice.random((count, 3)), dice.integers(0, 4, (count, 3))
    new_family = country.families(count)
    addresses = _addresses(people, country, address_style.tolist())
    columns = (
        people.is_copy, people.first, people.last, new_family, people.is_woman, people.middle, people.email,
        people.phone, phone_style, gaps, rolls, places, kinds,
    )  # fmt: skip
    rows = zip(addresses, *(column.tolist() for column in columns), strict=True)
    return [_row(*row) for row in rows]


def _row(
    address: str,
    is_copy: bool,
    first: str,
    last: str,
    new_family: str,
    is_woman: bool,
    middle: int,
    email: str,
    phone: int,
    phone_style: int,
    gaps: list[bool],
    rolls: list[float],
    places: list[float],
    kinds: list[int],
) -> Row:
    if is_copy:
        first = _given(first, rolls, places[0], kinds[0])
        last = _family(last, new_family, is_woman, rolls[2], places[1], kinds[1])
    return (
        _name(first, last, LETTERS[middle].upper(), "Ms." if is_woman else "Mr.", is_copy, rolls),
        "" if gaps[0] else _email(email, is_copy, rolls, places[2], kinds[2]),
        "" if gaps[1] else _phone(_misread(phone, places[0]) if is_copy and rolls[7] < 0.04 else phone, phone_style),
        "" if gaps[2] else _address(address, is_copy, rolls, places[2], kinds[1]),
    )


def slip(text: str, place: float, kind: int) -> str:
    """Return text with one slip of the fingers, at a place in [0, 1): a letter lost, doubled, swapped, hit beside."""
    if len(text) < 3:
        return text
    at = 1 + int(place * (len(text) - 2))
    if kind == 0:
        return text[:at] + text[at + 1 :]
    if kind == 1:
        return text[:at] + text[at] + text[at:]
    if kind == 2:
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :] if at + 1 < len(text) else text
    near = NEAR.get(text[at].lower(), LETTERS)
    return text[:at] + near[int(place * 7919) % len(near)] + text[at + 1 :]


def _given(first: str, rolls: list[float], place: float, kind: int) -> str:
    if rolls[0] < 0.14:
        known = NICKNAMES.get(first)
        return known[int(rolls[1] * len(known))] if known else first
    if rolls[0] < 0.19:
        return first[0] + ("." if rolls[1] < 0.5 else "")
    return slip(first, place, kind) if rolls[0] < 0.28 else first


def _family(last: str, new_family: str, is_woman: bool, roll: float, place: float, kind: int) -> str:
    if is_woman and roll < 0.04:
        return new_family
    return slip(last, place, kind) if roll < 0.13 else last


def _name(first: str, last: str, initial: str, title: str, is_copy: bool, rolls: list[float]) -> str:
    middle = f" {initial}." if rolls[3] < 0.12 else ""
    name = f"{last}, {first}{middle}" if rolls[4] < (0.10 if is_copy else 0.03) else f"{first}{middle} {last}"
    if rolls[4] > 0.97:
        name = f"{title} {name}"
    if rolls[5] < 0.06:
        return name.upper()
    return name.lower() if rolls[5] < 0.11 else name


def _email(email: str, is_copy: bool, rolls: list[float], place: float, kind: int) -> str:
    if is_copy and rolls[6] < 0.05:
        user, _, domain = email.partition("@")
        return f"{slip(user, place, kind)}@{domain}"
    if rolls[6] > 0.95:
        return email.upper() if rolls[1] < 0.5 else email.capitalize()
    return email


def _misread(phone: int, place: float) -> int:
    """Return the number with one digit off."""
    return int(phone + 10 ** int(place * 7))


def _phone(phone: int, style: int) -> str:
    area, exchange, line = phone // 10_000_000, phone // 10_000 % 1000, phone % 10_000
    match style:
        case 0:
            return f"({area:03d}) {exchange:03d}-{line:04d}"
        case 1:
            return f"{area:03d}-{exchange:03d}-{line:04d}"
        case 2:
            return f"{area:03d}{exchange:03d}{line:04d}"
        case 3:
            return f"+1 {area:03d} {exchange:03d} {line:04d}"
        case 4:
            return f"{area:03d}.{exchange:03d}.{line:04d}"
        case _:
            return f"1-{area:03d}-{exchange:03d}-{line:04d}"


def _addresses(people: People, country: Country, styles: list[int]) -> Iterator[str]:
    """Yield each home: the street alone, with its town, or with state and zip code too."""
    streets, towns, states = country.streets.tolist(), country.towns.tolist(), country.states.tolist()
    columns = (column.tolist() for column in people.address.values())
    for number, street, way, unit, town, code, style in zip(*columns, styles, strict=True):
        text = f"{number} {streets[street]} {WAYS[way][style & 1]}"
        if unit:
            text += (f" Apt {unit}", f" #{unit}", f", Unit {unit}", f" apt. {unit}")[style >> 1 & 3]
        if style >= 16:
            text = f"{text}, {towns[town]}, {states[town]} {code:05d}"
        elif style >= 8:
            text = f"{text}, {towns[town]}"
        yield text


def _address(address: str, is_copy: bool, rolls: list[float], place: float, kind: int) -> str:
    if is_copy and rolls[1] > 0.88:
        address = slip(address, place, kind)
    return address.upper() if rolls[5] < 0.06 else address
