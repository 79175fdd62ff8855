"""Plan owns what the callers of a load need to know: where the service is, and what there is to ask about."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

VARIABLE = "PATRONAGE_LOAD_PLAN"
"""Names the file of the plan for the processes that call."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The service and a token, ids of customers, pairs of members of one group, and records as strangers write them."""

    target: str
    token: str
    ids: list[str]
    pairs: list[tuple[str, str]]
    records: list[tuple[str, str, str, str]]
    """Name, e-mail, phone, address."""

    def write(self, path: Path) -> None:
        """Write it for its reader alone, since a token is in it."""
        path.touch(mode=0o600)
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")

    @staticmethod
    def read(path: Path) -> "Plan":
        """Read what was written."""
        return Plan(**json.loads(path.read_text(encoding="utf-8")))
