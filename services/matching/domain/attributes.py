"""Attributes owns the single values that keys and comparisons are made of, each with its source."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from services.identity.nicknames import given_root
from services.identity.sounds import soundex
from services.matching.domain.identity_record import Identity

Values = tuple[str, ...]

SHORTEST_LOCAL = 4


@dataclass(frozen=True, slots=True)
class Attribute:
    """One value of a record, or one for each contact point; '' keeps the place of what is missing."""

    name: str
    read: Callable[[Identity], Values]
    vocabulary: str = ""
    """Attributes of one vocabulary may be compared with one another, as a given with a family name."""


@dataclass(frozen=True, slots=True)
class DerivedAttribute:
    """A value that follows from another one; '' when it does not."""

    name: str
    source: str
    derive: Callable[[str], str]
    derive_many: Callable[[Iterable[str]], Iterable[str]] | None = None
    """The same of many values, where that is quicker than one by one."""

    def of_all(self, values: Iterable[str]) -> Iterable[str]:
        """Derive many values, in their order."""
        return self.derive_many(values) if self.derive_many else map(self.derive, values)


def address_line(house_number: str, street: str) -> str:
    """Return house number and street as one value, or nothing when either is missing."""
    return f"{house_number} {street}" if house_number and street else ""


def _email_local(email: str) -> str:
    (local,) = email_locals([email])
    return local


def email_locals(emails: Iterable[str]) -> list[str]:
    """Return what stands before the @ of each e-mail, '' where that is too short to tell people apart."""
    ends = [(email, email.rfind("@")) for email in emails]
    return [email[:end] if end >= SHORTEST_LOCAL else "" for email, end in ends]


ATTRIBUTES = (
    Attribute("given", lambda identity: (identity.name.given,), vocabulary="name"),
    Attribute("middle", lambda identity: (identity.name.middle,), vocabulary="name"),
    Attribute("family", lambda identity: (identity.name.family,), vocabulary="name"),
    Attribute("suffix", lambda identity: (identity.name.suffix,)),
    Attribute("organization", lambda identity: (identity.organization,)),
    Attribute("email", lambda identity: identity.emails),
    Attribute("phone", lambda identity: identity.phones),
    Attribute("house_number", lambda identity: tuple(a.house_number for a in identity.addresses)),
    Attribute("street", lambda identity: tuple(a.street for a in identity.addresses)),
    Attribute("unit", lambda identity: tuple(a.unit for a in identity.addresses)),
    Attribute("line", lambda identity: tuple(address_line(a[0], a[1]) for a in identity.addresses)),
    Attribute("city", lambda identity: tuple(a.city for a in identity.addresses)),
    Attribute("postcode", lambda identity: tuple(a.postcode for a in identity.addresses)),
    Attribute("birth_date", lambda identity: (identity.birth_date,)),
    Attribute("external_id", lambda identity: identity.external_ids),
)


def plain_vowels(name: str) -> str:
    """Return a folded name as it reads without umlauts: 'Mueller' and 'Müller' are looked up under one key."""
    return name.replace("ae", "a").replace("oe", "o").replace("ue", "u") if "e" in name else name


def _family_roots(names: Iterable[str]) -> list[str]:
    """Return what `plain_vowels` makes of each name, which is quickest for all of them as one text."""
    each = list(names)
    roots = plain_vowels("\n".join(each)).split("\n")
    return roots if len(roots) == len(each) else [plain_vowels(name) for name in each]


USUAL_RARITY = 0.5
RARITY = {"email": 0.05, "phone": 0.05, "external_id": 0.05, "email_local": 0.2, "line": 0.2}
"""How many other holders, unseen so far, are expected of a value that only one person was seen with."""

DERIVED_ATTRIBUTES = (
    DerivedAttribute("given_root", "given", lambda given: plain_vowels(given_root(given)) if len(given) > 1 else ""),
    DerivedAttribute("given_sound", "given", lambda given: soundex(plain_vowels(given)) if len(given) > 1 else ""),
    DerivedAttribute("given_initial", "given", lambda given: given[:1]),
    DerivedAttribute("family_root", "family", plain_vowels, _family_roots),
    DerivedAttribute("family_start", "family", lambda family: family[:3]),
    DerivedAttribute("family_sound", "family", lambda family: soundex(plain_vowels(family))),
    DerivedAttribute("email_local", "email", _email_local, email_locals),
    DerivedAttribute("birth_year", "birth_date", lambda date: date[:4] if date[:4].isdigit() else ""),
    DerivedAttribute("birth_day", "birth_date", lambda date: date[5:] if len(date) == 10 else ""),
)
