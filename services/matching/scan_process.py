"""The process that runs one scan: its job comes by stdin, its progress goes to stdout, a JSON line each.

A process of its own, since the engine works for minutes on all cores and holds the interpreter for long stretches.
"""

import json
import sys
from dataclasses import asdict
from typing import TextIO

from services.matching.domain.scan import ScanJob, ScanTotals
from services.matching.operations.run_scan import Limits, ScanLost, run_scan
from services.runtime.database import Database
from services.runtime.process import die_with_parent

STATEMENT_TIMEOUT_MS = 30_000


def main() -> int:
    """Run the scan that stdin describes; exit 0 when it is listed, 3 when it is not ours any more."""
    die_with_parent()
    order = json.load(sys.stdin)
    lines = sys.stdout
    database = Database(
        order["database_url"],
        application_name="matching scan",
        max_size=2,
        statement_timeout_ms=STATEMENT_TIMEOUT_MS,
    )
    try:
        run_scan(database, ScanJob(**order["job"]), Limits(**order["limits"]), lambda totals: _say(lines, totals))
    except ScanLost:
        return 3
    finally:
        database.close()
    return 0


def _say(lines: TextIO, totals: ScanTotals) -> None:
    lines.write(json.dumps(asdict(totals)) + "\n")
    lines.flush()


if __name__ == "__main__":
    raise SystemExit(main())
