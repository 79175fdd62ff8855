"""Conversation owns what matching knows of a conversation: what its customer gave, and whom it is linked to."""

import hashlib
import json
import uuid
from dataclasses import dataclass, replace
from functools import cached_property

from services.identity.emails import is_email
from services.identity.text import clean, words
from services.matching.domain.customer_seen import RawIdentity

FEWEST_PHONE_DIGITS = 3
_REQUESTS = uuid.UUID("b5f7d3a8-3c0e-5f64-9f0b-0d1f3f0c7a52")


@dataclass(frozen=True)
class Conversation:
    """A conversation as customers shows it; an empty text was not given, an empty `origin_id` makes it an orphan."""

    conversation_id: str
    session_id: str = ""
    revision: int = 0
    epoch: str = ""
    etag: str = ""
    origin_id: str = ""
    link_time: str = ""
    """When it was linked, as written in UTC; empty for an orphan."""

    name: str = ""
    email: str = ""
    phone: str = ""
    address: str = ""
    deleted: bool = False
    taken_from: str = ""
    """Of an orphan, the customer that somebody has taken it from; empty: it was nobody's before."""

    @property
    def digest(self) -> str:
        """Return what tells what was given apart from what else may be given, and no more than that."""
        given = json.dumps([self.name, self.email, self.phone, self.address], ensure_ascii=False)
        return hashlib.sha256(given.encode()).hexdigest()[:32]

    @property
    def says_something(self) -> bool:
        """Return whether anything was given."""
        return bool(self.name or self.email or self.phone or self.address)

    @property
    def given(self) -> "Given":
        """Return what can be used of what was given; chats bring all sorts of things."""
        name = clean(self.name)
        email = self.email.strip() if is_email(self.email) else ""
        dialled = sum(character.isdigit() for character in self.phone) >= FEWEST_PHONE_DIGITS
        phone = self.phone.strip() if dialled else ""
        left_out = tuple(
            what
            for what, written, used in (("e-mail", self.email, email), ("phone", self.phone, phone))
            if written.strip() and not used
        )
        return Given(name, email, phone, clean(self.address), left_out)

    def with_given(self, other: "Conversation") -> "Conversation":
        """Return this conversation with what another one says beside it; silence takes nothing away."""
        return replace(
            self,
            name=other.name or self.name,
            email=other.email or self.email,
            phone=other.phone or self.phone,
            address=other.address or self.address,
        )

    def request_id(self, company_id: str, purpose: str, *more: object) -> str:
        """Return the id of a request that follows from the conversation: the same one however often it is sent."""
        return request_id_of(company_id, self.conversation_id, purpose, *more)


def request_id_of(*parts: object) -> str:
    """Return the id of a request that follows from these parts alone."""
    return str(uuid.uuid5(_REQUESTS, "\n".join(map(str, parts))))


@dataclass(frozen=True, slots=True)
class Waiting:
    """A conversation that waits to be resolved by itself, and how often it was tried in vain."""

    company_id: str
    conversation: Conversation
    attempts: int = 0

    @property
    def again(self) -> bool:
        """Return whether it waits since its customers have changed; what it says is to be read then."""
        return not self.conversation.etag


@dataclass(frozen=True)
class Given:
    """What a customer gave and can be used; `left_out` names what cannot."""

    name: str = ""
    email: str = ""
    phone: str = ""
    address: str = ""
    left_out: tuple[str, ...] = ()

    @cached_property
    def raw(self) -> RawIdentity:
        """Return it as a record to be matched."""
        return RawIdentity(
            name=self.name,
            emails=(self.email,) if self.email else (),
            phones=(self.phone,) if self.phone else (),
            addresses=(self.address,) if self.address else (),
        )

    @property
    def anything(self) -> bool:
        """Return whether there is something to find somebody by."""
        return bool(self.name or self.email or self.phone or self.address)

    @property
    def name_words(self) -> tuple[str, ...]:
        """Return the words of the name in one order, so that two names of the same words are the same."""
        return tuple(sorted(words(self.name)))

    @property
    def name_only(self) -> bool:
        """Return whether there is a name and nothing else."""
        return bool(self.name) and not (self.email or self.phone or self.address)
