"""People owns who the customers are: households, namesakes, organisations and those who work for them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

from .dice import Dice
from .vocabulary import City, Country, plain_ascii, vocabulary

MOST_EMPLOYERS = 5_000
RECENT_NAMES = 500

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Home:
    """Where somebody lives or trades; `unit` is 0 for a house without flats."""

    number: int
    street: str
    way: str
    unit: int
    city: City
    postal_code: str


@dataclass(frozen=True, slots=True)
class Party:
    """One true customer; an organisation has no given and no family name, a phone is its national digits."""

    country: Country
    home: Home
    given: str = ""
    middle: str = ""
    family: str = ""
    is_woman: bool = False
    organization: str = ""
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    birth_date: tuple[int, int, int] = (0, 0, 0)
    external_id: str = ""


class Population:
    """An endless town of customers, drawn one household or organisation after another."""

    def __init__(self, dice: Dice) -> None:
        self._dice = dice
        self._words = vocabulary()
        self._employers: dict[str, list[Party]] = {country.code: [] for country in self._words.countries.items}
        self._recent: list[tuple[str, str, bool]] = []
        self._card = 100_000

    def parties(self) -> Iterator[Party]:
        while True:
            country = self._words.countries.draw(self._dice)
            if self._dice.chance(0.05):
                yield self._organization(country)
            else:
                yield from self._household(country)

    def home(self, country: Country) -> Home:
        dice, city = self._dice, country.cities.draw(self._dice)
        street = country.streets.draw(dice) if dice.chance(0.75) else self.family_name(country)
        unit = dice.between(1, 399) if dice.chance(0.22) else 0
        number = dice.between(1, 1_999)
        return Home(number, street, dice.pick(country.ways), unit, city, self._postal_code(city))

    def phone(self, country: Country, city: City) -> str:
        form = country.number_form.replace("*", city.area_code)
        return "".join(self._digit(symbol) for symbol in form)

    def email(self, given: str, family: str, country: Country, business_domain: str = "") -> str:
        """Return an address of their own; a mailbox has one owner, so namesakes differ by a number."""
        dice = self._dice
        first, last = (_letters(part) for part in (given, family))
        if business_domain and dice.chance(0.4):
            return f"{first}.{last}@{business_domain}"
        forms = (
            f"{first}.{last}{dice.below(1_000)}",
            f"{first}{last}{dice.below(10_000)}",
            f"{first[:1]}{last}{dice.below(100_000)}",
            f"{last}{first[:1]}{dice.below(100_000)}",
            f"{first}_{last}{dice.between(1, 28):02d}{dice.between(1940, 2005)}",
        )
        return f"{dice.pick(forms)}@{dice.pick(country.mail_domains)}"

    def family_name(self, country: Country) -> str:
        """Return a surname; a quarter come from a long tail: rare English names, elsewhere double ones."""
        dice, name = self._dice, country.family.draw(self._dice)
        if not dice.chance(0.25):
            return name
        if country.code in {"US", "GB"}:
            return dice.pick(self._words.family_heads) + dice.pick(self._words.family_tails)
        return f"{name}-{country.family.draw(dice)}"

    def _employer(self, country: Country) -> Party | None:
        """Return one of the country's organisations for one person in eight, for fewer while there are few."""
        employers = self._employers[country.code]
        return self._dice.pick(employers) if self._dice.chance(min(0.12, len(employers) / 100)) else None

    def _household(self, country: Country) -> Iterator[Party]:
        first = self._person(country, self.home(country))
        yield first
        while self._dice.chance(0.2):
            yield self._relative(first)

    def _relative(self, first: Party) -> Party:
        dice = self._dice
        person = self._person(first.country, first.home)
        if dice.chance(0.8):
            person = replace(person, family=first.family)
        if dice.chance(0.05):
            person = replace(person, given=first.given, family=first.family, is_woman=first.is_woman)
        address = self.email(person.given, person.family, person.country)
        emails = first.emails if dice.chance(0.06) else (address,)
        phones = first.phones if dice.chance(0.35) else person.phones
        return replace(person, emails=emails, phones=phones)

    def _person(self, country: Country, home: Home) -> Party:
        dice = self._dice
        given, family, is_woman = self._name(country)
        employer = self._employer(country)
        works_for = employer.organization if employer else ""
        email = self.email(given, family, country, employer.emails[0].partition("@")[2] if employer else "")
        if employer and dice.chance(0.08):
            email = employer.emails[0]
        emails = (email, self.email(given, family, country)) if dice.chance(0.02) else (email,)
        phone = self.phone(country, home.city)
        phones = (phone, self.phone(country, home.city)) if dice.chance(0.02) else (phone,)
        return Party(
            country, home, given, dice.pick("ABCDEFGHJKLMNPRSTW"), family, is_woman, works_for, emails, phones,
            (dice.between(1932, 2006), dice.between(1, 12), dice.between(1, 28)), self._next_card("L"),
        )  # fmt: skip

    def _name(self, country: Country) -> tuple[str, str, bool]:
        """Return a name; one in a hundred is the name of somebody else, who lives elsewhere."""
        dice = self._dice
        if self._recent and dice.chance(0.01):
            return dice.pick(self._recent)
        is_woman = dice.chance(0.5)
        given = (country.female if is_woman else country.male).draw(dice)
        name = (given, self.family_name(country), is_woman)
        _keep(self._recent, name, RECENT_NAMES, dice)
        return name

    def _organization(self, country: Country) -> Party:
        dice, words = self._dice, self._words
        head = dice.pick(words.business_heads) if dice.chance(0.4) else self.family_name(country)
        name = f"{head} {dice.pick(words.trades)}"
        home = self.home(country)
        email = f"{dice.pick(words.shared_mailboxes)}@{_business_domain(name)}"
        phone = self.phone(country, home.city)
        registered = f"{name} {dice.pick(country.legal_forms)}"
        party = Party(
            country,
            home,
            organization=registered,
            emails=(email,),
            phones=(phone,),
            external_id=self._next_card("B"),
        )
        _keep(self._employers[country.code], party, MOST_EMPLOYERS, dice)
        return party

    def _next_card(self, kind: str) -> str:
        self._card += 1 + self._dice.below(9)
        return f"{kind}-{self._card}"

    def _postal_code(self, city: City) -> str:
        pattern = city.postal_pattern
        return "".join(str(self._dice.below(10)) if symbol == "#" else symbol for symbol in pattern)

    def _digit(self, symbol: str) -> str:
        if symbol == "#":
            return str(self._dice.below(10))
        return str(self._dice.between(2, 9)) if symbol == "N" else symbol


def _business_domain(name: str) -> str:
    """Return a domain for an organisation, under the top-level domain that is kept for examples."""
    words = plain_ascii(name).lower().split()
    return "-".join("".join(filter(str.isalnum, word)) for word in words) + ".example"


def _letters(name: str) -> str:
    return "".join(filter(str.isalnum, plain_ascii(name).lower())) or "customer"


def _keep(items: list[T], item: T, most: int, dice: Dice) -> None:
    """Append, or replace a random one when there are enough already."""
    if len(items) < most:
        items.append(item)
    else:
        items[dice.below(most)] = item
