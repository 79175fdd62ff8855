"""The process that runs scans, one at a time: jobs come by stdin, progress goes to stdout, a JSON line each.

A process of its own, since the engine works for minutes on all cores and holds the interpreter for long stretches.
"""

import json
import sys
from dataclasses import asdict
from typing import Any, TextIO

from services.matching.domain.scan import ScanJob, ScanTotals
from services.matching.operations.run_scan import Limits, ScanLost, run_scan
from services.runtime.database import Database
from services.runtime.process import die_with_parent

STATEMENT_TIMEOUT_MS = 30_000


LOST = 3


def main() -> int:
    """Run the scans that stdin asks for, an order a line, and say of each how it ended: 0 listed, 3 not ours any more.

    After a large scan no further one is taken: what it took of memory is given back by ending.
    """
    die_with_parent()
    database: Database | None = None
    for line in sys.stdin:
        order = json.loads(line)
        database = database or _open(order["database_url"])
        code, customers = _run(database, order, sys.stdout)
        again = customers <= order["again_below"]
        _say(sys.stdout, {"code": code, "again": again})
        if not again:
            break
    if database is not None:
        database.close()
    return 0


def _open(url: str) -> Database:
    return Database(url, application_name="matching scan", max_size=2, statement_timeout_ms=STATEMENT_TIMEOUT_MS)


def _run(database: Database, order: dict[str, Any], lines: TextIO) -> tuple[int, int]:
    """Run a scan; answers how it ended and how many customers it read."""
    told = ScanTotals()

    def report(totals: ScanTotals) -> None:
        nonlocal told
        told = totals
        _say(lines, asdict(totals))

    try:
        run_scan(database, ScanJob(**order["job"]), Limits(**order["limits"]), report)
    except ScanLost:
        return LOST, told.customers
    return 0, told.customers


def _say(lines: TextIO, said: dict[str, Any]) -> None:
    lines.write(json.dumps(said) + "\n")
    lines.flush()


if __name__ == "__main__":
    raise SystemExit(main())
