"""Orphaned conversations a second by SyncOrphanedConversations, in what CPU and memory of which process.

`python -m tests.benchmarks.orphans_bench ROWS [--seconds N]` stops asking for more after so many seconds.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import psycopg

from patronage.matching.v1 import conversation_resolution_pb2 as pb
from services.cli.client import connected
from services.cli.context import Context
from services.local.postgres import Postgres
from services.local.suite import Suite
from tests.benchmarks.batch_merge_bench import TICKS, followed

BATCH = 100
TOLD_EVERY = 5_000
# Of three conversations two are with somebody new; the third is with somebody who has one or is to have one.
FILL = """
INSERT INTO conversations (company_id, conversation_id, session_id, user_id, customer_name, customer_email,
                           customer_phone, customer_address, started_at, first_at, last_at, created_by,
                           created_by_name, created_at, updated_at, revision)
SELECT %(company)s, gen_random_uuid(), 's' || n, '', first || ' ' || last || p, 'p' || p || '@example.com',
       CASE WHEN p %% 2 = 0 THEN '+1212' || lpad((2000000 + p)::text, 7, '0') ELSE '' END, '', at, at, at, 'bench', '',
       at, at, 1
  FROM (SELECT n, p, timestamptz '2026-01-01' + n * interval '1 second' AS at,
               (ARRAY['Ann','Bo','Cy','Dee','Eve','Flo','Gus','Hal'])[1 + p %% 8] AS first,
               (ARRAY['Lee','Stone','Kline','Moss','Ward','Pike'])[1 + p %% 6] AS last
          FROM (SELECT n, CASE WHEN n %% 3 = 0 THEN (n::bigint * 7919 + 1) %% %(rows)s ELSE n END AS p
                  FROM generate_series(1, %(rows)s) AS n) AS numbered) AS people
"""


def figures(folder: Path, rows: int, seconds: float) -> Iterator[str]:
    """Measures and yields each figure as soon as it stands."""
    with Suite(folder / "suite") as suite:
        context = suite.context()
        assert isinstance(suite.postgres, Postgres)
        with connected(Context(context, context["token"])) as client:
            client.matching.SetConversationPolicy(pb.SetConversationPolicyRequest(automatic=False))
            with psycopg.connect(suite.postgres.admin_url("patronage_customers"), autocommit=True) as connection:
                connection.execute("SET session_replication_role = replica")
                psycopg.ClientCursor(connection).execute(FILL, {"company": suite.company_id, "rows": rows})
                connection.execute("ANALYZE conversations")
            asked = pb.SyncOrphanedConversationsRequest(batch_size=BATCH)
            begun, before, counts, told = time.perf_counter(), _cpu_s(), pb.ResolutionCounts(), 0
            for part in client.matching.SyncOrphanedConversations(asked):
                counts = part.counts
                if counts.total - told >= TOLD_EVERY:
                    told = counts.total
                    yield f"{told:,} after {time.perf_counter() - begun:,.0f} s"
                if time.perf_counter() - begun > seconds:
                    break
            spent = time.perf_counter() - begun
            yield followed(client)
            after = _cpu_s()
            yield f"{str(counts).replace(chr(10), ', ')}{counts.total / spent:,.0f} a second on the clock"
            for name in sorted(after):
                used = after[name] - before.get(name, 0.0)
                yield f"{name:<24} {1000 * used / counts.total:6.2f} ms of CPU a row, peak {_peak_mib(name):,} MiB"
            total = (sum(after.values()) - sum(before.values())) / counts.total
            yield f"all together {1000 * total:.2f} ms of CPU a row: {2 / total:,.0f} a second on two cores"


def _cpu_s() -> dict[str, float]:
    """CPU seconds by kind of process below this one."""
    spent: dict[str, float] = defaultdict(float)
    for name, stat, _ in _family():
        spent[name] += sum(map(int, stat[11:15])) / TICKS
    return dict(spent)


def _peak_mib(name: str) -> int:
    return max((peak for one, _, peak in _family() if one == name), default=0)


def _family() -> Iterator[tuple[str, list[str], int]]:
    """Name, fields after the name in /proc/PID/stat, and peak memory in MiB of this process and all below it."""
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                stat = (folder / "stat").read_text().rpartition(")")[2].split()
                status = (folder / "status").read_text()
                command = (folder / "cmdline").read_text().replace("\0", " ")
            except OSError:
                continue
            found[int(folder.name)] = int(stat[1]), stat, status, command
    family, more = {_own()}, True
    while more:
        below = {pid for pid, one in found.items() if one[0] in family} - family
        family |= below
        more = bool(below)
    for pid in family & found.keys():
        _, stat, status, command = found[pid]
        peak = next((int(line.split()[1]) >> 10 for line in status.splitlines() if line.startswith("VmHWM")), 0)
        yield _name(command), stat, peak


def _own() -> int:
    return int(Path("/proc/self/stat").read_text().split()[0])


def _name(command: str) -> str:
    services = (one for one in ("customers", "matching", "analytics") if f"services.{one}" in command)
    return next(services, "postgres" if "postgres" in command else "the caller")


def main() -> None:
    """Measures on a durable PostgreSQL in a temporary folder."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.orphans_bench")
    parser.add_argument("rows", type=int)
    parser.add_argument("--seconds", type=float, default=540.0)
    chosen = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="patronage-bench-"))
    folder.chmod(0o711)
    try:
        for line in figures(folder, chosen.rows, chosen.seconds):
            sys.stdout.write(line + "\n")
            sys.stdout.flush()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
