"""How often a customer comes back, by name; from how many purchases is a matter of the loyalty policy."""

from enum import StrEnum


class RepeatFrequency(StrEnum):
    """The names, seldom first."""

    NONE = "NONE"
    ONE_TIME = "ONE_TIME"
    OCCASIONAL = "OCCASIONAL"
    REGULAR = "REGULAR"
    FREQUENT = "FREQUENT"
