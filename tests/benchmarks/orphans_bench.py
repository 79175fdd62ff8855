"""Orphaned conversations a second by SyncOrphanedConversations, in what CPU and memory of which process.

`python -m tests.benchmarks.orphans_bench ROWS [--seconds N]` stops asking for more after so many seconds.
"""

from __future__ import annotations

import argparse
import csv
import shutil
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import psycopg

from examples.customer_file.command import write_customers
from patronage.matching.v1 import conversation_resolution_pb2 as pb
from services.cli.client import connected
from services.cli.context import Context
from services.cli.dedupe_input import read_customers
from services.cli.import_customers import OnDuplicate, send
from services.local.postgres import Postgres
from services.local.suite import Suite
from tests.benchmarks.batch_merge_bench import TICKS, followed

BATCH = 100
TOLD_EVERY = 5_000
SAID = 3
COLUMNS = """company_id, conversation_id, session_id, user_id, customer_name, customer_email, customer_phone,
    customer_address, started_at, first_at, last_at, created_by, created_by_name, created_at, updated_at, revision,
    interactions, characters"""
TURNS = """
INSERT INTO interactions (company_id, conversation_id, interaction_number, user_input, ai_response, interaction_summary,
                          interaction_time)
SELECT company_id, conversation_id, n, rpad('I would like to ask about my order.', 60, ' and the next'),
       rpad('Of course: what is it that you', 140, ' would like to know'), '', started_at
  FROM conversations CROSS JOIN generate_series(1, %s) AS n
"""
Given = tuple[str, str, str, str]


def people_of(folder: Path, rows: int) -> list[dict[str, str]]:
    """Generated people, some of them twice, with an e-mail and a phone each; the first fifth is to be customers."""
    path = folder / "people.csv"
    with path.open("w", encoding="utf-8", newline="") as file, (folder / "truth.csv").open("w") as truth:
        write_customers(2 * rows, 7, file, truth)
    with path.open(encoding="utf-8", newline="") as file:
        return [
            one for one in csv.DictReader(file) if one["email"] and one["phone"] and "|" not in "".join(one.values())
        ]


def write_known(path: Path, people: Sequence[Mapping[str, str]]) -> None:
    """Writes the people who are customers."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, people[0].keys())
        writer.writeheader()
        writer.writerows(people)


def given(rows: int, people: Sequence[Mapping[str, str]]) -> Iterator[Given]:
    """What `rows` chats say: name, e-mail, phone and address. Of twenty eight are with somebody who may be new."""
    there, new = people[: rows // 5], people[rows // 5 :]
    for n in range(rows):
        kind, mine, theirs = n % 20, new[n * 7 % len(new)], there[n * 11 % len(there)]
        if kind < 8:
            yield mine["name"], mine["email"], mine["phone"] if n % 2 else "", mine["street"] if n % 3 else ""
        elif kind < 11:  # one of those again
            again = new[(n * 13 % rows // 20 * 20 + n % 8) * 7 % len(new)]
            yield again["name"], again["email"], "", ""
        elif kind < 14:
            yield theirs["name"], theirs["email"], "", ""
        elif kind == 14:  # a customer with another phone
            yield theirs["name"], theirs["email"], f"+1 212 2{n % 1_000_000:06}", ""
        elif kind < 17:
            yield mine["name"], "", "", ""
        elif kind == 17:
            yield "", "", "", ""
        elif kind == 18:
            yield mine["name"], "", mine["phone"], ""
        else:  # the phone of a customer, and another name
            yield mine["name"], "", theirs["phone"], ""


def fill(connection: psycopg.Connection, company_id: str, chats: Iterable[Given]) -> None:
    """Stores orphans with what was said in them, past the triggers."""
    begun = datetime(2026, 1, 1, tzinfo=UTC)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        with cursor.copy(f"COPY conversations ({COLUMNS}) FROM STDIN") as copy:
            for number, chat in enumerate(chats):
                at = begun + timedelta(seconds=number)
                ids = company_id, str(uuid4()), f"s{number}", ""
                copy.write_row((*ids, *chat, at, at, at, "bench", "", at, at, 1, SAID, SAID * 200))
        cursor.execute(TURNS, (SAID,))
        cursor.execute("ANALYZE conversations, interactions")
    connection.commit()


def figures(folder: Path, rows: int, seconds: float) -> Iterator[str]:
    """Measures and yields each figure as soon as it stands."""
    with Suite(folder / "suite") as suite:
        context = suite.context()
        assert isinstance(suite.postgres, Postgres)
        with connected(Context(context, context["token"])) as client:
            client.matching.SetConversationPolicy(pb.SetConversationPolicyRequest(automatic=False))
            there, people = folder / "there.csv", people_of(folder, rows)
            write_known(there, people[: rows // 5])
            send(client, read_customers(there, {}), "bench", OnDuplicate.ALLOW, lambda stage, done: None)
            with psycopg.connect(suite.postgres.admin_url("patronage_customers")) as connection:
                fill(connection, suite.company_id, given(rows, people))
            yield followed(client)
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
