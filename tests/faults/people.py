"""Customers to merge, with notes and sales on each."""

from google.type.money_pb2 import Money

from patronage.analytics.v1 import sales_service_pb2 as sales_pb
from patronage.customers.v1 import customer_pb2, note_service_pb2
from patronage.customers.v1 import import_export_service_pb2 as import_pb
from services.runtime.ids import new_id
from tests.faults.company import Company, insist


def import_people(company: Company, number: int) -> list[str]:
    """The ids of some new customers, each with an e-mail and every other one with a phone."""
    drafts = [
        customer_pb2.Customer(
            name=f"Person {place}",
            organization=f"House {place % 7}" if place % 3 == 0 else "",
            email=f"person{place}@example.com",
            phone=f"+1 415 555 {place:04}" if place % 2 else "",
            tags=[f"tag {place % 5}"],
        )
        for place in range(number)
    ]
    rows = [import_pb.ImportRow(row_number=place, customer=draft) for place, draft in enumerate(drafts, 1)]
    parts = [
        import_pb.ImportCustomersRequest(options=import_pb.ImportOptions()),
        import_pb.ImportCustomersRequest(rows=import_pb.ImportRows(rows=rows)),
    ]
    (response,) = company.imports.ImportCustomers(iter(parts))
    return [outcome.customer_id for outcome in response.outcomes]


def sale_request(customer_id: str, units: int, token: str = "") -> sales_pb.RecordSaleRequest:
    """A sale of a whole amount under a new id."""
    sale = sales_pb.Sale(sale_id=new_id(), total_amount=Money(currency_code="USD", units=units))
    sale.sale_time.GetCurrentTime()
    return sales_pb.RecordSaleRequest(customer_id=customer_id, sale=sale, at_least_as_fresh=token)


def note_request(customer_id: str, content: str) -> note_service_pb2.CreateNoteRequest:
    """A note under a request id of its own."""
    note = note_service_pb2.Note(type=note_service_pb2.NOTE_TYPE_GENERAL, content=content)
    return note_service_pb2.CreateNoteRequest(customer_id=customer_id, note=note, request_id=new_id())


def record_sales(company: Company, amounts: dict[str, int]) -> None:
    """A sale for each customer."""
    token = company.everything()
    for customer_id, units in amounts.items():
        assert insist(company.sales.RecordSale, sale_request(customer_id, units, token)).recorded
