"""The page of a company and the file of its customers, through the command, on real services."""

import csv
import json
import uuid
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from google.type import money_pb2

from patronage.analytics.v1 import sales_service_pb2, sales_service_pb2_grpc
from patronage.customers.v1 import customer_pb2, customer_service_pb2, customer_service_pb2_grpc
from services.cli.main import run
from services.local.suite import Suite

LONG_S = 60.0
FIRST = 1_767_312_000  # 2 January 2026
DAY = 86_400


@pytest.fixture
def command(suite: Suite, tmp_path: Path) -> Callable[..., int]:
    """Runs the command for a company with three customers, of whom two bought, in two months."""
    company = f"report-{uuid.uuid4()}"
    token = suite.token(company)
    context = tmp_path / "context.json"
    context.write_text(json.dumps({**suite.context(), "token": token}))
    with (
        grpc.insecure_channel(suite.context()["customers"]) as one,
        grpc.insecure_channel(suite.context()["analytics"]) as other,
    ):
        _sell(customer_service_pb2_grpc.CustomerServiceStub(one), sales_service_pb2_grpc.SalesServiceStub(other), token)
    return lambda *arguments: run([*arguments, "--context", str(context)])


def _sell(
    customers: customer_service_pb2_grpc.CustomerServiceStub, sales: sales_service_pb2_grpc.SalesServiceStub, token: str
) -> None:
    metadata = (("authorization", f"Bearer {token}"),)
    for number, name in enumerate(["<b>Amina</b>", "Brian", "Chao"]):
        request = customer_service_pb2.CreateCustomerRequest(customer=customer_pb2.Customer(name=name))
        created: Any = customers.CreateCustomer(request, metadata=metadata, timeout=LONG_S)
        for sale in range(2 - number):
            sales.RecordSale(
                sales_service_pb2.RecordSaleRequest(
                    customer_id=created.customer.customer_id,
                    at_least_as_fresh=created.change_token,
                    sale=sales_service_pb2.Sale(
                        sale_id=f"s-{number}-{sale}",
                        total_amount=money_pb2.Money(currency_code="USD", units=1234, nanos=500_000_000),
                        sale_time=Timestamp(seconds=FIRST + sale * 40 * DAY),
                    ),
                ),
                metadata=metadata,
                timeout=LONG_S,
            )


class Page(HTMLParser):
    """Collects the text of a page and the elements that would load something."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.loads: list[str] = []
        self.pictures = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.pictures += tag == "svg"
        given = dict(attrs)
        source = given.get("src") or given.get("href") or given.get("xlink:href") or ""
        if tag in {"script", "link", "iframe", "image", "img"} or (source and not source.startswith(("#", "data:"))):
            self.loads.append(f"{tag} {source}")

    def handle_data(self, data: str) -> None:
        self.texts.append(data.strip())


def test_the_page_has_each_picture_with_its_figures_and_loads_nothing(
    command: Callable[..., int], tmp_path: Path
) -> None:
    path = tmp_path / "company.html"
    assert command("report", "--html", str(path)) == 0
    page = Page(path.read_text(encoding="utf-8"))
    assert page.loads == []
    assert page.pictures == 3, "trend, cohorts, frequencies, and the moves that nobody made are left out"
    for figure in ("3,703.50", "2026-01", "2026-02-01", "100", "50"):
        assert any(figure in text for text in page.texts), figure


def test_the_page_of_a_company_without_sales_says_so(suite: Suite, tmp_path: Path) -> None:
    context, path = tmp_path / "context.json", tmp_path / "company.html"
    context.write_text(json.dumps({**suite.context(), "token": suite.token(f"empty-{uuid.uuid4()}")}))
    assert run(["report", "--html", str(path), "--context", str(context)]) == 0
    assert "Nothing was sold yet." in path.read_text(encoding="utf-8")


def test_the_file_has_every_customer_with_its_figures(command: Callable[..., int], tmp_path: Path) -> None:
    path = tmp_path / "customers.csv"
    assert command("export", "--output", str(path)) == 0
    with path.open(encoding="utf-8", newline="") as file:
        rows = {row["name"]: row for row in csv.DictReader(file)}
    assert rows.keys() == {"<b>Amina</b>", "Brian", "Chao"}
    assert (rows["<b>Amina</b>"]["total_purchases"], rows["<b>Amina</b>"]["total_spent"]) == ("2", "2469.00 USD")
    assert (rows["Chao"]["total_purchases"], rows["Chao"]["contact_allowed"]) == ("0", "")


def test_a_channel_needs_a_purpose(command: Callable[..., int], tmp_path: Path) -> None:
    assert command("export", "--output", str(tmp_path / "x.csv"), "--channel", "sms") != 0
    path = tmp_path / "sms.csv"
    assert command("export", "--output", str(path), "--channel", "sms", "--purpose", "offers") == 0
    assert len(path.read_text(encoding="utf-8").splitlines()) == 4
