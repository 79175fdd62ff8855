"""An import whose service is killed in its middle is sent again: every row is there once, and the followers agree."""

import random
import threading
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from patronage.customers.v1 import import_export_service_pb2 as pb
from services.cli.dedupe_input import read_customers
from services.cli.import_rows import batches
from tests.faults.company import Company, code_of, kill_wholly
from tests.faults.proofs import assert_each_revision_was_fed_once, assert_mirrors_agree, assert_views_fold, rows

FILE = Path(__file__).parents[2] / "examples" / "customers.csv"
SOURCE = "crm"
ROWS_A_BATCH, BATCHES = 50, 50
IMPORTED = """
SELECT e.external_id, e.customer_id::text FROM external_ids e JOIN customers c USING (company_id, customer_id)
 WHERE e.company_id = %s AND e.system = %s
"""
WRITTEN = """
SELECT (SELECT count(*) FROM customers WHERE company_id = %s),
       (SELECT count(*) FROM events WHERE company_id = %s AND type = 'created'),
       (SELECT count(*) FROM feed WHERE company_id = %s AND kind = 'CREATED'),
       (SELECT count(*) FROM audit_log WHERE company_id = %s AND table_name = 'customers')
"""

Batches = list[list[pb.ImportRow]]


def the_file(number: int = BATCHES) -> Batches:
    """Rows of the example in small batches, so that there are many moments between them."""
    found = batches(read_customers(FILE, {}), ROWS_A_BATCH)
    return [batch for batch, _ in zip(found, range(number), strict=False)]


def requests(file: Batches) -> Iterator[pb.ImportCustomersRequest]:
    yield pb.ImportCustomersRequest(options=pb.ImportOptions(source=SOURCE))
    for batch in file:
        yield pb.ImportCustomersRequest(rows=pb.ImportRows(rows=batch))


def held_back(file: Batches, over: threading.Event) -> Iterator[pb.ImportCustomersRequest]:
    """All but the last batch, which is kept until something is over: so long the import cannot have ended."""
    *first, last = requests(file)
    yield from first
    over.wait()
    yield last


def import_and_kill(company: Company, file: Batches, chance: random.Random) -> list[pb.ImportCustomersResponse]:
    """The batches that were acknowledged before customers was killed somewhere in the file."""
    kill_after, moment_s = chance.randrange(1, BATCHES // 2), chance.uniform(0, 0.03)
    answers = company.imports.ImportCustomers(held_back(file, over := threading.Event()))
    answers.add_callback(over.set)
    acknowledged = [next(answers) for _ in range(kill_after)]
    threading.Event().wait(moment_s)  # where inside a batch it strikes, not for anything to happen
    kill_wholly(company.suite, "customers")
    with pytest.raises(grpc.RpcError) as caught:
        acknowledged.extend(answers)
    assert code_of(caught.value) is grpc.StatusCode.UNAVAILABLE
    return acknowledged


def outcomes(responses: list[pb.ImportCustomersResponse]) -> dict[str, str]:
    """The customer that each row became, by the row's number."""
    return {f"{outcome.row_number}": outcome.customer_id for response in responses for outcome in response.outcomes}


def test_a_killed_import_is_sent_again_and_every_row_is_there_once(company: Company, chance: random.Random) -> None:
    file = the_file()
    numbers = {row.id: f"{row.row_number}" for batch in file for row in batch}
    acknowledged: dict[str, str] = {}
    for _ in range(2):
        acknowledged |= outcomes(import_and_kill(company, file, chance))
        kept = {
            numbers[row]: customer for row, customer in rows(company.suite, "customers", IMPORTED, company.id, SOURCE)
        }
        assert acknowledged.items() <= kept.items(), "what was acknowledged is there"
        whole, rest = divmod(len(kept), ROWS_A_BATCH)
        assert rest == 0, "no batch is half there"
        assert set(kept) == {f"{row.row_number}" for batch in file[:whole] for row in batch}
        company.suite.start("customers")
    *_, last = sent = list(company.imports.ImportCustomers(requests(file)))
    assert last.counts == pb.ImportCounts(
        read=BATCHES * ROWS_A_BATCH, unchanged=len(kept), created=BATCHES * ROWS_A_BATCH - len(kept)
    )
    assert kept.items() <= outcomes(sent).items(), "a row stays the customer that it was"
    written = rows(company.suite, "customers", WRITTEN, *[company.id] * 4)
    assert written == [(BATCHES * ROWS_A_BATCH,) * 4]
    assert_each_revision_was_fed_once(company)
    assert_views_fold(company)
    assert_mirrors_agree(company)
