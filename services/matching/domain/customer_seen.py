"""Customer seen owns what matching keeps of a customer as the change feed shows it."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from services.identity.addresses import PostalAddress, join_address
from services.matching.domain.identity_record import Identity, identify

LIVE = frozenset({"ACTIVE", "INACTIVE"})
"""The states of roots that can be found; a customer in another state leaves the candidates."""


@dataclass(frozen=True, slots=True)
class RawIdentity:
    """What identifies a customer, as written; an empty value was not given.

    External ids are left out: each pair of system and id belongs to one customer, so between customers they
    never agree, and that they differ is no evidence against (a file's own row numbers always do). Identifiers
    are what several customers may share: the engine's comparison of external ids reads them.
    """

    name: str = ""
    given_name: str = ""
    middle_name: str = ""
    family_name: str = ""
    suffix: str = ""
    organization: str = ""
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    addresses: tuple[str | tuple[str, ...], ...] = ()
    """Each a line, or the parts street, city, region, postal code, country."""

    birth_date: str = ""
    identifiers: tuple[str, ...] = ()

    def normalized(self, region: str) -> Identity:
        """Return the identity for scoring, phones and dates read as the region writes them."""
        return identify(
            name=self.name,
            given_name=self.given_name,
            middle_name=self.middle_name,
            family_name=self.family_name,
            suffix=self.suffix,
            organization=self.organization,
            emails=self.emails,
            phones=self.phones,
            addresses=[_address(address) for address in self.addresses],
            birth_date=self.birth_date,
            external_ids=self.identifiers,
            region=region,
        )

    def completeness(self) -> int:
        """Return how many values are known; the most complete record leads its group."""
        several = len(self.emails) + len(self.phones) + len(self.addresses)
        return several + sum(bool(getattr(self, name)) for name in _SINGLE_VALUES)


_SINGLE_VALUES = ("name", "given_name", "middle_name", "family_name", "suffix", "organization", "birth_date")


@dataclass(frozen=True, slots=True)
class CustomerSeen:
    """A customer after a change; `members` are those that are merged into it."""

    customer_id: str
    state: str
    epoch: str
    revision: int
    created_at: datetime
    root_id: str
    members: tuple[str, ...] = ()
    email: str = ""
    phone: str = ""
    display_name: str = ""
    raw: RawIdentity = field(default_factory=RawIdentity)

    def without_content(self) -> "CustomerSeen":
        """Return the bare id and where it belongs, for customers that cannot be found."""
        return replace(self, email="", phone="", display_name="", raw=RawIdentity())


@dataclass(frozen=True, slots=True)
class CompanySeen:
    """A company's settings after a change, as far as matching needs them."""

    region: str
    epoch: str
    revision: int


def _address(address: str | tuple[str, ...]) -> str | PostalAddress:
    return address if isinstance(address, str) else join_address(*address)
