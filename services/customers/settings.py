"""What the customers service reads from its environment, beside what every service does."""

from __future__ import annotations

from pydantic import Field, SecretStr

from services.runtime.settings import ServiceSettings, load_settings

PREFIX = "PATRONAGE_CUSTOMERS_"


class CustomersSettings(ServiceSettings):
    """The feed is read by a role of its own, the only one that sees every company."""

    feed_database_url: SecretStr = Field(description="the same database as the feed role")


def load() -> CustomersSettings:
    """The settings; a bad or missing variable ends the process with exit code 2."""
    return load_settings(PREFIX, CustomersSettings)
