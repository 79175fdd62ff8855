"""Import rows owns how a line of a customer file becomes a row of an import."""

from collections.abc import Callable, Iterator

from patronage.customers.v1 import customer_pb2, import_export_service_pb2
from services.cli.dedupe_input import Customers

TEXTS = ("name", "given_name", "middle_name", "family_name", "title", "suffix", "organization")
PARTS = ("street", "city", "region", "postal_code", "country")
ROWS_A_BATCH = 500
BYTES_A_BATCH = 1 << 20
"""Of a row alone too: all that a customer may hold takes less than half of it. The service takes messages of 8 MiB."""

Refuse = Callable[[import_export_service_pb2.ImportOutcome], None]


def batches(
    customers: Customers, size: int = ROWS_A_BATCH, refuse: Refuse = lambda outcome: None
) -> Iterator[list[import_export_service_pb2.ImportRow]]:
    """Yield the rows of a file in batches, refusing those that are too large; the number of a row counts from 1."""
    batch, held = list[import_export_service_pb2.ImportRow](), 0
    for place in range(len(customers.ids)):
        row = import_row(customers, place)
        if (large := row.ByteSize()) > BYTES_A_BATCH:
            refuse(_too_large(row, large))
            continue
        if batch and (len(batch) == size or held + large > BYTES_A_BATCH):
            yield batch
            batch, held = [], 0
        batch.append(row)
        held += large
    if batch:
        yield batch


def _too_large(row: import_export_service_pb2.ImportRow, large: int) -> import_export_service_pb2.ImportOutcome:
    text = f"is {large:,} bytes large; a row takes up to {BYTES_A_BATCH:,}"
    return import_export_service_pb2.ImportOutcome(
        row_number=row.row_number,
        result=import_export_service_pb2.IMPORT_RESULT_INVALID,
        problems=[import_export_service_pb2.ImportProblem(field="customer", description=text)],
    )


def import_row(customers: Customers, row: int) -> import_export_service_pb2.ImportRow:
    """Return one row with the fields that it has."""
    values = {field: text for field, column in customers.fields.items() if (text := column[row].strip())}
    customer = customer_pb2.Customer(
        birth_date_text=values.get("birth_date", ""), identifiers=_several(values.get("external_id", ""))
    )
    for field in TEXTS:
        setattr(customer, field, values.get(field, ""))
    if "organization" in values and not any(field in values for field in TEXTS[:4]):
        customer.party_type, customer.name = customer_pb2.PARTY_TYPE_ORGANIZATION, values["organization"]
        customer.ClearField("organization")
    for field, kind in (
        ("email", customer_pb2.CONTACT_POINT_KIND_EMAIL),
        ("phone", customer_pb2.CONTACT_POINT_KIND_PHONE),
    ):
        for value in _several(values.get(field, "")):
            customer.contact_points.add(kind=kind, value=value)
    _add_address(customer, values)
    return import_export_service_pb2.ImportRow(row_number=row + 1, id=customers.ids[row], customer=customer)


def _add_address(customer: customer_pb2.Customer, values: dict[str, str]) -> None:
    parts = {part: values[part] for part in PARTS if part in values}
    if "address" in values:
        customer.contact_points.add(kind=customer_pb2.CONTACT_POINT_KIND_ADDRESS, value=values["address"])
    elif parts.keys() - {"country"}:
        customer.contact_points.add(
            kind=customer_pb2.CONTACT_POINT_KIND_ADDRESS, postal_address=customer_pb2.PostalAddress(**parts)
        )


def _several(text: str) -> list[str]:
    return [value for part in text.split("|") if (value := part.strip())]
