"""Households owns seeded files of people who live together, close to one another in everything, with their truth."""

from dataclasses import dataclass, field
from random import Random

from tests.unit.matching.customers import Row

GIVEN = [
    "James",
    "Robert",
    "John",
    "Michael",
    "David",
    "William",
    "Richard",
    "Joseph",
    "Thomas",
    "Charles",
    "Mary",
    "Patricia",
    "Jennifer",
    "Linda",
    "Elizabeth",
    "Barbara",
    "Susan",
    "Jessica",
    "Sarah",
    "Karen",
    "Lisa",
    "Nancy",
    "Betty",
    "Sandra",
    "Ashley",
    "Emily",
    "Donna",
    "Michelle",
    "Carol",
    "Amanda",
    "Mark",
    "Steven",
    "Paul",
    "Andrew",
    "Joshua",
    "Kenneth",
    "Kevin",
    "Brian",
    "George",
    "Edward",
    "Ronald",
    "Timothy",
    "Jason",
    "Jeffrey",
    "Ryan",
    "Gary",
    "Nicholas",
    "Eric",
    "Stephen",
    "Larry",
    "Hannah",
    "Olivia",
    "Grace",
    "Judith",
    "Rose",
    "Teresa",
    "Doris",
    "Gloria",
    "Evelyn",
    "Jean",
    "Alice",
    "Megan",
    "Heather",
    "Diane",
    "Julia",
]
FAMILY_STARTS = [
    "Ash",
    "Bar",
    "Cald",
    "Dun",
    "Ever",
    "Fair",
    "Gar",
    "Hart",
    "Ing",
    "Jor",
    "Kel",
    "Lang",
    "Mar",
    "Nor",
    "Ost",
    "Pen",
    "Quin",
    "Rad",
    "Stan",
    "Thorn",
    "Up",
    "Val",
    "Wes",
    "Yar",
]
FAMILY_ENDS = [
    "brook",
    "by",
    "croft",
    "dale",
    "field",
    "ford",
    "gate",
    "ham",
    "ley",
    "low",
    "man",
    "mere",
    "more",
    "ridge",
    "son",
    "stead",
    "ton",
    "well",
    "wick",
    "worth",
]
STREETS = [
    "Oak",
    "Elm",
    "Mill",
    "Church",
    "Station",
    "High",
    "Park",
    "King",
    "Queen",
    "Bridge",
    "Hill",
    "Lake",
    "River",
    "Spring",
    "Garden",
    "Forest",
]


@dataclass(slots=True)
class Lives:
    """Rows and the true person of each row; `seed` decides everything."""

    seed: int
    contacts: bool = True
    """Whether people have phones, and some an e-mail and a number of the shop; a census has neither."""

    rows: list[Row] = field(default_factory=list)
    people: list[str] = field(default_factory=list)
    kinds: dict[str, str] = field(default_factory=dict)
    """What is special about a person: 'twin' or 'namesake' of another one at home."""

    _dice: Random = field(init=False)

    def __post_init__(self) -> None:
        self._dice = Random(self.seed)

    def settle(self, households: int) -> "Lives":
        """Write down so many households, and a part of their people a second time."""
        for number in range(households):
            self._household(number)
        return self

    def _household(self, number: int) -> None:
        dice = self._dice
        home = {
            "family_name": dice.choice(FAMILY_STARTS) + dice.choice(FAMILY_ENDS),
            "street": f"{dice.randint(1, 400)} {dice.choice(STREETS)} Street",
            "city": (city := f"{dice.choice(FAMILY_STARTS)}{dice.choice(FAMILY_ENDS)}"),
            "postal_code": f"{10000 + sum(map(ord, city)) % 700}",
        }
        if self.contacts:
            home["phone"] = f"{dice.randint(212, 989)}-{dice.randint(220, 989)}-{dice.randint(1000, 9999)}"
        parent = dice.randint(1935, 1985)
        names = dice.sample(GIVEN, dice.randint(2, 6))
        kind, before = dice.random(), ""
        for place, given in enumerate(names):
            year = parent + (dice.randint(-4, 4) if place < 2 else 24 + 2 * place + dice.randint(0, 1))
            born = f"{year}-{dice.randint(1, 12):02}-{dice.randint(1, 28):02}"
            person = {**home, "given_name": given, "birth_date": born}
            if place == 3 and kind < 0.15:
                person["birth_date"] = before
                self.kinds[f"{number}-{place}"] = "twin"
            if place == 2 and kind > 0.85:
                person["given_name"] = names[0]
                self.kinds[f"{number}-{place}"] = "namesake"
            before = person["birth_date"]
            self._person(f"{number}-{place}", person)

    def _person(self, name: str, person: dict[str, str]) -> None:
        dice = self._dice
        if self.contacts:
            self._own_contacts(person)
        self._write(name, person)
        if dice.random() < 0.2:
            again = self._again(person)
            self._write(name, again)
            if name in self.kinds or dice.random() < 0.9:
                self.rows[-1], self.rows[-2] = self.rows[-2], self.rows[-1]

    def _own_contacts(self, person: dict[str, str]) -> None:
        dice = self._dice
        if dice.random() < 0.5:
            person["email"] = (
                f"{person['given_name']}.{person['family_name']}{dice.randint(1, 999)}@mail.example".lower()
            )
        if dice.random() < 0.7:
            person["external_id"] = f"C-{100_000 + len(self.rows)}"

    def _again(self, person: Row) -> Row:
        """Return the person as another clerk wrote it: a typing error here, something left out there."""
        dice, again = self._dice, dict(person)
        for field_name in ("given_name", "family_name", "street", "birth_date"):
            if dice.random() < 0.12:
                again[field_name] = _mistyped(again[field_name], dice)
        for field_name in ("birth_date", "street", "phone", "email", "external_id"):
            if dice.random() < 0.12:
                again.pop(field_name, None)
        if dice.random() < 0.5:
            again.pop("external_id", None)
        return again

    def _write(self, name: str, row: Row) -> None:
        self.rows.append(row)
        self.people.append(name)


def _mistyped(text: str, dice: Random) -> str:
    place = dice.randrange(1, len(text) - 1)
    if text[place].isdigit():
        return text[:place] + str(dice.randint(0, 9)) + text[place + 1 :]
    return text[:place] + text[place + 1] + text[place] + text[place + 2 :]
