"""Copies owns how a second record of the same customer differs: slips, nicknames, new numbers, a new home."""

from dataclasses import replace

from .dice import Dice, Weighted
from .people import Home, Party, Population
from .vocabulary import plain_ascii, vocabulary

COPIED = 0.1003  # with 1.36 copies each on average, 12 % of all rows are copies
_HOW_MANY = Weighted((1, 2, 3, 4, 5), (0.76, 0.16, 0.05, 0.02, 0.01))
_KEYBOARD = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "1234567890")
_NEAR = {
    key: row[max(0, place - 1) : place] + row[place + 1 : place + 2]
    for row in _KEYBOARD
    for place, key in enumerate(row)
}


def copies_of(party: Party, population: Population, dice: Dice) -> list[Party]:
    """Return the further records of a customer; for nine customers in ten there is none."""
    if not dice.chance(COPIED):
        return []
    change = _changed_person if party.given else _changed_organization
    return [change(party, population, dice) for _ in range(_HOW_MANY.draw(dice))]


def slip(text: str, dice: Dice) -> str:
    """Return text with one slip of the fingers: a letter lost, doubled, swapped or hit beside."""
    if len(text) < 3:
        return text
    place = dice.between(1, len(text) - 2)
    before, letter, after = text[:place], text[place], text[place + 1 :]
    kind = dice.below(4)
    if kind == 0:
        return before + after
    if kind == 1:
        return before + letter * 2 + after
    if kind == 2:
        return before + after[0] + letter + after[1:]
    return before + dice.pick(_NEAR.get(letter.lower(), letter)) + after


def _changed_person(party: Party, population: Population, dice: Dice) -> Party:
    home, phones = _contact(party, population, dice)
    return replace(
        party,
        given=_given(party.given, dice),
        family=_family(party, population, dice),
        organization="" if dice.chance(0.4) else party.organization,
        home=home,
        phones=phones,
        emails=_person_emails(party, population, dice),
        birth_date=_birth_date(party.birth_date, dice),
        external_id=party.external_id if dice.chance(0.4) else "",
    )


def _changed_organization(party: Party, population: Population, dice: Dice) -> Party:
    home, phones = _contact(party, population, dice)
    return replace(
        party,
        organization=_organization(party, dice),
        home=home,
        phones=phones,
        emails=(slip(party.emails[0], dice),) if dice.chance(0.04) else party.emails,
        external_id=party.external_id if dice.chance(0.5) else "",
    )


def _given(given: str, dice: Dice) -> str:
    draw = dice.roll()
    if draw < 0.14:
        return dice.pick(vocabulary().nicknames.get(given.lower(), (given,))).capitalize()
    if draw < 0.18:
        return given[0] + ("." if dice.chance(0.5) else "")
    if draw < 0.27:
        return slip(given, dice)
    return plain_ascii(given) if draw > 0.6 else given


def _family(party: Party, population: Population, dice: Dice) -> str:
    draw = dice.roll()
    if draw < 0.03 and party.is_woman:
        return population.family_name(party.country)
    if draw < 0.12:
        return slip(party.family, dice)
    return plain_ascii(party.family) if draw > 0.6 else party.family


def _organization(party: Party, dice: Dice) -> str:
    name, _, trade = party.organization.partition(" ")
    draw = dice.roll()
    if draw < 0.4:
        return _without_legal_form(party)
    if draw < 0.5:
        return f"The {party.organization}"
    if draw < 0.62:
        return f"{slip(name, dice)} {trade}"
    return plain_ascii(party.organization) if draw > 0.8 else party.organization


def _without_legal_form(party: Party) -> str:
    for form in party.country.legal_forms:
        if party.organization.endswith(f" {form}"):
            return party.organization.removesuffix(f" {form}")
    return party.organization


def _contact(party: Party, population: Population, dice: Dice) -> tuple[Home, tuple[str, ...]]:
    """Return a home and phones: one in eight moved, one in eight has a new number, some are one digit off."""
    home = population.home(party.country) if dice.chance(0.12) else party.home
    draw = dice.roll()
    if draw < 0.12:
        return home, (population.phone(party.country, home.city),)
    if draw < 0.16:
        return home, (_one_digit_off(party.phones[0], dice),)
    return home, party.phones


def _person_emails(party: Party, population: Population, dice: Dice) -> tuple[str, ...]:
    draw = dice.roll()
    if draw < 0.15:
        return (population.email(party.given, party.family, party.country),)
    if draw < 0.19:
        mailbox, _, domain = party.emails[0].partition("@")
        return (f"{slip(mailbox, dice)}@{domain}",)
    return party.emails


def _one_digit_off(digits: str, dice: Dice) -> str:
    place = dice.between(3, len(digits) - 1)
    return f"{digits[:place]}{(int(digits[place]) + dice.between(1, 9)) % 10}{digits[place + 1 :]}"


def _birth_date(born: tuple[int, int, int], dice: Dice) -> tuple[int, int, int]:
    """Return the date, sometimes with a digit wrong, day and month swapped, or impossible as clerks leave it."""
    year, month, day = born
    draw = dice.roll()
    if draw < 0.02:
        return year - 10 + dice.below(20), month, day
    if draw < 0.04:
        return (year, day, month) if day <= 12 else (year, month, 31 - day)
    if draw < 0.05:
        return year, 2, 30
    return born
