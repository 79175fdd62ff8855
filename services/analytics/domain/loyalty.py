"""How a company classes its customers by what they bought: frequencies, loyalty tiers, lifetime value."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from services.analytics.domain.frequency import RepeatFrequency
from services.runtime.failures import FieldCheck

LEAST_REPEAT_PURCHASES = 2
LONGEST_LABEL = 64
MOST_TIERS = 20
MOST_PURCHASES = 2**31 - 1


class LifetimeValueMethod(StrEnum):
    """What lifetime value is reckoned from."""

    SALES = "SALES"
    OFFERS_AND_JOBS = "OFFERS_AND_JOBS"
    COMBINED = "COMBINED"


@dataclass(frozen=True, slots=True)
class Tier:
    """Customers with this many purchases or more, up to the next tier."""

    label: str
    least_purchases: int


@dataclass(frozen=True, slots=True)
class LoyaltyPolicy:
    """From how many purchases a customer is what; version 0 is the shipped one, which nobody set."""

    occasional_from: int = 2
    regular_from: int = 4
    frequent_from: int = 10
    tiers: tuple[Tier, ...] = ()
    method: LifetimeValueMethod = LifetimeValueMethod.SALES
    version: int = 0
    create_time: datetime | None = None
    created_by: str = ""

    @property
    def bands(self) -> tuple[tuple[RepeatFrequency, int], ...]:
        """The frequencies with the purchases from which they hold, fewest first."""
        least = (0, 1, self.occasional_from, self.regular_from, self.frequent_from)
        return tuple(zip(RepeatFrequency, least, strict=True))

    def frequency_of(self, purchases: int) -> RepeatFrequency:
        """The highest frequency that the number of purchases reaches."""
        return next(frequency for frequency, least in reversed(self.bands) if purchases >= least)

    def tier_of(self, purchases: int) -> str:
        """The label of the highest tier that the number of purchases reaches."""
        return next(tier.label for tier in reversed(self.tiers) if purchases >= tier.least_purchases)


def is_repeat_customer(purchases: int) -> bool:
    """Whether someone with so many purchases came back."""
    return purchases >= LEAST_REPEAT_PURCHASES


def with_default_tiers(policy: LoyaltyPolicy) -> LoyaltyPolicy:
    """The policy, with a tier for each frequency where it names none."""
    if policy.tiers:
        return policy
    tiers = tuple(Tier(frequency.value.lower(), least) for frequency, least in policy.bands)
    return replace(policy, tiers=tiers)


SHIPPED = with_default_tiers(LoyaltyPolicy())


def checked_policy(check: FieldCheck, given: LoyaltyPolicy | None) -> LoyaltyPolicy:
    """The policy with its default tiers, or FieldsInvalid with every field that is wrong."""
    if given is None:
        check.require(False, "policy", "is required")
        check.raise_if_any()
    assert given is not None
    _check_bands(check, given)
    _check_tiers(check, given.tiers)
    check.raise_if_any()
    return with_default_tiers(given)


def _check_bands(check: FieldCheck, given: LoyaltyPolicy) -> None:
    check.require(given.occasional_from >= 2, "policy.occasional_from", "must be 2 or more")
    more = given.regular_from > given.occasional_from
    check.require(more, "policy.regular_from", "must be more than occasional_from")
    check.require(given.frequent_from > given.regular_from, "policy.frequent_from", "must be more than regular_from")


def _check_tiers(check: FieldCheck, tiers: Sequence[Tier]) -> None:
    check.require(len(tiers) <= MOST_TIERS, "policy.tiers", f"must be at most {MOST_TIERS}")
    labels: set[str] = set()
    for at, (tier, least) in enumerate(zip(tiers, _least_of(tiers), strict=True)):
        path = f"policy.tiers[{at}]"
        good = 1 <= len(tier.label) <= LONGEST_LABEL and "\0" not in tier.label
        check.require(good, f"{path}.label", f"must be 1 to {LONGEST_LABEL} characters long")
        check.require(tier.label not in labels, f"{path}.label", "must not be that of another tier")
        labels.add(tier.label)
        fits = tier.least_purchases == 0 if at == 0 else tier.least_purchases >= least
        text = "must be 0" if at == 0 else "must be more than in the tier before"
        check.require(fits, f"{path}.least_purchases", text)


def _least_of(tiers: Sequence[Tier]) -> Iterable[int]:
    return (0, *(tier.least_purchases + 1 for tier in tiers[:-1]))[: len(tiers)]


def tier_changes(
    before: LoyaltyPolicy, after: LoyaltyPolicy, customers: Iterable[tuple[int, int]]
) -> list[tuple[str, str, int]]:
    """From which tier to which how many customers change, most first, given how many have so many purchases."""
    changes: dict[tuple[str, str], int] = {}
    for purchases, count in customers:
        move = before.tier_of(purchases), after.tier_of(purchases)
        if move[0] != move[1]:
            changes[move] = changes.get(move, 0) + count
    return sorted(((*move, count) for move, count in changes.items()), key=lambda one: (-one[2], one[0], one[1]))


@dataclass(frozen=True, slots=True)
class PolicySet:
    """A policy, and from which tier to which how many customers change by it."""

    policy: LoyaltyPolicy
    changes: Sequence[tuple[str, str, int]]
