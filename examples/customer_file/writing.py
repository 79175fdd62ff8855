"""Writing owns how one record is put down in a row: order and case of the name, the look of numbers, gaps."""

from .copies import slip
from .dice import Dice
from .people import Home, Party

COLUMNS = (
    "name",
    "organization",
    "email",
    "phone",
    "street",
    "city",
    "region",
    "postal_code",
    "country",
    "birth_date",
    "external_id",
)
SHORT_WAYS = {
    "Street": "St", "Avenue": "Ave", "Road": "Rd", "Drive": "Dr", "Lane": "Ln", "Court": "Ct",
    "Boulevard": "Blvd", "Place": "Pl", "Circle": "Cir", "Terrace": "Ter", "Square": "Sq",
    "Crescent": "Cres", "straße": "str.", "avenue": "av.", "boulevard": "bd", "Avenida": "Av.",
}  # fmt: skip

Row = tuple[str, ...]


def write_row(party: Party, dice: Dice, is_copy: bool) -> Row:
    """Return the values of COLUMNS for one record; copies come from more hurried hands."""
    gap = 1.5 if is_copy else 1.0
    has_email, has_phone, has_address = (dice.roll() >= share * gap for share in (0.12, 0.15, 0.10))
    home = party.home
    city_known = has_address and dice.chance(0.95)
    return (
        _name(party, dice, is_copy),
        party.organization,
        "|".join(_email(email, dice) for email in party.emails) if has_email else "",
        "|".join(_phone(digits, party, dice) for digits in party.phones) if has_phone else "",
        _street(party, dice, is_copy) if has_address else "",
        home.city.name if city_known else "",
        home.city.region if city_known else "",
        _postal_code(home, dice) if city_known and dice.chance(0.9) else "",
        party.country.code if dice.chance(0.9) else "",
        _birth_date(party, dice),
        party.external_id if dice.chance(0.35) else "",
    )


def _name(party: Party, dice: Dice, is_copy: bool) -> str:
    if not party.given:
        return ""
    given = f"{party.given} {party.middle}." if dice.chance(0.12) else party.given
    name = f"{given} {party.family}"
    draw = dice.roll()
    if draw < (0.10 if is_copy else 0.03):
        name = f"{party.family}, {given}"
    elif draw > 0.96:
        name = f"{'Ms.' if party.is_woman else 'Mr.'} {name}"
    elif draw > 0.953:
        name = f"Dr. {name}"
    case = dice.roll()
    if case < 0.05:
        return name.upper()
    return name.lower() if case < 0.09 else name


def _email(address: str, dice: Dice) -> str:
    draw = dice.roll()
    if draw > 0.97:
        return address.upper()
    mailbox, _, domain = address.partition("@")
    if domain == "gmail.com" and draw < 0.04:
        return f"{mailbox}+shop@{domain}"
    return address


def _phone(digits: str, party: Party, dice: Dice) -> str:
    """Return the digits in one of the country's ways of writing; abroad most write the country code."""
    writings = party.country.phone_writings
    abroad = [writing for writing in writings if writing.startswith("+")]
    usable = abroad if party.country.code not in {"US", "CA"} and dice.chance(0.7) else writings
    left = iter(digits)
    return "".join(next(left, "") if symbol == "#" else symbol for symbol in dice.pick(usable))


def _street(party: Party, dice: Dice, is_copy: bool) -> str:
    home, country = party.home, party.country
    way = SHORT_WAYS.get(home.way, home.way) if dice.chance(0.5) else home.way
    street = country.street_form.format(number=home.number, street=home.street, way=way)
    if home.unit:
        street = f"{street} {dice.pick(country.unit_forms).format(unit=home.unit)}"
    if is_copy and dice.chance(0.1):
        street = slip(street, dice)
    return street.upper() if dice.chance(0.04) else street


def _postal_code(home: Home, dice: Dice) -> str:
    return home.postal_code.replace(" ", "") if dice.chance(0.1) else home.postal_code


def _birth_date(party: Party, dice: Dice) -> str:
    if not party.given or dice.chance(0.65):
        return ""
    year, month, day = party.birth_date
    return f"{year:04d}-{month:02d}-{day:02d}"
