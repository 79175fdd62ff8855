"""Customers owns the small files and records that matching tests use."""

import random
from collections.abc import Mapping

from services.identity import join_address
from services.matching.domain.identity_record import Identity, identify

Row = Mapping[str, str]

FAMILIES = [
    "Abbott",
    "Baker",
    "Carver",
    "Dyer",
    "Eaton",
    "Fowler",
    "Glover",
    "Harper",
    "Ingram",
    "Jarvis",
    "Keller",
    "Lawson",
    "Mercer",
    "Norton",
]
GIVENS = [
    "Alice",
    "Brian",
    "Clara",
    "David",
    "Emma",
    "Frank",
    "Grace",
    "Henry",
    "Irene",
    "James",
    "Karen",
    "Louis",
    "Martha",
    "Nathan",
]


def identity_of(row: Row) -> Identity:
    """Return the record of a row, as the services build it."""
    return identify(
        given_name=row.get("given_name", ""),
        middle_name=row.get("middle_name", ""),
        family_name=row.get("family_name", ""),
        suffix=row.get("suffix", ""),
        organization=row.get("organization", ""),
        emails=row.get("email", "").split("|"),
        phones=row.get("phone", "").split("|"),
        addresses=[join_address(row.get("street", ""), row.get("city", ""), "", row.get("postal_code", ""))],
        birth_date=row.get("birth_date", ""),
        external_ids=[row.get("external_id", "")],
    )


def people(count: int, copies: int, seed: int = 1) -> list[dict[str, str]]:
    """Return people of whom some are there twice, the copy lacking the phone and with a typing error."""
    chance = random.Random(seed)
    rows = [_person(number, chance) for number in range(count)]
    for number in range(copies):
        copy = dict(rows[number], id=f"copy-{number}", phone="")
        copy["family_name"] = copy["family_name"][:-1]
        rows.append(copy)
    return rows


def _person(number: int, chance: random.Random) -> dict[str, str]:
    given, family = chance.choice(GIVENS), chance.choice(FAMILIES)
    return {
        "id": f"person-{number}",
        "given_name": given,
        "family_name": family,
        "email": f"{given}.{family}{number * 7919 % 10_007}@mail.example".lower(),
        "phone": f"415{2_000_000 + number * 104_729 % 7_999_993}",
        "street": f"{chance.randrange(1, 900)} {chance.choice(FAMILIES)} Street",
        "city": chance.choice(["Springfield", "Shelbyville", "Ogdenville"]),
        "postal_code": str(62700 + chance.randrange(40)),
        "birth_date": f"{chance.randrange(1940, 2000)}-{chance.randrange(1, 13):02d}-{chance.randrange(1, 29):02d}",
    }
