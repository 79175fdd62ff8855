"""What the analytics service reads from its environment: PATRONAGE_ANALYTICS_..., else PATRONAGE_..."""

from pydantic import Field

from services.runtime.settings import ServiceSettings, load_settings

PREFIX = "PATRONAGE_ANALYTICS_"


class AnalyticsSettings(ServiceSettings):
    """The settings of every service; this one must know where the customers service is."""

    customers: str = Field(min_length=1, description="host:port of the customers service, whose changes it follows")


def load() -> AnalyticsSettings:
    """The settings; a bad or missing variable ends the process with exit code 2."""
    return load_settings(PREFIX, AnalyticsSettings)
