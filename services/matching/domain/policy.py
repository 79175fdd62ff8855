"""Policy owns how a company's customers are compared, what follows from a confidence, and which values survive."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from services.matching.domain.default_model import DEFAULT_MODEL
from services.matching.domain.evidence import AUTO_LINK, NAME_ONLY_LIMIT
from services.matching.domain.ladder import LADDER
from services.matching.domain.model import Comparison, Level, Model
from services.matching.domain.survivorship import SHIPPED_SURVIVORSHIP, Survivorship

FELLEGI_SUNTER, LADDER_KIND = "FELLEGI_SUNTER", "LADDER"
SHIPPED, SET, TRAINED, SCANNED = "SHIPPED", "SET", "TRAINED", "SCANNED"
REJECT_BELOW = 70
"""Below this confidence customers are kept separate, unless the policy says otherwise."""

LEAST_ACCEPT = NAME_ONLY_LIMIT + 1
"""Names alone stay below whatever is accepted without a person looking."""

WEIGHTS_OF_KIND: Mapping[str, Model] = {FELLEGI_SUNTER: DEFAULT_MODEL, LADDER_KIND: LADDER}


@dataclass(frozen=True, slots=True)
class TrainingReport:
    """How weights were learned; `kept` names what kept its shipped weight, with the reason."""

    rounds: int
    customers: int
    pairs: int
    expected_matches: float
    kept: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Policy:
    """One version, which never changes; `number` 0 is the shipped one."""

    number: int
    kind: str
    accept: int
    reject: int
    learns: bool
    """Whether each scan learns the weights anew."""

    origin: str
    model: Model
    """Its version is that of the policy."""

    created_by: str = ""
    created_at: datetime | None = None
    report: TrainingReport | None = None
    survivorship: Survivorship = SHIPPED_SURVIVORSHIP
    """Which values survive a merge that asks for no others."""

    @property
    def version(self) -> str:
        """Return the version that every judgement names."""
        return self.model.version


SHIPPED_POLICY = Policy(0, FELLEGI_SUNTER, AUTO_LINK, REJECT_BELOW, True, SHIPPED, DEFAULT_MODEL)
"""What holds for a company that has set nothing."""

SHIPPED_LADDER = Policy(0, LADDER_KIND, AUTO_LINK, REJECT_BELOW, False, SHIPPED, LADDER)


@dataclass(frozen=True, slots=True)
class PolicyWish:
    """What a company wants from now on. Without a kind all but the survivorship stays as it is."""

    kind: str
    accept: int = AUTO_LINK
    reject: int = REJECT_BELOW
    learns: bool = True
    weights_of: str = ""
    shares: Mapping[tuple[str, str], tuple[float, float]] = field(default_factory=dict)
    """m and u by comparison and level."""

    survivorship: Survivorship | None = None
    """None: as it is."""


def version_of(number: int) -> str:
    """Return the version of a company's policy."""
    return f"policy-{number}"


def number_of(version: str) -> int | None:
    """Return the number of a company's version; None where it is none."""
    number = version.removeprefix("policy-")
    return int(number) if number.isascii() and number.isdigit() and version != number and len(number) < 16 else None


def shipped(version: str) -> Policy | None:
    """Return the shipped policy of this version."""
    return next((one for one in (SHIPPED_POLICY, SHIPPED_LADDER) if one.version == version), None)


def with_shares(model: Model, shares: Mapping[tuple[str, str], tuple[float, float]]) -> Model:
    """Return the model with some of its shares replaced."""
    if not shares:
        return model
    return replace(model, comparisons=tuple(_replaced(one, shares) for one in model.comparisons))


def unknown_levels(model: Model, shares: Mapping[tuple[str, str], tuple[float, float]]) -> list[tuple[str, str]]:
    """Return those of the comparisons and levels that the model has not."""
    known = {(comparison.name, level.name) for comparison in model.comparisons for level in comparison.levels}
    return [one for one in shares if one not in known]


def _replaced(comparison: Comparison, shares: Mapping[tuple[str, str], tuple[float, float]]) -> Comparison:
    def level(one: Level) -> Level:
        m, u = shares.get((comparison.name, one.name), (one.m, one.u))
        return replace(one, m=m, u=u)

    return replace(comparison, levels=tuple(map(level, comparison.levels)))


def weighs_alike(one: Policy, other: Policy) -> bool:
    """Return whether two versions weigh pairs by the same numbers, whatever else changed between them."""
    return replace(one.model, version="") == replace(other.model, version="")
