"""People owns who the customers are and what each record of one says: households, namesakes, shared mailboxes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.generator.words import (
    MAIL,
    MAIL_SHARES,
    STATES,
    STREETS,
    TOWN_ENDINGS,
    WAY_SHARES,
    WAYS,
    Floats,
    Words,
    census,
)

Whole = NDArray[np.int64]
Address = dict[str, Whole]
"""Columns number, street, way, unit (0 for none), town, zip."""

_COPIES = (1, 2, 3, 4, 5)
_COPIES_SHARES = (0.76, 0.16, 0.05, 0.02, 0.01)
_NOBODY = -1


@dataclass(slots=True)
class People:
    """Records before they are written: `who` is the true customer of each."""

    who: Whole
    is_copy: NDArray[np.bool_]
    first: Words
    last: Words
    middle: Whole
    is_woman: NDArray[np.bool_]
    address: Address
    phone: Whole
    email: Words


class Country:
    """Towns and streets, a few large and many small."""

    def __init__(self, dice: np.random.Generator, size: int) -> None:
        self._dice = dice
        self.family, self._family_shares = census("dist.all.last")
        towns = max(50, min(4000, size // 100))
        pick = dice.choice(len(self.family), towns * 2, replace=False)
        endings = np.array(TOWN_ENDINGS, object)
        self.towns: Words = self.family[pick[:towns]] + endings[dice.integers(0, len(endings), towns)]
        self.states: Words = np.array(STATES, object)[dice.integers(0, len(STATES), towns)]
        self._zips = dice.integers(1000, 99000, towns)
        self._areas = dice.integers(201, 989, towns)
        self._town_shares = _falling(towns, 3.0)
        self.streets: Words = np.concatenate([np.array(STREETS, object), self.family[pick[towns:]]])
        self._street_shares = _falling(len(self.streets), 8.0)

    def families(self, count: int) -> Words:
        """Return surnames as the census has them."""
        return self.family[self._dice.choice(len(self.family), count, p=self._family_shares)]

    def addresses(self, count: int) -> Address:
        """Return homes."""
        dice = self._dice
        town = dice.choice(len(self.towns), count, p=self._town_shares)
        return {
            "number": dice.integers(1, 9900, count),
            "street": dice.choice(len(self.streets), count, p=self._street_shares),
            "way": dice.choice(len(WAYS), count, p=WAY_SHARES),
            "unit": np.where(dice.random(count) < 0.22, dice.integers(1, 400, count), 0),
            "town": town,
            "zip": self._zips[town] + dice.integers(0, 12, count),
        }

    def phones(self, town: Whole) -> Whole:
        """Return numbers of ten digits, most of them of the town."""
        dice, count = self._dice, len(town)
        area = np.where(dice.random(count) < 0.7, self._areas[town], dice.integers(201, 989, count))
        return area * 10_000_000 + dice.integers(200, 999, count) * 10_000 + dice.integers(0, 9999, count)

    def emails(self, first: Words, last: Words, company: Whole) -> Words:
        """Return mailboxes made of the name, at work or at a public provider."""
        dice, count = self._dice, len(first)
        style = dice.choice(6, count, p=[0.25, 0.2, 0.2, 0.15, 0.1, 0.1])
        number = dice.integers(1, 9999, count)
        domain = np.array(MAIL, object)[dice.choice(len(MAIL), count, p=MAIL_SHARES)]
        work = (company >= 0) & (dice.random(count) < 0.45)
        columns = (first, last, style.tolist(), number.tolist(), domain, company.tolist(), work.tolist())
        return np.array([_mailbox(*row) for row in zip(*columns, strict=True)], object)


def draw(size: int, share_of_copies: float, dice: np.random.Generator) -> tuple[People, Country]:
    """Draw records: mostly one of each customer, of a few two to six."""
    copies = round(size * share_of_copies)
    country = Country(dice, size)
    one, company = _customers(size - copies, max(20, size // 200), country, dice)
    extra = dice.choice(_COPIES, copies, p=_COPIES_SHARES)
    cut = int(np.searchsorted(np.cumsum(extra), copies)) + 1
    source = np.repeat(dice.choice(len(one.who), cut, replace=False), extra[:cut])[:copies]
    who = np.concatenate([one.who, source])
    dice.random((size, 7))  # unused; so a seed gives the file that earlier figures were measured on
    return _changed(one, who, company[who], country, dice), country


def _customers(count: int, companies: int, country: Country, dice: np.random.Generator) -> tuple[People, Whole]:
    """Draw true customers and where each works; about one in seven lives with the one before."""
    is_woman = dice.random(count) < 0.5
    (women, women_shares), (men, men_shares) = census("dist.female.first"), census("dist.male.first")
    female = women[dice.choice(len(women), count, p=women_shares)]
    first = np.where(is_woman, female, men[dice.choice(len(men), count, p=men_shares)])
    last = country.families(count)
    middle = dice.integers(0, 26, count)
    company = np.where(dice.random(count) < 0.6, (companies * dice.random(count) ** 2.2).astype(int), _NOBODY)
    address = country.addresses(count)
    phone = country.phones(address["town"])
    follows = np.flatnonzero((dice.random(count) < 0.15) & (np.arange(count) > 0))
    for column in address.values():
        column[follows] = column[follows - 1]
    last[follows] = np.where(dice.random(len(follows)) < 0.8, last[follows - 1], last[follows])
    same_phone = follows[dice.random(len(follows)) < 0.35]
    phone[same_phone] = phone[same_phone - 1]
    same_name = follows[dice.random(len(follows)) < 0.03]
    first[same_name] = first[same_name - 1]
    email = country.emails(first, last, company)
    same_mailbox = follows[dice.random(len(follows)) < 0.06]
    email[same_mailbox] = email[same_mailbox - 1]
    role = np.flatnonzero((company >= 0) & (dice.random(count) < 0.01))
    email[role] = [f"info@company{number}.com" for number in company[role].tolist()]
    nobody_copied = np.zeros(count, np.bool_)
    people = People(np.arange(count), nobody_copied, first, last, middle, is_woman, address, phone, email)
    return people, company


def _changed(one: People, who: Whole, company: Whole, country: Country, dice: np.random.Generator) -> People:
    """Give each record its values; copies have moved, or have another number or mailbox."""
    count, is_copy = len(who), np.arange(len(who)) >= len(one.who)
    address = {name: column[who] for name, column in one.address.items()}
    phone, email = one.phone[who], one.email[who]
    moved = np.flatnonzero(is_copy & (dice.random(count) < 0.12))
    for name, column in country.addresses(len(moved)).items():
        address[name][moved] = column
    changed = np.flatnonzero(is_copy & (dice.random(count) < 0.12))
    phone[changed] = country.phones(address["town"][changed])
    changed = np.flatnonzero(is_copy & (dice.random(count) < 0.15))
    email[changed] = country.emails(one.first[who[changed]], one.last[who[changed]], company[changed])
    dice.random(count)  # unused, as above
    first, last, middle, is_woman = one.first[who], one.last[who], one.middle[who], one.is_woman[who]
    return People(who, is_copy, first, last, middle, is_woman, address, phone, email)


def _mailbox(first: str, last: str, style: int, number: int, domain: str, company: int, at_work: bool) -> str:
    first, last = first.lower(), last.lower()
    if at_work:
        user = f"{first}.{last}" if style < 3 else f"{first[0]}{last}" if style < 5 else f"{first}{last[0]}"
        return f"{user}@company{company}.com"
    forms = (
        f"{first}.{last}{number % 100 if number % 3 else ''}",
        f"{first}{last}{number % 1000}",
        f"{first[0]}{last}{number}",
        f"{last}{first[0]}{number % 100}",
        f"{first}{number}",
        f"{first}_{last}{1940 + number % 66}",
    )
    return f"{forms[style]}@{domain}"


def _falling(count: int, flatness: float) -> Floats:
    """Return shares that fall with the rank."""
    weights = 1 / (np.arange(count) + flatness)
    shares: Floats = weights / weights.sum()
    return shares
