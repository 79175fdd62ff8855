"""What commands print for people: amounts exactly, values as they are, nothing that steers a terminal."""

import pytest
from google.type.money_pb2 import Money
from rich.console import Console, RenderableType

from services.cli.shown import money, table


def printed(shown: RenderableType) -> str:
    console = Console(width=60)
    with console.capture() as captured:
        console.print(shown)
    return captured.get()


def test_a_title_is_one_line_however_narrow_its_table() -> None:
    title = "/a/long/path/of/a/file/that/is/imported.csv"
    assert printed(table(title, ("rows", "number"), [("read", 5)])).splitlines()[0] == title


def test_a_value_is_never_read_as_markup() -> None:
    assert "[bold]x[/bold] Müller 株式会社" in printed(table("", ("name",), [("[bold]x[/bold] Müller 株式会社",)]))


def test_a_value_cannot_steer_the_terminal() -> None:
    shown = printed(table("", ("name",), [("a\x1b[2Jb\u202ec",)]))
    assert "a\N{REPLACEMENT CHARACTER}[2Jb\N{REPLACEMENT CHARACTER}c" in shown


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (Money(currency_code="KES", units=2500, nanos=500_000_000), "2500.50 KES"),
        (Money(currency_code="USD"), "0.00 USD"),
        (Money(currency_code="BHD", units=-1, nanos=-5_000_000), "-1.005 BHD"),
    ],
)
def test_an_amount_is_exact(amount: Money, text: str) -> None:
    assert money(amount) == text
