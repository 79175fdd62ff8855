"""Demo merge owns the part of the demo that merges two customers, undoes it, and proves that both are as before."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from google.type.money_pb2 import Money
from rich.console import Console

from patronage.analytics.v1 import metrics_service_pb2, sales_service_pb2
from patronage.customers.v1 import company_service_pb2, customer_pb2, customer_service_pb2, note_service_pb2
from patronage.matching.v1 import merge_service_pb2
from services.cli.client import Client
from services.cli.failures import CommandFailure
from services.cli.shown import money, table


@dataclass(frozen=True, slots=True)
class Side:
    """What is shown of one customer: the record itself, its notes, and what it bought."""

    customer: customer_pb2.Customer
    notes: tuple[str, ...]
    purchases: int
    spent: str

    def row(self, when: str) -> tuple[object, ...]:
        """Return it as a row of a table."""
        name = self.customer.name
        return (when, name, len(self.customer.contact_points), len(self.notes), self.purchases, self.spent)


def merge_and_undo(client: Client, console: Console, target: str, source: str) -> None:
    """Give both sides a note and purchases, merge, show that they followed, undo, and prove that all is as it was."""
    _give_children(client, target, "regular", [Decimal("120.00"), Decimal("35.50")])
    _give_children(client, source, "prefers the telephone", [Decimal("64.25")])
    before = [_side(client, target), _side(client, source)]
    merged = client.merges.MergeCustomers(
        merge_service_pb2.MergeCustomersRequest(
            target_id=target,
            source_ids=[source],
            reason="demo",
            request_id=str(uuid.uuid4()),
            allow_unpreviewed=True,
        )
    )
    together = _side(client, target)
    undone = client.merges.UndoMerge(
        merge_service_pb2.UndoMergeRequest(
            merge_id=merged.merge.merge_id, request_id=str(uuid.uuid4()), leave_undecided=True
        )
    )
    after = [_side(client, target), _side(client, source)]
    columns = ("", "name", "contact points", "notes", "purchases", "spent")
    rows = [
        before[0].row("target before"),
        before[1].row("source before"),
        together.row("merged"),
        after[0].row("target after undo"),
        after[1].row("source after undo"),
    ]
    console.print(table("4. Merged, and undone", columns, rows))
    _prove(before, together, after, [(digest.before, digest.now) for digest in undone.digests])
    console.print("Notes and purchases followed the merge; after the undo both records, their notes and their")
    console.print(f"figures are equal to those before, and so are the digests of {len(undone.digests)} records.")


def _give_children(client: Client, customer_id: str, note: str, amounts: Sequence[Decimal]) -> None:
    client.notes.CreateNote(
        note_service_pb2.CreateNoteRequest(customer_id=customer_id, note=note_service_pb2.Note(content=note))
    )
    for amount in amounts:
        record_sale(client, customer_id, amount)


def record_sale(client: Client, customer_id: str, amount: Decimal) -> None:
    """Record a sale under a fresh id."""
    whole = int(amount)
    total = Money(currency_code="USD", units=whole, nanos=int((amount - whole).scaleb(9)))
    sale = sales_service_pb2.Sale(sale_id=str(uuid.uuid4()), total_amount=total, payment_method="card")
    client.sales.RecordSale(sales_service_pb2.RecordSaleRequest(customer_id=customer_id, sale=sale))


def now(client: Client) -> str:
    """Return a token that covers all that customers has committed."""
    return client.company.GetCompany(company_service_pb2.GetCompanyRequest()).change_token


def _side(client: Client, customer_id: str) -> Side:
    fresh = now(client)
    shown = client.customers.GetCustomer(customer_service_pb2.GetCustomerRequest(customer_id=customer_id))
    notes = client.notes.ListNotes(note_service_pb2.ListNotesRequest(customer_id=customer_id))
    request = metrics_service_pb2.GetCustomerMetricsRequest(customer_id=customer_id, at_least_as_fresh=fresh)
    metrics = client.metrics.GetCustomerMetrics(request).metrics
    spent = ", ".join(money(total.total_spent) for total in metrics.totals)
    return Side(shown.customer, tuple(note.content for note in notes.notes), metrics.total_purchases, spent)


def _prove(before: Sequence[Side], together: Side, after: Sequence[Side], digests: Sequence[tuple[str, str]]) -> None:
    """Raise unless the merge showed the children of both sides and the undo gave back what was before."""
    notes = sorted(note for side in before for note in side.notes)
    if sorted(together.notes) != notes or together.purchases != sum(side.purchases for side in before):
        raise CommandFailure("the merged customer does not show the notes and purchases of both sides")
    for was, is_now in zip(before, after, strict=True):
        if _comparable(was) != _comparable(is_now):
            raise CommandFailure(f"customer {was.customer.customer_id} is not as it was before the merge")
    if not digests or any(was != is_now for was, is_now in digests):
        raise CommandFailure("a digest differs from the one before the merge")


def _comparable(side: Side) -> tuple[object, ...]:
    """Everything but the revision, which counts changes and never goes back."""
    customer = customer_pb2.Customer()
    customer.CopyFrom(side.customer)
    customer.ClearField("revision")
    return (customer.SerializeToString(deterministic=True), side.notes, side.purchases, side.spent)
