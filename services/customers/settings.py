"""What the customers service reads from its environment, beside what every service does."""

from __future__ import annotations

from services.runtime.settings import ServiceSettings, load_settings

PREFIX = "PATRONAGE_CUSTOMERS_"


def settings() -> ServiceSettings:
    """The settings; a bad variable ends the process with exit code 2."""
    return load_settings(PREFIX)
