"""What the matching service reads from its environment, PATRONAGE_MATCHING_... before PATRONAGE_..."""

from pydantic import Field, SecretStr

from services.runtime.settings import ServiceSettings, load_settings

PREFIX = "PATRONAGE_MATCHING_"


class MatchingSettings(ServiceSettings):
    """The settings of matching, beside those that every service has."""

    upkeep_database_url: SecretStr = Field(description="the same database as the role matching_upkeep")
    customers: str = Field(min_length=3, description="host:port of the customers service")
    analytics: str = Field(
        "", description="host:port of the analytics service, for the sales in a preview of a merge; empty: not asked"
    )
    key_cap: int = Field(
        100, ge=1, le=10_000, description="how many customers may share a key that is used online, 1 to 10,000"
    )
    processes: int = Field(
        1, ge=1, le=64, description="processes that serve the port together; above 1 they share it by SO_REUSEPORT"
    )
    sibling: bool = Field(False, description="set by the first process for the others: they serve and do nothing else")
    scan_memory_mib: int = Field(2048, ge=256, description="memory that a scan may use, in MiB")
    scan_threads: int = Field(0, ge=0, le=256, description="threads of a scan; 0 uses every core")


def load() -> MatchingSettings:
    """The settings; a bad or missing variable ends the process with exit code 2."""
    return load_settings(PREFIX, MatchingSettings)


def of_sibling(settings: MatchingSettings, port: int) -> dict[str, str]:
    """Return what is different in the environment of a further process that serves the same port."""
    host = settings.listen.rpartition(":")[0]
    own = {"LISTEN": f"{host}:{port}", "SHARE_PORT": "true", "PROCESSES": "1", "SIBLING": "true"}
    return {f"{PREFIX}{name}": value for name, value in own.items()}
