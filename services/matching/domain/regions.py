"""Regions owns in which regions phones and dates can be read."""

from services.identity.phones import is_region

_LETTERS = 2


def is_known(region: str) -> bool:
    """Return whether this is an ISO 3166-1 alpha-2 code in capitals with a numbering plan, such as KE."""
    return len(region) == _LETTERS and region.isupper() and is_region(region)
